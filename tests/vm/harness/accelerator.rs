//! How fast QEMU is: by the processor where that works, else by software.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::guardian::{Guardian, SAID};
use super::system::System;

/// The emulator of this processor.
pub(super) const QEMU: &str = "qemu-system-x86_64";

/// How long the kernel may take to its first program, with hardware virtualisation.
const PATIENCE: Duration = Duration::from_secs(30);

/// What executes the machine's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    /// The processor itself.
    Kvm,
    /// QEMU, in software, on as many processors as the machine has.
    Software,
    /// QEMU, in software, on one processor, and time in the machine counts what was executed: nothing in it times out
    /// because others keep the processor from it.
    Counted,
}

impl Accelerator {
    /// KVM where the machine's own kernel boots with it, whatever `/dev/kvm` promises: one without hardware behind it can
    /// be there. `PODCLAW_VM_ACCELERATOR` (`kvm`, `tcg` or `counted`) decides without a try.
    pub(crate) fn choose(system: &System, dir: &Path) -> Self {
        if let Some(chosen) = std::env::var("PODCLAW_VM_ACCELERATOR").ok().and_then(|name| Self::named(&name)) {
            return chosen;
        }
        if Path::new("/dev/kvm").exists() && Self::Kvm.boots(system, dir) { Self::Kvm } else { Self::Software }
    }

    /// What a person calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Software => "tcg",
            Self::Counted => "counted",
        }
    }

    /// The one that a person calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Kvm, Self::Software, Self::Counted].into_iter().find(|one| one.name() == name)
    }

    /// What QEMU is told.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Kvm => &["-accel", "kvm", "-cpu", "host"],
            // Without the processor's own virtualisation, whose module takes its time.
            Self::Software => &["-accel", "tcg,thread=multi", "-cpu", "max,svm=off"],
            Self::Counted => &["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=on", "-cpu", "max,svm=off"],
        }
    }

    /// How much longer everything may take than on the processor itself.
    pub(super) fn patience(self) -> u32 {
        match self {
            Self::Kvm => 1,
            Self::Software => 6,
            Self::Counted => 30,
        }
    }

    /// Boots the kernel without any disk, up to its first program.
    fn boots(self, system: &System, dir: &Path) -> bool {
        let console = dir.join("try.log");
        let mut arguments: Vec<String> = self.arguments().iter().map(ToString::to_string).collect();
        arguments.extend(["-m", "512", "-nodefaults", "-display", "none", "-no-reboot"].map(String::from));
        arguments.extend(["-serial".into(), format!("file:{}", console.display())]);
        arguments.extend(system.kernel("rdinit=/bin/true panic=-1"));
        let mut guardian = Guardian::start(dir, &arguments);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if fs::read(&console).is_ok_and(|said| contains(&said, b"Run /bin/true as init process")) {
                return true;
            }
            let failed = fs::read(dir.join(SAID)).is_ok_and(|said| contains(&said, b"KVM internal error"));
            if failed || !guardian.is_running() || Instant::now() > deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}
