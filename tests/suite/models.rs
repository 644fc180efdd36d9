//! Hidden states and losses against those of `transformers`, for every family, on both devices.
//!
//! `models` holds a checkpoint of each family, each also with its config in the form of transformers 4;
//! `variants` the same families with what else their configs can say.

use std::path::{Path, PathBuf};

use infoplane::checkpoints::ModelFolder;
use infoplane::device::Compute;
use infoplane::model::batch::batches;
use infoplane::model::config::Config;
use infoplane::model::weights::Weights;
use infoplane::model::{Holding, Model, Options, read_back};
use infoplane::settings::{Backend, Dtype};

use super::support::{Tensors, devices, fixture, json, open};

/// Of a layer's largest absolute value. f32 rounding through a handful of layers stays ten times below; a
/// wrong norm, mask or rotation is orders above.
const STATES: f32 = 2e-4;
/// In nats a token.
const LOSS: f64 = 1e-4;

/// The checkpoints of a folder of fixtures with the states they should have.
fn checkpoints(folder: &str) -> Vec<(String, PathBuf, PathBuf)> {
    let mut found: Vec<_> = std::fs::read_dir(fixture(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("config.json").is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let oracle = path.with_file_name(format!("{name}.oracle.safetensors"));
            (name, path, oracle)
        })
        .collect();
    found.sort();
    found
}

