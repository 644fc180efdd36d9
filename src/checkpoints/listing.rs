//! Reads what a folder holds, as far as the recogniser looks.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::ModelFolder;
use super::recognise::{Form, Holds, Tree, recognise};
use super::weight_files::WeightFiles;
use crate::error::Result;

/// The most names read of a folder and those in it.
const MOST_NAMES: usize = 20_000;
/// The most read of a configuration.
const LARGEST_CONFIG: u64 = 1 << 20;
/// The bytes by which a Git LFS pointer is known.
const POINTER: u64 = 64;

/// What a folder holds; nothing where it cannot be read.
pub fn holds(folder: &ModelFolder) -> Holds {
    recognise(&tree(folder, &mut { MOST_NAMES }, true))
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

/// The names in a folder and, `within` it, in its folders: first all of its own.
fn tree(folder: &ModelFolder, names_left: &mut usize, within: bool) -> Tree {
    let (mut tree, mut folders) = (Tree::default(), Vec::new());
    for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
        if *names_left == 0 {
            break;
        }
        *names_left -= 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = match entry.file_type() {
            // What leads nowhere is neither.
            Ok(kind) if kind.is_symlink() => entry.path().metadata().map(|metadata| metadata.file_type()),
            kind => kind,
        };
        let Ok(kind) = kind else { continue };
        if kind.is_dir() {
            folders.push((name, entry.path()));
        } else if kind.is_file() {
            let head = if within { head_of(folder, &name) } else { Vec::new() };
            tree.files.insert(name, head);
        }
    }
    for (name, path) in folders {
        let below = match within {
            true => self::tree(&ModelFolder::within(&path, folder.reach()), names_left, false),
            false => Tree::default(),
        };
        tree.folders.insert(name, below);
    }
    tree
}

/// What a file begins with, where that tells more than its name.
fn head_of(folder: &ModelFolder, name: &str) -> Vec<u8> {
    let most = match name {
        "config.json" | "adapter_config.json" => LARGEST_CONFIG,
        _ if WeightFiles::among(&[name]) != Ok(None) => POINTER,
        _ => return Vec::new(),
    };
    folder.file(name).ok().flatten().map_or_else(Vec::new, |path| head(&path, most))
}

/// The first bytes of a file, at most this many; none where it cannot be read.
fn head(path: &Path, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)) {
        Ok(_) => bytes,
        Err(_) => Vec::new(),
    }
}
