//! Hidden states and losses against `transformers` (float64 forward of the same float32 weights).

use infoplane::model::batch::{Batch, batches};
use infoplane::model::{Model, read_back};
use infoplane::settings::Backend;

use super::support::{Tensors, devices, fixture, open};

const MODELS: [&str; 4] = ["olmo2", "llama", "llama3_rope", "gpt_neox"];

/// Of a layer's largest absolute value. f32 rounding through a handful of layers stays ten times below; a
/// wrong norm, mask or rotation is orders above.
const STATES: f32 = 2e-4;
/// In nats a token.
const LOSS: f64 = 1e-4;

/// Largest deviation of the states, relative to each layer's largest value, and of the loss.
fn deviation(name: &str, model: &Model) -> (f32, f64) {
    let oracle = Tensors::read(&fixture(&format!("models/{name}.oracle.safetensors")));
    let (ids_shape, ids) = oracle.get("input_ids", i32::from_le_bytes);
    let (shape, expected) = oracle.get("hidden_states", f32::from_le_bytes);
    let (_, expected_loss) = oracle.get("loss", f32::from_le_bytes);
    let documents: Vec<Vec<u32>> =
        ids.chunks(ids_shape[1]).map(|row| row.iter().map(|&id| id as u32).collect()).collect();
    let batch: Vec<Batch> = batches(&documents, 0..documents.len(), 1 << 20);
    assert_eq!(batch.len(), 1);

    let layer_size: usize = shape[1..].iter().product();
    let mut worst = 0.0f32;
    let mut layers = 0;
    let last = model
        .forward(&batch[0], |layer, states| {
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
    let losses = model.losses(&batch[0], last).unwrap().concat();
    let loss = losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len() as f64;
    (worst, (loss - f64::from(expected_loss[0])).abs())
}

#[test]
fn states_and_losses_are_those_of_transformers() {
    for (backend, compute) in devices() {
        for name in MODELS {
            let model = Model::load(&fixture(&format!("models/{name}")), &compute.tensors()).unwrap();
            let (states, loss) = deviation(name, &model);
            println!("{backend:?} {name}: states {states:.2e} of the largest, loss {loss:.2e}");
            assert!(states <= STATES && loss <= LOSS, "{backend:?} {name}: states {states:e}, loss {loss:e}");
        }
    }
}

#[test]
fn configs_of_transformers_4_give_the_same_states() {
    let device = open(Backend::Cpu).tensors();
    for name in MODELS {
        let folder = tempfile::tempdir().unwrap();
        let weights = fixture(&format!("models/{name}/model.safetensors"));
        std::fs::copy(weights, folder.path().join("model.safetensors")).unwrap();
        let config = fixture(&format!("models/legacy_configs/{name}.json"));
        std::fs::copy(config, folder.path().join("config.json")).unwrap();
        let (states, loss) = deviation(name, &Model::load(folder.path(), &device).unwrap());
        assert!(states <= STATES && loss <= LOSS, "{name}: states {states:e}, loss {loss:e}");
    }
}

#[test]
fn documents_in_a_batch_give_what_they_give_alone() {
    let model = Model::load(&fixture("models/llama"), &open(Backend::Cpu).tensors()).unwrap();
    let documents: Vec<Vec<u32>> = [5usize, 40, 17, 33]
        .iter()
        .map(|&n| (0..n as u32).map(|t| (t * 37 + n as u32) % 320).collect())
        .collect();
    let states = |documents: &[Vec<u32>]| {
        let batch = batches(documents, 0..documents.len(), 1 << 20).remove(0);
        let last = model.forward(&batch, |_, _| Ok(())).unwrap();
        let losses = model.losses(&batch, last.clone()).unwrap();
        (batch, read_back(last).unwrap(), losses)
    };
    let width = model.config.hidden_size;
    let (batch, together, losses) = states(&documents);
    for (index, &document) in batch.documents.iter().enumerate() {
        let (_, alone, alone_losses) = states(&documents[document..=document]);
        let start = batch.row(index, 0) * width;
        let largest = alone.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        for (a, b) in alone.iter().zip(&together[start..]) {
            // Other shapes sum in another order; nothing more may differ.
            assert!((a - b).abs() <= 1e-5 * largest, "document {document}: {a} {b}");
        }
        for (a, b) in alone_losses[0].iter().zip(&losses[index]) {
            assert!((a - b).abs() <= 1e-5, "document {document}: loss {a} {b}");
        }
    }
}
