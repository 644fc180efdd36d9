//! Why a file that torch should have written is not read.

use std::io;

/// Why a file is not read, in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It contradicts itself, or ends too soon.
    Damaged(String),
    /// It is whole, but holds what is not supported.
    Unsupported(String),
}

impl Trouble {
    /// A file that is damaged.
    pub fn damaged(cause: impl Into<String>) -> Self {
        Self::Damaged(cause.into())
    }

    /// A file with something in it that is not supported.
    pub fn unsupported(cause: impl Into<String>) -> Self {
        Self::Unsupported(cause.into())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Damaged(format!("cannot be read ({error})"))
    }
}

/// A name out of a file, fit for one line.
pub fn quoted(name: &str) -> String {
    const LONGEST: usize = 80;
    let shown: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    format!("`{shown}{}`", if name.chars().nth(LONGEST).is_some() { "…" } else { "" })
}
