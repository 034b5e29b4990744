//! How a command fails: a message, what to do next, and an exit code.

/// Exit code: done, or nothing found.
pub const DONE: u8 = 0;
/// Exit code: findings, a failed probe or check.
pub const FINDINGS: u8 = 1;
/// Exit code: the command line is wrong.
pub const USAGE: u8 = 2;
/// Exit code: could not judge, or could not do.
pub const COULD_NOT: u8 = 3;

/// Why a command ended without doing what it was asked for.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    help: Option<String>,
    code: u8,
}

impl Failure {
    /// The command line asks for something that can't be.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { error: anyhow::anyhow!(message.into()), help: Some(help.into()), code: USAGE }
    }

    /// Something could not be done, and this is what helps.
    pub fn could_not(error: impl Into<anyhow::Error>, help: Option<String>) -> Self {
        Self { error: error.into(), help, code: COULD_NOT }
    }

    /// The user pressed Ctrl-C a second time: what was being cleaned up is left as it is.
    #[must_use]
    pub fn interrupted_twice() -> Self {
        Self {
            error: anyhow::anyhow!("stopped before everything was cleaned up"),
            help: Some("`podclaw list` shows what is left, `podclaw delete NAME` removes it".into()),
            code: COULD_NOT,
        }
    }

    /// The same failure, with what it kept from being done.
    #[must_use]
    pub fn about(self, what: String) -> Self {
        Self { error: self.error.context(what), ..self }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The message with its causes; a cause that the message repeats is left out.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            if !message.contains(&cause) {
                message.push_str(": ");
                message.push_str(&cause);
            }
        }
        message
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl From<crate::lab::Error> for Failure {
    fn from(error: crate::lab::Error) -> Self {
        let help = error.help();
        Self::could_not(error, help)
    }
}

impl From<crate::incus::Error> for Failure {
    fn from(error: crate::incus::Error) -> Self {
        crate::lab::Error::from(error).into()
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::could_not(error, None)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::could_not(error, None)
    }
}
