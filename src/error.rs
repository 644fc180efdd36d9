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
    /// Text or tokens that cannot be read.
    Corpus,
    /// Text that can be read, but of which a checkpoint's tokenizer leaves nothing that these settings can measure.
    Sample,
    /// The compute device failed or was lost.
    Device,
    /// The compute device has no memory left.
    DeviceMemory,
    /// The machine, or the part of it that this process may use, has too little main memory.
    Memory,
    /// A mistake in this program.
    Bug,
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

    /// Adds to the cause what else is to be known of it.
    #[must_use]
    pub fn adding(mut self, what: Option<String>) -> Self {
        if let Some(what) = what {
            self.cause = format!("{}; {what}", self.cause);
        }
        self
    }

    /// Names the file or folder concerned, unless a deeper cause already did.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// What the driver, or the tensor library for it, says of the device. Whether memory ran out is told by its
    /// words alone.
    pub fn of_device(cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        if says_out_of_memory(&cause) {
            return Self::device_memory(cause);
        }
        Self::new(Kind::Device, cause).help("use --backend cpu if this happens again")
    }

    /// The device has no memory left for something.
    pub fn device_memory(what: impl fmt::Display) -> Self {
        Self::new(Kind::DeviceMemory, format!("the GPU is out of memory ({what})"))
            .help("use a shorter --context, less --memory, fewer --samples or --backend cpu")
    }

    /// A panic, by what it says. The tensor library panics where wgpu refuses something; all other panics are
    /// mistakes of this program, or of a library, that nothing on the user's side mends.
    fn of_panic(text: &str) -> Self {
        let cause = format!("the computation failed: {text}");
        if says_out_of_memory(text) || text.starts_with("wgpu error") {
            return Self::of_device(cause);
        }
        Self::new(Kind::Bug, cause)
            .help("this is a bug; please report it with what RUST_BACKTRACE=1 prints before this line")
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

/// Whether the words of a driver or of the tensor library mean that the device's memory is used up.
fn says_out_of_memory(text: &str) -> bool {
    let text = text.to_lowercase();
    ["out of memory", "out-of-memory", "out of device memory"].iter().any(|words| text.contains(words))
}

/// Does work that may panic, as the tensor library does where a device is lost or out of memory, and gives
/// the panic as an error.
///
/// # Errors
/// What `work` returns; for a panic [`Kind::DeviceMemory`], [`Kind::Device`] or [`Kind::Bug`], by what it said.
pub fn caught<T, E: From<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // Whatever `work` was changing is given up with the panic, so nobody sees it half done.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(|s| &**s));
        Err(Error::of_panic(text.unwrap_or("no reason given")).into())
    })
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        if let Some(path) = &self.path {
            // A folder's name may hold line breaks and commands to a terminal.
            let path = path.display().to_string();
            write!(f, ": {}", path.replace(char::is_control, "\u{fffd}"))?;
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
        let error = Error::new(Kind::Folder, "broken").at("/a\n\u{1b}[2J");
        assert_eq!(error.to_string(), "broken: /a\u{fffd}\u{fffd}[2J");
    }

    #[test]
    fn a_panic_is_told_by_what_it_says() {
        let kind = |text: &'static str| {
            let error = caught(|| -> Result<()> { std::panic::panic_any(text) }).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
            error.kind()
        };
        // As wgpu and the tensor library word them.
        assert_eq!(kind("wgpu error: Out of Memory"), Kind::DeviceMemory);
        assert_eq!(kind("out of device memory allocating 4096 bytes"), Kind::DeviceMemory);
        assert_eq!(kind("An out-of-memory error happened during launch"), Kind::DeviceMemory);
        assert_eq!(kind("wgpu error: Validation Error"), Kind::Device);
        assert_eq!(kind("index out of bounds: the len is 3 but the index is 3"), Kind::Bug);
        let bug = caught(|| -> Result<()> { panic!("at {}", 7) }).unwrap_err();
        assert!(bug.kind() == Kind::Bug && bug.to_string().contains("please report"), "{bug}");
    }
}
