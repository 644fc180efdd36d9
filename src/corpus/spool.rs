//! Text that can be read only once, kept as far as it was read.
//!
//! Every distinct tokenizer reads the text from its start, but what comes through a pipe is gone once it was read:
//! the second tokenizer would get what the first left over, or nothing. So standard input, pipes and devices are
//! written to an unnamed temporary file while they are read, no further than anyone asks, and whoever comes later
//! begins there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether a path stands for the process's standard input: `-`, as everywhere, or the device of that name.
pub fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdin")
}

/// A reader from the start of what lies at `path`, which is no folder.
pub(super) fn reader(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    static SPOOLS: Mutex<BTreeMap<PathBuf, Arc<Mutex<Spool>>>> = Mutex::new(BTreeMap::new());
    let standard_input = is_standard_input(path);
    if !standard_input && fs::metadata(path)?.is_file() {
        return Ok(Box::new(File::open(path)?));
    }
    let mut spools = SPOOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = spools.get(if standard_input { Path::new("-") } else { path });
    let spool = match known {
        Some(spool) => Arc::clone(spool),
        None => {
            let (name, source): (&Path, Box<dyn Read + Send>) = match standard_input {
                true => (Path::new("-"), Box::new(io::stdin())),
                false => (path, Box::new(File::open(path)?)),
            };
            let spool = Arc::new(Mutex::new(Spool::new(source)?));
            spools.insert(name.to_owned(), Arc::clone(&spool));
            spool
        }
    };
    Ok(Box::new(SpoolReader { spool, at: 0 }))
}

/// A source with what was read of it.
struct Spool {
    source: Box<dyn Read + Send>,
    file: File,
    /// Bytes in the file.
    length: u64,
    /// Whether what follows them is lost: it was read and could not be kept.
    broken: bool,
}

impl Spool {
    fn new(source: Box<dyn Read + Send>) -> io::Result<Self> {
        Ok(Self { source, file: tempfile::tempfile()?, length: 0, broken: false })
    }

    /// Reads from byte `at`, which is at most where the source was read to.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if at < self.length {
            let kept = usize::try_from(self.length - at).map_or(buffer.len(), |kept| kept.min(buffer.len()));
            self.file.seek(SeekFrom::Start(at))?;
            return self.file.read(&mut buffer[..kept]);
        }
        if self.broken {
            return Err(io::Error::other("what follows could not be kept in a temporary file"));
        }
        let read = self.source.read(buffer)?;
        let kept =
            self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(&buffer[..read]));
        self.broken = kept.is_err();
        kept?;
        self.length += read as u64;
        Ok(read)
    }
}

/// A reader with a place of its own.
struct SpoolReader {
    spool: Arc<Mutex<Spool>>,
    at: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.spool.lock().unwrap_or_else(PoisonError::into_inner).read(self.at, buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time, and counts them.
    struct Slow(&'static [u8], Arc<Mutex<usize>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(3);
            let read = self.0.read(&mut buffer[..most])?;
            *self.1.lock().unwrap() += read;
            Ok(read)
        }
    }

    #[test]
    fn every_reader_gets_the_whole_and_the_source_is_read_once_as_far_as_needed() {
        let given = Arc::new(Mutex::new(0));
        let source = Slow(b"a text that comes but once", Arc::clone(&given));
        let spool = Arc::new(Mutex::new(Spool::new(Box::new(source)).unwrap()));
        let reader = || SpoolReader { spool: Arc::clone(&spool), at: 0 };
        let mut first = reader();
        first.read_exact(&mut [0; 6]).unwrap();
        assert_eq!(*given.lock().unwrap(), 6);
        // A second one overtakes the first, which then goes on in what is kept.
        let mut text = String::new();
        reader().read_to_string(&mut text).unwrap();
        assert_eq!(text, "a text that comes but once");
        text.clear();
        first.read_to_string(&mut text).unwrap();
        assert_eq!(text, " that comes but once");
        assert_eq!(*given.lock().unwrap(), 26);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_by_two() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(&pipe, "{\"text\": \"one\"}\n{\"text\": \"two\"}\n").unwrap());
            for _ in 0..2 {
                let documents = crate::corpus::documents(&pipe, crate::corpus::Field::usual("text")).unwrap();
                assert_eq!(documents.map(Result::unwrap).collect::<Vec<_>>(), ["one", "two"]);
            }
        });
    }
}
