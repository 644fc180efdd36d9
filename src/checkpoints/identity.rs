//! What a checkpoint is, told by its files: two with the same identity give the same hidden states.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use twox_hash::XxHash3_128;

use super::ModelFolder;
use super::files::files_of;
use super::listing::check_form;
use crate::error::{Error, Kind, Result};

/// Files up to this size are read whole; of larger ones, samples, beside their size and their time.
const WHOLE: u64 = 64 << 20;
/// Bytes of a sample, and how many there are.
const SAMPLE: u64 = 64 << 10;
const SAMPLES: u64 = 64;

/// The identity of a model's configuration and weights, wherever they lie.
///
/// Weights of up to 64 MiB a file count with every byte. Larger files count with their size, the time they
/// were written and samples that hold their header, so that a run of large models is known again in an
/// instant; a copy that does not keep the time is then another model.
///
/// # Errors
/// A checkpoint of another form; a file that cannot be read or lies outside the folder.
pub fn identity(folder: &ModelFolder) -> Result<u128> {
    check_form(folder)?;
    let mut hasher = XxHash3_128::new();
    for (name, path) in files_of(folder)? {
        hasher.write(name.as_bytes());
        hasher.write(&[0]);
        add_file(&mut hasher, &path)
            .map_err(|error| Error::new(Kind::Folder, format!("cannot be read ({error})")).at(&path))?;
    }
    Ok(hasher.finish_128())
}

fn add_file(hasher: &mut XxHash3_128, path: &Path) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let size = metadata.len();
    hasher.write(&size.to_le_bytes());
    let mut buffer = vec![0; SAMPLE as usize];
    let mut add = |file: &mut File, most: u64| -> std::io::Result<()> {
        let mut left = most;
        while left > 0 {
            let read = file.read(&mut buffer[..left.min(SAMPLE) as usize])?;
            if read == 0 {
                break;
            }
            hasher.write(&buffer[..read]);
            left -= read as u64;
        }
        Ok(())
    };
    if size <= WHOLE {
        return add(&mut file, size);
    }
    for sample in 0..SAMPLES {
        file.seek(SeekFrom::Start((size - SAMPLE) / (SAMPLES - 1) * sample))?;
        add(&mut file, SAMPLE)?;
    }
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    hasher.write(&written.as_nanos().to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_small_files_counts_and_their_place_does_not() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &Path, weights: &[u8]| {
            std::fs::write(folder.join("config.json"), "{}").unwrap();
            std::fs::write(folder.join("model.safetensors"), weights).unwrap();
            std::fs::write(folder.join("README.md"), folder.to_str().unwrap()).unwrap();
            identity(&ModelFolder::new(folder)).unwrap()
        };
        let mut weights = vec![7; 1000];
        let first = write(here.path(), &weights);
        assert_eq!(first, write(there.path(), &weights));
        weights[500] = 8;
        assert_ne!(first, write(there.path(), &weights));
        // The same bytes in two files instead of one.
        std::fs::write(here.path().join("other.safetensors"), []).unwrap();
        assert_ne!(first, identity(&ModelFolder::new(here.path())).unwrap());
    }

    #[test]
    fn a_large_file_counts_with_its_size_and_its_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let file = File::create(&path).unwrap();
        file.set_len(WHOLE + 1).unwrap();
        let of = || identity(&ModelFolder::new(folder.path())).unwrap();
        let first = of();
        assert_eq!(first, of());
        file.set_len(WHOLE + 2).unwrap();
        let longer = of();
        assert_ne!(first, longer);
        std::io::Write::write_all(&mut &file, b"header").unwrap();
        assert_ne!(longer, of());
    }
}
