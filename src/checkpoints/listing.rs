//! Reads what a folder holds, as far as the recogniser looks.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::ModelFolder;
use super::recognise::{Form, Holds, Tree, recognise};
use crate::error::Result;

/// The most names read of a folder.
const MOST: usize = 4096;
/// The most read of a configuration.
const LARGEST_CONFIG: u64 = 1 << 20;
/// A pointer of Git LFS is a few lines; a larger file is none.
const LARGEST_POINTER: u64 = 1024;

/// What a folder holds; nothing where it cannot be read.
pub fn holds(folder: &ModelFolder) -> Holds {
    recognise(&tree(folder, 1))
}

/// Sees to it that a folder is not a checkpoint of another form. That one lacks its `config.json` is for whoever reads
/// that to say.
///
/// # Errors
/// What it is instead, and the command that makes it readable.
pub fn check_form(folder: &ModelFolder) -> Result<()> {
    match holds(folder) {
        Holds::Model | Holds::Nothing | Holds::Other(Form::NoConfig(_)) => Ok(()),
        Holds::Other(form) => Err(form.error(folder.path())),
    }
}

fn tree(folder: &ModelFolder, depth: usize) -> Tree {
    let mut tree = Tree::default();
    for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten().take(MOST) {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Follows links; what leads nowhere is neither.
        let Ok(metadata) = entry.path().metadata() else { continue };
        if metadata.is_dir() {
            let below = match depth {
                0 => Tree::default(),
                _ => self::tree(&ModelFolder::within(&entry.path(), folder.reach()), depth - 1),
            };
            tree.folders.insert(name, below);
        } else if metadata.is_file() {
            let head = match &*name {
                "config.json" | "adapter_config.json" => LARGEST_CONFIG,
                _ if metadata.len() <= LARGEST_POINTER => metadata.len(),
                _ => 0,
            };
            let file = (head > 0).then(|| folder.file(&name).ok().flatten()).flatten();
            tree.files.insert(name, file.map_or_else(Vec::new, |path| self::head(&path, head)));
        }
    }
    tree
}

/// The first bytes of a file, at most this many; none where it cannot be read.
fn head(path: &Path, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)) {
        Ok(_) => bytes,
        Err(_) => Vec::new(),
    }
}
