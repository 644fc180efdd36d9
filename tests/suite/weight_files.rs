//! The files that weights come in: shards, files of torch, pointers to files that were not fetched.

use std::ops::Range;
use std::path::Path;

use infoplane::checkpoints::{ModelFolder, identity};
use infoplane::device::Compute;
use infoplane::model::batch::batches;
use infoplane::model::weights::Weights;
use infoplane::model::weights::files::Declared;
use infoplane::model::weights::torch::{self, Trouble};
use infoplane::model::{Model, Options, read_back};

use super::support::{copy_of, fixture};
use super::torch_file;

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

/// What a file that torch saved holds, or why it is not read.
fn torch_tensors(bytes: &[u8]) -> Result<Vec<Declared>, Trouble> {
    torch::tensors(bytes.len() as u64, &mut |offset, into| {
        into.copy_from_slice(&bytes[offset as usize..][..into.len()]);
        Ok(())
    })
}

#[test]
fn what_torch_saves_is_read_whatever_way_it_lies() {
    for (file, count) in [("archive.bin", 15), ("stream.bin", 15), ("wrapped.bin", 1)] {
        let bytes = std::fs::read(fixture("torch").join(file)).unwrap();
        let declared = torch_tensors(&bytes).unwrap();
        assert_eq!(declared.len(), count, "{file}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pytorch_model.bin"), bytes).unwrap();
        let weights = Weights::open(&ModelFolder::new(folder.path())).unwrap();
        for Declared { name, shape, dtype, strides, .. } in declared {
            if shape.is_empty() || name == "mask" || name == "unsigned" {
                assert!(weights.has(&name), "{file} {name}");
                continue;
            }
            let lies_apart = ["turned", "part", "apart", "cube"].contains(&&name[..]);
            assert_eq!(strides.is_some(), lies_apart, "{file} {name}");
            let first = if name == "row" { 4 } else { 0 };
            let expected: Vec<f32> =
                (first..first + shape.iter().product::<usize>()).map(|value| value as f32).collect();
            let rows = |range: Range<usize>| weights.rows(&name, &shape, range).unwrap();
            assert_eq!(rows(0..shape[0]), expected, "{file} {name} {dtype}");
            if shape[0] > 1 {
                assert_eq!([rows(0..1), rows(1..shape[0])].concat(), expected, "{file} {name}");
            }
            if let [rows, width] = shape[..]
                && rows > 0
            {
                let gathered = weights.gather(&name, [rows, width], &[1, 0]).unwrap();
                assert_eq!(gathered, [&expected[width..2 * width], &expected[..width]].concat());
            }
        }
    }
}

#[test]
fn weights_of_torch_give_the_states_of_their_twins_in_safetensors() {
    for name in ["gpt_neox", "llama", "gpt2", "gemma3_text"] {
        let whole = fixture("models").join(name);
        for turned in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::copy(whole.join("config.json"), folder.path().join("config.json")).unwrap();
            let file = torch_file::of_safetensors(&whole.join("model.safetensors"), turned);
            std::fs::write(folder.path().join("pytorch_model.bin"), file).unwrap();
            assert!(bits(folder.path()) == bits(&whole), "{name}, turned: {turned}");
        }
    }
}

#[test]
fn shards_of_torch_open_with_their_index_or_complete() {
    let whole = fixture("variants/qwen3_yarn");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(whole.join("config.json"), folder.path().join("config.json")).unwrap();
    for number in 1..=3 {
        let shard = whole.join(format!("model-0000{number}-of-00003.safetensors"));
        let name = format!("pytorch_model-0000{number}-of-00003.bin");
        std::fs::write(folder.path().join(name), torch_file::of_safetensors(&shard, false)).unwrap();
    }
    assert!(bits(folder.path()) == bits(&whole));
    let index = std::fs::read_to_string(whole.join("model.safetensors.index.json")).unwrap();
    let index = index.replace("model-", "pytorch_model-").replace(".safetensors", ".bin");
    std::fs::write(folder.path().join("pytorch_model.bin.index.json"), index).unwrap();
    assert!(bits(folder.path()) == bits(&whole));
    std::fs::remove_file(folder.path().join("pytorch_model-00003-of-00003.bin")).unwrap();
    let error = error_of(folder.path());
    assert!(error.contains("names `pytorch_model-00003-of-00003.bin`, which is missing"), "{error}");
}

#[test]
fn safetensors_are_preferred_and_each_tensor_lies_in_one_file() {
    let folder = copy_of(&fixture("models/llama"));
    std::fs::write(folder.path().join("pytorch_model.bin"), b"never read").unwrap();
    assert!(bits(folder.path()) == bits(&fixture("models/llama")));
    let single = folder.path().join("model.safetensors");
    for number in 1..=2 {
        let shard = folder.path().join(format!("model-0000{number}-of-00002.safetensors"));
        std::fs::copy(&single, shard).unwrap();
    }
    std::fs::remove_file(single).unwrap();
    let error = error_of(folder.path());
    assert!(
        error.contains("` is also in ") && error.ends_with("model-00002-of-00002.safetensors"),
        "{error}"
    );
}

#[test]
fn the_identity_of_a_checkpoint_counts_the_files_its_weights_are_read_from() {
    let of = |folder: &Path| identity(&ModelFolder::new(folder)).unwrap();
    let folder = copy_of(&fixture("models/llama"));
    let safetensors = of(folder.path());
    let binary = folder.path().join("pytorch_model.bin");
    std::fs::write(&binary, b"never read").unwrap();
    assert_eq!(of(folder.path()), safetensors);
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let torch = of(folder.path());
    assert_ne!(torch, safetensors);
    std::fs::write(folder.path().join("training_args.bin"), b"no weights").unwrap();
    assert_eq!(of(folder.path()), torch);
    std::fs::write(&binary, b"other bytes").unwrap();
    assert_ne!(of(folder.path()), torch);
}
