//! The stages, in the order in which they run.

use std::fmt;

use super::LOG_DIR;

/// One ordered step of setting up a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Installs Podman and what it needs, unless the image has it already.
    Packages,
    /// Allows user namespaces to Podman where the kernel restricts them.
    Apparmor,
    /// Makes the service user and its storage configuration.
    User,
    /// Brings the gateway image into the service user's store.
    Image,
    /// Writes the gateway's configuration and makes its token.
    Config,
    /// Installs the unit that runs the gateway.
    Quadlet,
    /// Starts the gateway and looks whether it is as it has to be.
    Start,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Packages, Self::Apparmor, Self::User, Self::Image, Self::Config, Self::Quadlet, Self::Start];

    /// Its place in the order, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The stage with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }

    /// Its short name, as in events and file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Apparmor => "apparmor",
            Self::User => "user",
            Self::Image => "image",
            Self::Config => "config",
            Self::Quadlet => "quadlet",
            Self::Start => "start",
        }
    }

    /// What it does, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Apparmor => "AppArmor profiles",
            Self::User => "service user",
            Self::Image => "gateway image",
            Self::Config => "gateway configuration",
            Self::Quadlet => "gateway unit",
            Self::Start => "gateway start",
        }
    }

    /// The name of its script and its log, without an ending: `4-image`.
    #[must_use]
    pub fn file_stem(self) -> String {
        format!("{}-{}", self.number(), self.name())
    }

    /// The file in the guest that has its output.
    #[must_use]
    pub fn log_path(self) -> String {
        format!("{LOG_DIR}/{}.log", self.file_stem())
    }
}

/// Its place and what it does: `4/7 gateway image`.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.number(), Self::ALL.len(), self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_order() {
        for (number, stage) in (1..).zip(Stage::ALL) {
            assert_eq!(stage.number(), number);
            assert_eq!(Stage::from_number(number), Some(stage));
        }
        assert_eq!(Stage::from_number(0), None);
        assert_eq!(Stage::from_number(8), None);
        assert_eq!(Stage::Image.to_string(), "4/7 gateway image");
        assert_eq!(Stage::Image.log_path(), "/var/log/podclaw/4-image.log");
    }
}
