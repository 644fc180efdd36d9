//! The order of places, case by case.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::checkpoints::ModelFolder;
use crate::scores::Seeds;
use crate::settings::Precision;

const SHAPE: Shape =
    Shape { layers: 3, seeds: Seeds { first: 0, count: 2 }, points: 8, precision: Precision::F16 };

/// Of 10 bytes, in half precision as a window has them, on the CPU without a store.
const WINDOW: Situation = Situation {
    part: Part::First,
    shape: SHAPE,
    operations: f64::INFINITY,
    bytes: 10,
    bytes_on_gpu: 20,
    gpu: None,
    made_on_gpu: false,
    memory: Budget { all: 10, held: 0 },
    free: true,
    store: None,
};

const FULL: Budget = Budget { all: 10, held: 1 };
const FULL_GPU: Budget = Budget { all: 20, held: 1 };
const TOO_SMALL: Budget = Budget { all: 19, held: 0 };

#[test]
fn every_situation_has_its_order_of_places() {
    use Place::{Gpu, GpuOfOthers, Memory, MemoryOfOthers, Store};
    use StoreScores::{Always, Auto, Never};
    let headless = Situation { part: Part::All, ..WINDOW };
    let on_gpu = |gpu: Budget| Situation { gpu: Some(gpu), made_on_gpu: true, ..WINDOW };
    let free = Budget { all: 20, held: 0 };
    let cheap = Situation { operations: 0.0, ..headless };
    let further = Situation { part: Part::Further, ..WINDOW };
    let cheap_further = Situation { operations: 0.0, ..further };
    let stored = |situation: Situation, store| Situation { store: Some(store), ..situation };
    let full = |situation: Situation| Situation { memory: FULL, ..situation };
    for (what, situation, places) in [
        ("a window", WINDOW, &[Memory][..]),
        ("a window with a store", stored(WINDOW, Auto), &[Memory]),
        ("a window with full memory", full(WINDOW), &[MemoryOfOthers]),
        ("the same with a store", full(stored(WINDOW, Auto)), &[Store, MemoryOfOthers]),
        ("where nothing may be stored", full(stored(WINDOW, Never)), &[MemoryOfOthers]),
        ("where the machine has no memory", Situation { free: false, ..WINDOW }, &[MemoryOfOthers]),
        (
            "a window stores what is cheap too",
            full(stored(Situation { operations: 0.0, ..WINDOW }, Auto)),
            &[Store, MemoryOfOthers],
        ),
        ("headless", headless, &[MemoryOfOthers]),
        ("headless with a store", stored(headless, Auto), &[Store, MemoryOfOthers]),
        ("what is cheap stays in memory", stored(cheap, Auto), &[Memory]),
        ("or goes to the store where that is full", full(stored(cheap, Auto)), &[Store, MemoryOfOthers]),
        ("or where it always does", stored(cheap, Always), &[Store, MemoryOfOthers]),
        ("what is never stored stays in memory", stored(headless, Never), &[Memory]),
        ("what is queried once, without a store", further, &[Memory]),
        ("whatever the budget", full(further), &[Memory]),
        ("but not whatever is free", Situation { free: false, ..further }, &[MemoryOfOthers]),
        ("what is cheap is dropped and made again", full(stored(cheap_further, Auto)), &[Memory]),
        ("what is dear is stored", stored(further, Auto), &[Store, MemoryOfOthers]),
        ("all is where that is asked for", stored(cheap_further, Always), &[Store, MemoryOfOthers]),
        ("and nothing where it is not", stored(further, Never), &[Memory]),
        ("a GPU", on_gpu(free), &[Gpu, Memory]),
        ("a GPU with full memory", on_gpu(FULL_GPU), &[Memory]),
        ("a GPU and memory, both full", full(on_gpu(FULL_GPU)), &[GpuOfOthers, MemoryOfOthers]),
        ("a GPU too small", full(on_gpu(TOO_SMALL)), &[MemoryOfOthers]),
        (
            "a GPU's are stored whatever they cost",
            stored(Situation { gpu: Some(FULL_GPU), made_on_gpu: true, ..cheap }, Auto),
            &[Store, GpuOfOthers, MemoryOfOthers],
        ),
    ] {
        assert_eq!(situation.places(), places, "{what}");
    }
}

#[test]
fn scores_of_models_of_a_million_parameters_are_made_again_and_those_of_larger_ones_are_stored() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let worth = |config: &Config, points| {
        let layers = config.layers.len() + 1;
        let shape = Shape { layers, seeds: Seeds::from_first(3), points, precision: Precision::F32 };
        worth_storing(operations(config, shape), shape)
    };
    for run in ["gutenberg-200k", "gutenberg-1m"] {
        let folder = demo.join(run).join("step2000");
        let small = Config::read(&ModelFolder::new(&folder)).unwrap();
        assert!(!worth(&small, 100) && !worth(&small, 1000), "{run}");
    }
    // With the dimensions of SmolLM-135M, the smallest of the well-known models.
    let config = json!({
        "model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152, "hidden_act": "silu",
        "rms_norm_eps": 1e-5, "max_position_embeddings": 2048, "tie_word_embeddings": true,
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let config = Config::read(&ModelFolder::new(folder.path())).unwrap();
    let shape = Shape { layers: 31, seeds: Seeds::from_first(3), points: 100, precision: Precision::F32 };
    let products = 2.0 * (134.5e6 + 31.0 * 300.0 * 576.0);
    assert!((operations(&config, shape) / products - 1.0).abs() < 0.01);
    assert!(worth(&config, 100));
}