/// Largest deviation of the states, relative to each layer's largest value, and of the loss.
fn deviation(name: &str, oracle: &Path, model: &mut Model) -> (f32, f64) {
    let oracle = Tensors::read(oracle);
    let (ids_shape, ids) = oracle.get("input_ids", i32::from_le_bytes);
    let (shape, expected) = oracle.get("hidden_states", f32::from_le_bytes);
    let (_, expected_loss) = oracle.get("loss", f32::from_le_bytes);
    let documents: Vec<Vec<u32>> =
        ids.chunks(ids_shape[1]).map(|row| row.iter().map(|&id| id as u32).collect()).collect();
    let batches = batches(&documents, 0..documents.len(), 1 << 20);
    assert_eq!(batches.len(), 1);

    let layer_size: usize = shape[1..].iter().product();
    let mut worst = 0.0f32;
    let mut layers = 0;
    let losses = model
        .forward(batches, |layer, _, states| {
            let actual = read_back(states.clone())?;
            let expected = &expected[layer * layer_size..][..layer_size];
            assert_eq!(actual.len(), expected.len());
            let largest = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            for (actual, expected) in actual.iter().zip(expected) {
                // Not `max`, which would pass over NaN.
                let deviation = (actual - expected).abs() / largest;
                assert!(deviation.is_finite(), "{name} layer {layer}");
                worst = worst.max(deviation);
            }
            layers += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(layers, shape[0]);
    let losses: Vec<f32> = losses.into_iter().flat_map(|(_, losses)| losses.concat()).collect();
    let loss = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64;
    (worst, (loss - f64::from(expected_loss[0])).abs())
}

fn options(compute: &Compute) -> Options {
    Options::new(compute.tensors())
}

/// The least memory that `Model::open` accepts.
fn least_memory(folder: &Path, compute: &Compute) -> usize {
    let (mut too_little, mut enough) = (0, 1 << 40);
    while enough - too_little > 1 << 10 {
        let memory = (too_little + enough) / 2;
        match Model::open(&ModelFolder::new(folder), &Options { memory: Some(memory), ..options(compute) }) {
            Ok(_) => enough = memory,
            Err(error) => {
                assert!(error.to_string().contains("--memory"), "{error}");
                too_little = memory;
            }
        }
    }
    enough
}

#[test]
fn states_and_losses_are_those_of_transformers() {
    for (backend, compute) in devices() {
        let mut seen = 0;
        for (name, folder, oracle) in checkpoints("models").into_iter().chain(checkpoints("variants")) {
            let mut model = Model::open(&ModelFolder::new(&folder), &options(&compute)).unwrap();
            let (states, loss) = deviation(&name, &oracle, &mut model);
            println!("{backend:?} {name}: states {states:.1e} of the largest, loss {loss:.1e}");
            assert!(states <= STATES && loss <= LOSS, "{backend:?} {name}: states {states:e}, loss {loss:e}");
            seen += 1;
        }
        assert_eq!(seen, 34);
    }
}

#[test]
fn configs_of_transformers_4_give_the_same_states() {
    let compute = open(Backend::Cpu);
    for (name, folder, oracle) in checkpoints("models") {
        let other = tempfile::tempdir().unwrap();
        std::fs::copy(folder.join("model.safetensors"), other.path().join("model.safetensors")).unwrap();
        let config = fixture(&format!("models/legacy_configs/{name}.json"));
        std::fs::copy(config, other.path().join("config.json")).unwrap();
        let mut model = Model::open(&ModelFolder::new(other.path()), &options(&compute)).unwrap();
        // Read as the same model, they are the same on every device.
        assert_eq!(*model.config(), Config::read(&ModelFolder::new(&folder)).unwrap(), "{name}");
        assert_eq!(model.config().warnings(), [""; 0], "{name}");
        let (states, loss) = deviation(&name, &oracle, &mut model);
        assert!(states <= STATES && loss <= LOSS, "{name}: states {states:e}, loss {loss:e}");
    }
}

/// The loss of a document of 32 tokens, and the Euclidean norm of its last states.
pub fn loss_and_norm(model: &mut Model) -> (f64, f64) {
    let ids: Vec<u32> = (3..35).map(|t| t * 7 % 300).collect();
    let batches = batches(&[ids], 0..1, 1 << 20);
    let mut last = Vec::new();
    let losses = model
        .forward(batches, |_, _, states| {
            last = read_back(states.clone())?;
            Ok(())
        })
        .unwrap();
    let losses = losses[0].1.concat();
    let loss = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64;
    let norm = last.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    (loss, norm)
}

/// A folder with the weights of a fixture and a config.
fn with_config(name: &str, config: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let weights = fixture("models").join(name).join("model.safetensors");
    std::fs::copy(weights, folder.path().join("model.safetensors")).unwrap();
    std::fs::copy(config, folder.path().join("config.json")).unwrap();
    folder
}

#[test]
fn configs_as_transformers_4_57_saved_them_give_its_losses() {
    let compute = open(Backend::Cpu);
    let expected = json(&fixture("models/saved_by_4_57/expected.json"));
    let expected = expected["models"].as_object().unwrap();
    assert_eq!(expected.len(), 18);
    for (name, expected) in expected {
        let folder = with_config(name, &fixture(&format!("models/saved_by_4_57/{name}.json")));
        let mut model = Model::open(&ModelFolder::new(folder.path()), &options(&compute)).unwrap();
        // Read as the same model, they are the same on every device.
        let own = Config::read(&ModelFolder::new(&fixture(&format!("models/{name}")))).unwrap();
        assert_eq!(*model.config(), own, "{name}");
        assert_eq!(model.config().warnings(), [""; 0], "{name}");
        let (loss, norm) = loss_and_norm(&mut model);
        let (expected_loss, expected_norm) =
            (expected["loss"].as_f64().unwrap(), expected["last_state_norm"].as_f64().unwrap());
        println!("{name}: loss {:.1e}, norm {:.1e}", loss - expected_loss, norm - expected_norm);
        assert!((loss - expected_loss).abs() <= LOSS, "{name}: loss {loss}, not {expected_loss}");
        assert!((norm - expected_norm).abs() <= 2e-4 * expected_norm, "{name}: {norm}, not {expected_norm}");
    }
}

/// All states and losses, in the order of layers and batches.
fn everything(model: &mut Model, documents: &[Vec<u32>], tokens: usize) -> (Vec<f32>, Vec<f32>) {
    let mut waiting = batches(documents, 0..documents.len(), tokens);
    let mut states: Vec<Vec<f32>> = vec![Vec::new(); model.hidden_states()];
    let mut all_losses = Vec::new();
    while !waiting.is_empty() {
        let rest = waiting.split_off(model.wave(&waiting));
        let losses = model
            .forward(std::mem::replace(&mut waiting, rest), |layer, _, x| {
                states[layer].extend(read_back(x.clone())?);
                Ok(())
            })
            .unwrap();
        all_losses.extend(losses.into_iter().flat_map(|(_, losses)| losses.concat()));
    }
    (states.concat(), all_losses)
}

#[test]
fn weights_that_stay_in_their_files_give_the_same_bits() {
    let compute = open(Backend::Cpu);
    let documents: Vec<Vec<u32>> =
        (0..5).map(|n| (0..20 + n % 3).map(|t| (t * 37 + n * 5) % 300).collect()).collect();
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    for (name, folder, _) in checkpoints("models").into_iter().chain(checkpoints("variants")) {
        for dtype in [Dtype::F32, Dtype::Bf16, Dtype::Bf16x2] {
            let [held, read] = [Holding::Narrow, Holding::Least].map(|holding| {
                let options = Options { holding, dtype, ..options(&compute) };
                let mut model = Model::open(&ModelFolder::new(&folder), &options).unwrap();
                everything(&mut model, &documents, 50)
            });
            assert!(bits(&held.0) == bits(&read.0), "{name} {dtype:?}: states");
            assert!(bits(&held.1) == bits(&read.1), "{name} {dtype:?}: losses");
        }
    }
}

#[test]
fn products_in_bf16_stay_near() {
    let compute = open(Backend::Cpu);
    for (name, folder, oracle) in checkpoints("models").into_iter().chain(checkpoints("variants")) {
        let mut model =
            Model::open(&ModelFolder::new(&folder), &Options { dtype: Dtype::Bf16, ..options(&compute) })
                .unwrap();
        let (states, loss) = deviation(&name, &oracle, &mut model);
        println!("bf16 {name}: states {states:.1e} of the largest, loss {loss:.1e}");
        // Rounded to 8 bits before every product, through a handful of layers, where half precision has 11: up to
        // eight times as far. Found are 3.8e-2 and 1.8e-2.
        assert!(states <= 6e-2 && loss <= 3e-2, "{name}: states {states:e}, loss {loss:e}");
        // Were they not, this would be rounding of f32.
        assert!(states >= 1e-5, "{name}: states {states:e}");
    }
}

#[test]
fn products_of_parts_are_those_of_f32_where_weights_are_stored_so() {
    let compute = open(Backend::Cpu);
    let mut seen = 0;
    for (name, path, oracle) in checkpoints("models").into_iter().chain(checkpoints("variants")) {
        let folder = ModelFolder::new(&path);
        if !Weights::open(&folder).unwrap().are_bf16() {
            continue;
        }
        // Some processors take three parts for f32.
        for dtype in [Dtype::Bf16x2, Dtype::F32] {
            let options = Options { dtype, ..options(&compute) };
            let (states, loss) = deviation(&name, &oracle, &mut Model::open(&folder, &options).unwrap());
            println!("{dtype:?} {name}: states {states:.1e} of the largest, loss {loss:.1e}");
            assert!(states <= STATES && loss <= LOSS, "{name} {dtype:?}: states {states:e}, loss {loss:e}");
        }
        seen += 1;
    }
    assert_eq!(seen, 30);
}

#[test]
fn weights_cut_short_while_documents_pass_are_an_error_of_their_file() {
    let compute = open(Backend::Cpu);
    let documents = vec![(0..20).collect::<Vec<u32>>()];
    for dtype in [Dtype::F32, Dtype::Bf16, Dtype::Bf16x2] {
        let folder = tempfile::tempdir().unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(fixture("models/olmo2").join(file), folder.path().join(file)).unwrap();
        }
        let options = Options { holding: Holding::Least, dtype, ..options(&compute) };
        let mut model = Model::open(&ModelFolder::new(folder.path()), &options).unwrap();
        let file = folder.path().join("model.safetensors");
        let error = model
            .forward(batches(&documents, 0..1, 100), |layer, _, _| {
                if layer == 1 {
                    std::fs::File::options().write(true).open(&file).unwrap().set_len(2000).unwrap();
                }
                Ok(())
            })
            .unwrap_err()
            .to_string();
        assert!(error.contains("another program changed") && error.ends_with("model.safetensors"), "{error}");
    }
}

#[test]
fn streaming_changes_no_bit() {
    let compute = open(Backend::Cpu);
    let documents: Vec<Vec<u32>> =
        (0..12).map(|n| (0..20 + n % 3).map(|t| (t * 37 + n * 5) % 300).collect()).collect();
    for (name, folder, _) in checkpoints("models") {
        let least = least_memory(&folder, &compute);
        let whole = everything(
            &mut Model::open(&ModelFolder::new(&folder), &options(&compute)).unwrap(),
            &documents,
            50,
        );
        // The least leaves waves of one batch, more lets several pass together.
        for extra in [0, 12 << 10] {
            let streamed = Options { memory: Some(least + extra), ..options(&compute) };
            let mut model = Model::open(&ModelFolder::new(&folder), &streamed).unwrap();
            assert!(model.is_streamed(), "{name}");
            let streamed = everything(&mut model, &documents, 50);
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert!(bits(&whole.0) == bits(&streamed.0), "{name}: states");
            assert!(bits(&whole.1) == bits(&streamed.1), "{name}: losses");
        }
    }
}

#[test]
fn streaming_on_the_gpu() {
    let compute = open(Backend::Gpu);
    for (name, folder, oracle) in checkpoints("models") {
        let memory = Some(least_memory(&folder, &compute));
        let mut model =
            Model::open(&ModelFolder::new(&folder), &Options { memory, ..options(&compute) }).unwrap();
        assert!(model.is_streamed());
        let (states, loss) = deviation(&name, &oracle, &mut model);
        assert!(states <= STATES && loss <= LOSS, "{name}: states {states:e}, loss {loss:e}");
    }
}

#[test]
fn half_precision_stays_near() {
    let compute = open(Backend::Gpu);
    let dtype = Dtype::F16;
    if compute.check(dtype).is_err() {
        println!("this adapter has no f16");
        return;
    }
    for (name, folder, oracle) in checkpoints("models") {
        let mut model =
            Model::open(&ModelFolder::new(&folder), &Options { dtype, ..options(&compute) }).unwrap();
        let (states, loss) = deviation(&name, &oracle, &mut model);
        println!("f16 {name}: states {states:.1e} of the largest, loss {loss:.1e}");
        // Products rounded to 11 bits, through a handful of layers.
        assert!(states <= 2e-2 && loss <= 2e-2, "{name}: states {states:e}, loss {loss:e}");
        // Were it not in half precision, this would be rounding of f32.
        assert!(states >= 1e-5, "{name}: states {states:e}");
    }
}

/// Largest differences, relative to the largest state, between documents together in a batch and each alone: of the
/// last states and of the losses.
fn company(model: &mut Model, documents: &[Vec<u32>]) -> (f32, f32) {
    let mut last_states = |documents: &[Vec<u32>]| {
        let batches = batches(documents, 0..documents.len(), 1 << 20);
        let (mut last, layers) = (Vec::new(), model.hidden_states());
        let losses = model.forward(batches, |layer, _, states| {
            if layer + 1 == layers {
                last = read_back(states.clone())?;
            }
            Ok(())
        });
        let (batch, losses) = losses.unwrap().remove(0);
        (batch, last, losses)
    };
    let differences = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        // Not `max`, which would pass over NaN.
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |most, d| if d <= most { most } else { d })
    };
    let (batch, together, losses) = last_states(documents);
    let width = together.len() / batch.ids.len();
    let mut worst = (0.0f32, 0.0f32);
    for ((&document, rows), losses) in batch.documents.iter().zip(&batch.rows).zip(&losses) {
        let (_, alone, alone_losses) = last_states(&documents[document..=document]);
        let largest = alone.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let states = differences(&alone, &together[rows.start * width..rows.end * width]) / largest;
        let loss = differences(&alone_losses[0], losses);
        assert!(states.is_finite() && loss.is_finite());
        worst = (worst.0.max(states), worst.1.max(loss));
    }
    worst
}

