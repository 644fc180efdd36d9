//! The files that weights come in: shards, pointers to files that were not fetched.

use std::path::Path;

use infoplane::checkpoints::ModelFolder;
use infoplane::device::Compute;
use infoplane::model::batch::batches;
use infoplane::model::weights::Weights;
use infoplane::model::{Model, Options, read_back};

use super::support::{copy_of, fixture};

/// The bits of all states and losses of two documents that pass the model in a folder.
fn bits(folder: &Path) -> Vec<u32> {
    let documents = vec![vec![1u32, 2, 3, 4, 5, 6], vec![299, 7, 150]];
    let mut values = Vec::new();
    let mut model = Model::open(&ModelFolder::new(folder), &Options::new(Compute::Cpu.tensors())).unwrap();
    let losses = model
        .forward(batches(&documents, 0..2, 64), |_, _, states| {
            values.extend(read_back(states.clone())?);
            Ok(())
        })
        .unwrap();
    values.extend(losses.into_iter().flat_map(|(_, losses)| losses.concat()));
    values.into_iter().map(f32::to_bits).collect()
}

/// What is wrong with the weights in a folder.
fn error_of(folder: &Path) -> String {
    let error = Weights::open(&ModelFolder::new(folder)).unwrap_err().to_string();
    assert!(!error.contains('\n') && error.contains(folder.to_str().unwrap()), "{error}");
    error
}

#[test]
fn shards_without_an_index_open_when_they_are_complete() {
    let whole = fixture("variants/qwen3_yarn");
    let folder = copy_of(&whole);
    std::fs::remove_file(folder.path().join("model.safetensors.index.json")).unwrap();
    assert!(bits(folder.path()) == bits(&whole));
    std::fs::remove_file(folder.path().join("model-00002-of-00003.safetensors")).unwrap();
    let error = error_of(folder.path());
    assert!(error.contains("`model-00002-of-00003.safetensors` is missing; download"), "{error}");
}

#[test]
fn git_lfs_pointers_are_called_so() {
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 165953888\n";
    for name in ["model.safetensors", "model-00001-of-00001.safetensors", "model.safetensors.index.json"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), POINTER).unwrap();
        let error = error_of(folder.path());
        assert!(error.contains("a Git LFS pointer; run `git lfs pull`"), "{error}");
        assert!(error.ends_with(name), "{error}");
    }
}
