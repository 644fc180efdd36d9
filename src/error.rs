//! The one error type. Every message says the cause, what would help, and where, in one line.

use std::fmt;
use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What part of the work an error stopped; decides the exit status and where the window shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A flag or a combination of flags that makes no sense.
    Usage,
    /// A path that is not a model, a run of checkpoints or a folder of runs.
    Folder,
    /// A `config.json` that cannot be read or asks for something unsupported.
    Config,
    /// A weight file that is broken or does not fit its `config.json`.
    Weights,
    /// A tokenizer that is missing or broken.
    Tokenizer,
    /// Text or tokens that cannot be measured.
    Corpus,
    /// The compute device failed.
    Device,
    /// The store of scores cannot be used, or holds something damaged.
    Store,
    /// The store of scores has no room.
    Full,
    /// A result or figure that could not be written, or results that could not be read.
    Output,
    /// The user asked to stop.
    Cancelled,
}

/// An error: its cause, what would help, and the file or folder concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    cause: String,
    help: Option<String>,
    path: Option<PathBuf>,
}

impl Error {
    /// An error of `kind` with its cause in plain words, lower case, without a full stop.
    pub fn new(kind: Kind, cause: impl fmt::Display) -> Self {
        // A cause taken from another library may span lines; ours never do.
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { kind, cause, help: None, path: None }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the file or folder concerned, unless a deeper cause already did.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// The user asked to stop.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "cancelled")
    }

    /// What part of the work stopped.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// Does work that may panic, as the tensor library does where a device is lost or out of memory, and gives
/// the panic as an error.
///
/// # Errors
/// What `work` returns, or a device error with what the panic said.
pub fn caught<T, E: From<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // Whatever `work` was changing is given up with the panic, so nobody sees it half done.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|s| &**s));
        let cause = format!("the computation broke off: {}", text.unwrap_or("no reason given"));
        Err(Error::new(Kind::Device, cause).into())
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ": {}", path.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_with_cause_help_and_path() {
        let error =
            Error::new(Kind::Folder, "no\n such  folder").help("check the spelling").at("/a").at("/b");
        assert_eq!(error.to_string(), "no such folder; check the spelling: /a");
    }
}