#[test]
fn documents_in_a_batch_give_what_they_give_alone() {
    // On a device 40, 33 and 31 attend together, the others by themselves.
    let documents: Vec<Vec<u32>> = [5usize, 40, 17, 33, 31]
        .iter()
        .map(|&n| (0..n as u32).map(|t| (t * 37 + n as u32) % 300).collect())
        .collect();
    let (cpu, gpu) = (open(Backend::Cpu), open(Backend::Gpu));
    for (name, folder, _) in checkpoints("models").into_iter().chain(checkpoints("variants")) {
        let model = |compute| Model::open(&ModelFolder::new(&folder), &options(compute)).unwrap();
        // To the bit.
        assert_eq!(company(&mut model(&cpu), &documents), (0.0, 0.0), "{name}");
        // Other shapes sum in another order; nothing more may differ.
        let (states, loss) = company(&mut model(&gpu), &documents);
        assert!(states <= 1e-5 && loss <= 2e-5, "{name}: states {states:e}, loss {loss:e}");
    }
}

#[test]
fn long_documents_attend_alike_on_both_devices() {
    // More queries than meet keys together on a device, and more keys than any window shows.
    let documents: Vec<Vec<u32>> =
        [600u32, 530].iter().map(|&n| (0..n).map(|t| (t * 37 + n) % 300).collect()).collect();
    let (cpu, gpu) = (open(Backend::Cpu), open(Backend::Gpu));
    let mut compared = 0;
    for (name, folder, _) in checkpoints("models") {
        let model = |compute| Model::open(&ModelFolder::new(&folder), &options(compute)).unwrap();
        let mut on_cpu = model(&cpu);
        if on_cpu.config().learned_positions.is_some_and(|most| most < 600) {
            continue;
        }
        let (expected, expected_losses) = everything(&mut on_cpu, &documents, 2000);
        let (found, losses) = everything(&mut model(&gpu), &documents, 2000);
        let largest = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(expected.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 1e-5 * largest), "{name}: states");
        assert!(expected_losses.iter().zip(&losses).all(|(a, b)| (a - b).abs() <= 1e-4), "{name}: losses");
        compared += 1;
    }
    assert!(compared > 5);
}
