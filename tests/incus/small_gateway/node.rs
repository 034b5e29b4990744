//! Stands in for Node and the gateway, in as far as the stages and podclaw look at them. Static, so that it needs nothing
//! else in its image. What goes wrong on purpose is said by the image's environment, in `SMALL_GATEWAY`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::exit;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| arguments.iter().skip_while(|it| *it != flag).nth(1).cloned();
    let port: u16 = after("--port").and_then(|port| port.parse().ok()).unwrap_or(18789);
    // The health check: a line of JavaScript, of which only the port matters here.
    if after("-e").is_some() {
        exit(i32::from(TcpStream::connect(("127.0.0.1", port)).is_err()));
    }
    let fault = std::env::var("SMALL_GATEWAY").unwrap_or_default();
    println!("small gateway: {}", arguments.join(" "));
    match fault.as_str() {
        "refuses-its-configuration" => {
            eprintln!("small gateway: the configuration is refused");
            exit(78)
        }
        "crashes" => {
            eprintln!("small gateway: about to crash");
            exit(1)
        }
        _ => {}
    }
    let status = if fault == "never-starts" { "starting" } else { "started" };
    let token = std::env::var("OPENCLAW_GATEWAY_TOKEN").unwrap_or_default();
    let open_to_all = fault == "asks-for-no-token";
    let listener = TcpListener::bind(("0.0.0.0", port)).expect("the port is free");
    println!("small gateway: listening on port {port}");
    for stream in listener.incoming().flatten() {
        let (token, status, fault) = (token.clone(), status.to_owned(), fault.clone());
        std::thread::spawn(move || match &*fault {
            // Held until the other side gives up.
            "hangs" => drop(std::io::copy(&mut &stream, &mut std::io::sink())),
            _ => answer(stream, &token, &status, open_to_all, fault == "takes-any-origin"),
        });
    }
}

/// Answers one request. Whatever goes wrong with a client ends only its connection.
fn answer(stream: TcpStream, token: &str, status: &str, open_to_all: bool, any_origin: bool) {
    let mut reader = BufReader::new(stream);
    let (mut request, mut authorized, mut length, mut upgrade) = (String::new(), open_to_all, 0, false);
    let _ = reader.read_line(&mut request);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorized |= !token.is_empty() && value.trim() == format!("Bearer {token}"),
            "upgrade" => upgrade = true,
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    if upgrade {
        return introduce(reader, any_origin);
    }
    // Read before it is answered, or the answer is lost when the connection is reset.
    let _ = std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink());
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (code, body) = match (path, authorized) {
        ("/startupz" | "/healthz" | "/readyz", _) => {
            ("200 OK", format!("{{\"ok\":{},\"status\":\"{status}\"}}", status == "started"))
        }
        ("/", _) => ("200 OK", "small gateway\n".to_owned()),
        (_, false) => ("401 Unauthorized", "{\"error\":\"unauthorized\"}".to_owned()),
        (_, true) => ("404 Not Found", "{\"error\":\"not found\"}".to_owned()),
    };
    let length = body.len();
    let _ = write!(
        reader.get_mut(),
        "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

/// Takes the upgrade to a websocket, and answers the introduction, whatever is in it: there is no page of its own.
fn introduce(mut reader: BufReader<TcpStream>, any_origin: bool) {
    let _ = reader
        .get_mut()
        .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    // Its kind, its length in 7 bits; or in 16, which follow. Then a mask of 4 bytes.
    let mut head = [0; 2];
    let _ = reader.read_exact(&mut head);
    let mut length = u64::from(head[1] & 0x7f);
    if length == 126 {
        let mut long = [0; 2];
        let _ = reader.read_exact(&mut long);
        length = u64::from(u16::from_be_bytes(long));
    }
    let _ = std::io::copy(&mut reader.by_ref().take(length + 4), &mut std::io::sink());
    let said = if any_origin {
        r#"{"type":"res","id":"1","ok":true,"payload":{"type":"hello-ok"}}"#
    } else {
        r#"{"type":"res","id":"1","ok":false,"error":{"message":"origin not allowed"}}"#
    };
    let mut frame = vec![0x81, said.len() as u8];
    frame.extend(said.as_bytes());
    let _ = reader.get_mut().write_all(&frame);
}
