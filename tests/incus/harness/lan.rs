//! A network namespace that plays the production network: a neighbour of the host, and behind it the public internet.

use std::thread;
use std::time::{Duration, Instant};

use super::{Lab, tiny};
use crate::common::{Program, Running};

/// The namespace and what runs in it; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Lan {
    name: String,
    public: String,
    near: [String; 2],
    metric: String,
    server: Option<Running>,
}

impl Lan {
    /// Makes it for a lab, with a way from the host, and has the host get to know its neighbour.
    pub(crate) fn new(lab: &Lab) -> Self {
        let name = format!("{}lan", lab.name());
        let [a, b] = lab.daemon().slot().network();
        // Beyond those of labs, which count from 0.
        let near = |host: u8| format!("{a}.{b}.255.{host}");
        // From the range for documentation, which is public to every firewall.
        let public = format!("203.0.113.{}", lab.daemon().slot().0 + 1);
        let (out, inside) = (format!("{name}0"), format!("{name}1"));
        // Runs side by side may each have a way to the same address.
        let metric = (100 + u16::from(lab.daemon().slot().0)).to_string();
        let mut lan =
            Self { name: name.clone(), public: public.clone(), near: [near(1), near(2)], metric, server: None };
        let ip = |arguments: &[&str]| Program::new("ip").args(arguments).run().ok();
        ip(&["netns", "add", &name]);
        ip(&["link", "add", &out, "type", "veth", "peer", "name", &inside]);
        ip(&["link", "set", &inside, "netns", &name]);
        ip(&["address", "add", &format!("{}/24", near(1)), "dev", &out]);
        ip(&["link", "set", &out, "up"]);
        ip(&["-n", &name, "address", "add", &format!("{}/24", near(2)), "dev", &inside]);
        ip(&["-n", &name, "link", "set", &inside, "up"]);
        ip(&["-n", &name, "link", "set", "lo", "up"]);
        ip(&["-n", &name, "address", "add", &format!("{public}/32"), "dev", "lo"]);
        ip(&["-n", &name, "route", "add", "default", "via", &near(1)]);
        ip(&["route", "add", &format!("{public}/32"), "via", &near(2)]);
        let inside = Program::new("ip").args(&["netns", "exec", &name]).arg(tiny::busybox());
        let server = inside.args(&["httpd", "-f", "-p", "8080", "-h", "/"]).timeout(Duration::from_mins(10)).start();
        lan.server = Some(server);
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect((&*near(2), 8080)).is_err() {
            assert!(Instant::now() < deadline, "the neighbour does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        lan
    }

    /// The host's own address in this network.
    pub(crate) fn host(&self) -> &str {
        &self.near[0]
    }

    /// The host's neighbour.
    pub(crate) fn neighbour(&self) -> &str {
        &self.near[1]
    }

    /// The namespace's name.
    pub(crate) fn namespace(&self) -> &str {
        &self.name
    }

    /// Has the host take this address for one behind its neighbour, where nobody is.
    pub(crate) fn behind(&self, address: &str) {
        let address = format!("{address}/32");
        Program::new("ip").args(&["route", "add", &address, "via", &self.near[1], "metric", &self.metric]).run().ok();
        Program::new("ip").args(&["-n", &self.name, "route", "add", "blackhole", &address]).run().ok();
    }

    /// A tool of busybox, in that network.
    pub(crate) fn program(&self, tool: &str) -> Program {
        Program::new("ip").args(&["netns", "exec", &self.name]).arg(tiny::busybox()).arg(tool)
    }

    /// A service on the public internet, as `ADDRESS:PORT`.
    pub(crate) fn public(&self) -> String {
        format!("{}:8080", self.public)
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        drop(self.server.take());
        // With the namespace goes the pair of links, and with the host's link its routes.
        let _ = Program::new("ip").args(&["netns", "delete", &self.name]).run();
    }
}
