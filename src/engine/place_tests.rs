//! Where scores go and who gives up room for them, case by case.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::checkpoints::ModelFolder;
use crate::condition::TextSource;
use crate::settings::Precision;
use crate::store::Losses;
use crate::tokens::Tokens;

/// Where the scores of a checkpoint are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Memory,
    Store,
    /// Nowhere: they were given up.
    Nowhere,
}
use At::{Memory, Nowhere, Store as Stored};

impl At {
    fn of(scored: Option<&Scored>) -> Self {
        match scored {
            None => Nowhere,
            Some(scored) if scored.table.is_stored() => Stored,
            Some(_) => Memory,
        }
    }
}

/// A request for scores and what it finds; sizes in halves of what a checkpoint's scores take.
struct Case {
    what: &'static str,
    interactive: bool,
    memory: usize,
    store: Option<usize>,
    scores: StoreScores,
    /// Whether they are made again sooner than stored.
    cheap: bool,
    others: &'static [At],
    /// Where it goes, and where the others are then.
    then: (At, &'static [At]),
    warnings: usize,
}

const WINDOW: Case = Case {
    what: "",
    interactive: true,
    memory: 2,
    store: None,
    scores: StoreScores::Auto,
    cheap: false,
    others: &[],
    then: (Memory, &[]),
    warnings: 0,
};

const CASES: [Case; 17] = [
    Case { what: "free memory", ..WINDOW },
    Case { what: "memory before the store", store: Some(9), ..WINDOW },
    Case {
        what: "the store before others give up memory",
        store: Some(9),
        others: &[Memory],
        then: (Stored, &[Memory]),
        ..WINDOW
    },
    Case {
        what: "the last in training gives up memory, and no more than is needed",
        memory: 6,
        others: &[Memory, Memory, Memory],
        then: (Memory, &[Memory, Memory, Nowhere]),
        ..WINDOW
    },
    Case {
        what: "in the store room is made before anyone gives up memory",
        memory: 4,
        store: Some(3),
        others: &[Memory, Memory, Stored, Memory],
        then: (Stored, &[Memory, Memory, Nowhere, Memory]),
        ..WINDOW
    },
    Case {
        what: "a full store is said, and others give up memory",
        store: Some(1),
        others: &[Memory, Memory],
        then: (Memory, &[Nowhere, Nowhere]),
        warnings: 1,
        ..WINDOW
    },
    Case {
        what: "the last in training gives up its place in the store",
        memory: 0,
        store: Some(5),
        others: &[Stored, Stored],
        then: (Stored, &[Stored, Nowhere]),
        ..WINDOW
    },
    Case {
        what: "where the budget holds nothing, nobody gives up for it, and it goes on in memory all the same",
        memory: 1,
        others: &[Memory],
        then: (Memory, &[Memory]),
        ..WINDOW
    },
    Case {
        what: "without a window the store comes first",
        interactive: false,
        store: Some(9),
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "what is made again sooner than stored stays in memory",
        interactive: false,
        store: Some(9),
        cheap: true,
        ..WINDOW
    },
    Case {
        what: "unless it always goes to the store",
        interactive: false,
        store: Some(9),
        scores: StoreScores::Always,
        cheap: true,
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "or memory has no room for it",
        interactive: false,
        memory: 1,
        store: Some(9),
        cheap: true,
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "where nothing may be stored",
        interactive: false,
        memory: 1,
        store: Some(9),
        scores: StoreScores::Never,
        ..WINDOW
    },
    Case {
        what: "a window with full memory stores what is cheap too",
        store: Some(9),
        cheap: true,
        others: &[Memory],
        then: (Stored, &[Memory]),
        ..WINDOW
    },
    Case { what: "without a window and a store", interactive: false, ..WINDOW },
    Case { what: "a full store without a window", interactive: false, store: Some(1), warnings: 1, ..WINDOW },
    Case {
        what: "without either, beyond the budget",
        interactive: false,
        memory: 0,
        others: &[Memory],
        then: (Memory, &[Memory]),
        ..WINDOW
    },
];

fn sample() -> Sample {
    let documents = (0..40u32).map(|document| (document..document + 20).collect()).collect();
    Sample::new(Tokens { documents, skipped: 0 }, 4, false, &mut || false).unwrap()
}

fn config() -> Config {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/llama");
    Config::read(&ModelFolder::new(&model)).unwrap()
}

fn request(interactive: bool) -> Request {
    Request {
        generation: 1,
        settings: Settings { points: 8, ..Settings::default() },
        text: TextSource::Corpus("text".into()),
        focus: None,
        interactive,
    }
}

/// Finishes every chunk, as the model would.
fn complete(scored: &mut Scored, chunks: usize) {
    for chunk in 0..chunks {
        let planes = scored.table.shape().planes();
        for plane in 0..planes {
            let value = (chunk * planes + plane) as f32;
            scored.table.open(chunk, plane).unwrap().fill(value);
        }
        scored.table.finish(chunk, Losses::default()).unwrap();
    }
}

#[test]
fn every_case_has_its_place_and_its_order() {
    let (config, sample) = (config(), sample());
    let device = OpenDevice::new(Backend::Cpu, None);
    for Case { what, interactive, memory, store, scores, cheap, others, then, warnings } in CASES {
        let folder = tempfile::tempdir().unwrap();
        let request = request(interactive);
        let operations = if cheap { 0.0 } else { f64::INFINITY };
        let wanted = Wanted { operations, ..Wanted::new(&request, &config, &sample, "run/step1") };
        let half = ScoreTable::new(wanted.shape, &sample.chunks).bytes_of(wanted.positions()) / 2;
        let store = store
            .map(|halves| Store::open(folder.path(), Some((halves * half) as u64)).unwrap().keeping(scores));
        let place = |identity, budget, others| {
            let places = Places { device: &device, on_device: true, store: store.as_ref(), budget };
            wanted.place(identity, places, others).unwrap()
        };
        let mut held: Vec<Option<Scored>> = (1..)
            .zip(others)
            .map(|(identity, at)| match at {
                Memory => {
                    let table = ScoreTable::new(wanted.shape, &sample.chunks);
                    Some(Scored::new(table, config.hidden_size))
                }
                // With no memory to go to.
                Stored => Some(place(identity, 0, Others(Vec::new())).0),
                Nowhere => None,
            })
            .collect();
        let before: Vec<At> = held.iter().map(|scored| At::of(scored.as_ref())).collect();
        assert_eq!(before, others, "{what}: as it should begin");
        let others = Others(held.iter_mut().collect());
        let (scored, said) = place(0, memory * half, others);
        let after: Vec<At> = held.iter().map(|scored| At::of(scored.as_ref())).collect();
        assert_eq!((At::of(Some(&scored)), &after[..]), then, "{what}");
        assert_eq!(said.len(), warnings, "{what}: {said:?}");
    }
}

#[test]
fn what_is_stored_already_answers_from_memory_in_a_window_and_from_the_store_without_one() {
    let (config, sample) = (config(), sample());
    let device = OpenDevice::new(Backend::Cpu, None);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Some(1 << 30)).unwrap().keeping(StoreScores::Always);
    let place = |interactive: bool, budget: usize| {
        let request = request(interactive);
        let places = Places { device: &device, on_device: true, store: Some(&store), budget };
        let wanted = Wanted::new(&request, &config, &sample, "run/step1");
        let (scored, said) = wanted.place(7, places, Others(Vec::new())).unwrap();
        assert!(said.is_empty(), "{said:?}");
        scored
    };
    let mut first = place(false, usize::MAX);
    assert!(first.table.is_stored() && !first.table.is_complete());
    complete(&mut first, sample.chunks.len());
    drop(first);
    for (interactive, budget, at) in [
        (true, usize::MAX, Memory),
        // Without room in memory it stays where it is.
        (true, 0, Stored),
        (false, usize::MAX, Stored),
    ] {
        let found = place(interactive, budget);
        assert!(found.table.is_complete());
        assert_eq!(At::of(Some(&found)), at);
        let mut scores = Vec::new();
        assert!(found.table.plane(2).read(0, &mut scores).unwrap().iter().all(|&score| score == 2.0));
    }
}

