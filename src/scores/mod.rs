//! Scores between the forward pass and the statistics: how those of a checkpoint are laid out, in memory and on disk.
//!
//! A [`ScoreTable`] holds the scores of one checkpoint, a [`Slab`] for each hidden state and seed, in *chunks* of
//! documents: each chunk lies in main memory or, through an [`Entry`], on disk, in the precision of its [`Shape`]
//! wherever it lies. An entry is a folder:
//!
//! ```text
//! key.json      what the scores depend on, in full
//! checkpoint    the checkpoint's name, for people
//! journal       a line a finished chunk, with checksums
//! slab-000, …   a file a hidden state and seed: [positions, points], f32 or f16
//! reserved      the bytes it takes once it is complete
//! lock          held by the process that uses the entry
//! ```
//!
//! A chunk counts once its line stands in the journal, and is checked against its checksums whenever it is read:
//! whatever was cut short, changed or torn is made again, never shown.
//!
//! Which entry belongs to which checkpoint, and how much room entries may take, is the business of
//! [`crate::store`].

pub(crate) mod entry;
mod journal;
pub(crate) mod lock;
mod losses;
mod shape;
mod table;
mod values;

use std::path::Path;

pub use self::entry::Entry;
pub use self::losses::Losses;
pub use self::shape::{Seeds, Shape};
pub use self::table::{ChunkKey, ScoreTable, Slab};
pub use self::values::{Score, Values, ValuesMut, ValuesRef};

use crate::error::{Error, Kind};

/// A folder that scores cannot be written to.
pub(crate) fn unwritable(folder: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Store, format!("the store cannot be written ({error})"))
        .help("name another folder with --store, or measure without one by --no-store")
        .at(folder)
}