#[test]
fn the_last_in_training_gives_up_first_and_only_what_frees_memory() {
    let (config, sample) = (config(), sample());
    let request = request(true);
    let wanted = Wanted::new(&request, &config, &sample, "run/step1");
    let table = || ScoreTable::new(wanted.shape, &sample.chunks);
    let bytes = table().bytes_of(wanted.positions());
    // Wanted beside four, of which the second holds nothing; who is left by how much there may be.
    for (budget, left) in [
        (usize::MAX, [true, false, true, true]),
        (4 * bytes, [true, false, true, true]),
        (4 * bytes - 1, [true, false, true, false]),
        (2 * bytes, [true, false, false, false]),
        (bytes, [false; 4]),
        (0, [false; 4]),
    ] {
        let mut held = [true, false, true, true].map(|holds| holds.then(|| Scored::new(table(), 64)));
        // What is given up was not filled yet, and frees nothing at once.
        let freed = Others(held.iter_mut().collect()).give_up(bytes, budget);
        assert_eq!((held.each_ref().map(Option::is_some), freed), (left, 0), "{budget}");
    }
}

#[test]
fn scores_of_models_of_a_million_parameters_are_made_again_and_those_of_larger_ones_are_stored() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    let worth = |config: &Config, points| {
        let layers = config.layers.len() + 1;
        let shape = Shape { layers, seeds: 3, points, precision: Precision::F32 };
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
    let shape = Shape { layers: 31, seeds: 3, points: 100, precision: Precision::F32 };
    let products = 2.0 * (134.5e6 + 31.0 * 300.0 * 576.0);
    assert!((operations(&config, shape) / products - 1.0).abs() < 0.01);
    assert!(worth(&config, 100));
}

#[test]
fn scores_that_a_gpu_had_no_memory_for_go_elsewhere() {
    let (config, sample) = (config(), sample());
    let device = OpenDevice::new(Backend::Gpu, None);
    assert!(device.is_gpu());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Some(1 << 30)).unwrap();
    for (interactive, elsewhere) in [(true, Memory), (false, Stored)] {
        let request = request(interactive);
        let wanted = Wanted::new(&request, &config, &sample, "run/step1");
        let place = |on_device| {
            let places = Places { device: &device, on_device, store: Some(&store), budget: usize::MAX };
            wanted.place(1, places, Others(Vec::new())).unwrap().0
        };
        assert!(place(true).device.is_some());
        let found = place(false);
        assert_eq!((found.device.is_none(), At::of(Some(&found))), (true, elsewhere));
    }
}
