//! Where scores go and who gives up room for them, case by case.

use std::path::Path;

use super::*;
use crate::checkpoints::ModelFolder;
use crate::scores::{Losses, Seeds, Values, ValuesRef};
use crate::settings::Backend;
use crate::store::{Key, StoreScores};
use crate::tokens::Tokens;

/// Where the scores of a checkpoint are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Memory,
    Store,
    /// Nowhere: they were evicted.
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

/// New scores and the room they find; sizes in halves of what a checkpoint's scores take.
struct Case {
    what: &'static str,
    part: Part,
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
    part: Part::First,
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
        what: "the store before others are evicted from memory",
        store: Some(9),
        others: &[Memory],
        then: (Stored, &[Memory]),
        ..WINDOW
    },
    Case {
        what: "the last in order are evicted from memory, and no more than is needed",
        memory: 6,
        others: &[Memory, Memory, Memory],
        then: (Memory, &[Memory, Memory, Nowhere]),
        ..WINDOW
    },
    Case {
        what: "in the store room is made before any are evicted from memory",
        memory: 4,
        store: Some(3),
        others: &[Memory, Memory, Stored, Memory],
        then: (Stored, &[Memory, Memory, Nowhere, Memory]),
        ..WINDOW
    },
    Case {
        what: "a full store is said, and others are evicted from memory",
        store: Some(1),
        others: &[Memory, Memory],
        then: (Memory, &[Nowhere, Nowhere]),
        warnings: 1,
        ..WINDOW
    },
    Case {
        what: "the last in order leaves its place in the store",
        memory: 0,
        store: Some(5),
        others: &[Stored, Stored],
        then: (Stored, &[Stored, Nowhere]),
        ..WINDOW
    },
    Case {
        what: "where the budget holds nothing, none is evicted for it, and it goes on in memory all the same",
        memory: 1,
        others: &[Memory],
        then: (Memory, &[Memory]),
        ..WINDOW
    },
    Case {
        what: "without a window the store comes first",
        part: Part::All,
        store: Some(9),
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "what is made again sooner than stored stays in memory",
        part: Part::All,
        store: Some(9),
        cheap: true,
        ..WINDOW
    },
    Case {
        what: "unless it always goes to the store",
        part: Part::All,
        store: Some(9),
        scores: StoreScores::Always,
        cheap: true,
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "or memory has no room for it",
        part: Part::All,
        memory: 1,
        store: Some(9),
        cheap: true,
        then: (Stored, &[]),
        ..WINDOW
    },
    Case {
        what: "where nothing may be stored",
        part: Part::All,
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
    Case { what: "without a window and a store", part: Part::All, ..WINDOW },
    Case { what: "a full store without a window", part: Part::All, store: Some(1), warnings: 1, ..WINDOW },
    Case {
        what: "without either, beyond the budget",
        part: Part::All,
        memory: 0,
        others: &[Memory],
        then: (Memory, &[Memory]),
        ..WINDOW
    },
];

fn sample() -> Sample {
    let documents = (0..40u32).map(|document| (document..document + 20).collect()).collect();
    Sample::new(Tokens { documents, ..Tokens::default() }, 4, false, &mut || false).unwrap()
}

fn config() -> Config {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/llama");
    Config::read(&ModelFolder::new(&model)).unwrap()
}

/// Half of a checkpoint's scores may be of points to spare.
fn settings() -> Settings {
    Settings { points: 8, ..Settings::default() }
}

/// A key for each number, of what a window's sliders query.
fn key(number: u128) -> ScoresKey {
    key_of(number, Part::First)
}

fn key_of(number: u128, part: Part) -> ScoresKey {
    ScoresKey { id: ScoresId::of_number(number, part), stored: Key::of_scores(&number.to_string()) }
}

/// The bytes of memory that the scores take.
fn bytes(new: &NewScores<'_>) -> usize {
    new.empty().bytes_of(new.positions())
}

/// Finishes every chunk, as the model would.
fn complete(scored: &mut Scored, chunks: usize) {
    for chunk in 0..chunks {
        let slabs = scored.table.shape().slabs();
        for slab in 0..slabs {
            let value = (chunk * slabs + slab) as f32;
            let count = scored.table.positions(chunk).len() * scored.table.shape().points;
            scored.table.open(chunk, slab..slab + 1).unwrap()[0].write(0, &vec![value; count]);
        }
        scored.table.finish(chunk, Losses::default()).unwrap();
    }
}

#[test]
fn every_case_has_its_place_and_its_order() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Cpu, None);
    for Case { what, part, memory, store, scores, cheap, others, then, warnings } in CASES {
        let folder = tempfile::tempdir().unwrap();
        let operations = if cheap { 0.0 } else { f64::INFINITY };
        let new = NewScores::new(&settings, part, &config, &sample, "run/step1");
        let new = NewScores { operations, ..new };
        let half = bytes(&new) / 2;
        let store = store
            .map(|halves| Store::open(folder.path(), Some((halves * half) as u64)).unwrap().keeping(scores));
        let mut bank = Bank::new(store, None);
        let order: Vec<ScoresId> = (1..=others.len()).map(|other| key(other as u128).id).collect();
        for (number, at) in (1..).zip(others) {
            match at {
                Memory => {
                    let scored = Scored::new(new.empty(), config.hidden_size);
                    bank.scores.insert(key(number).id, Slot { scored, wanted: 0 });
                }
                Stored => {
                    // With no memory to go to.
                    bank.kept = Some(0);
                    bank.open(&key(number), &new, &[], &device).unwrap();
                }
                Nowhere => {}
            }
        }
        let at = |bank: &Bank| -> Vec<At> { order.iter().map(|id| At::of(bank.get(*id))).collect() };
        assert_eq!(at(&bank), others, "{what}: as it should begin");
        bank.kept = Some(memory * half);
        let said = bank.open(&key(0), &new, &order, &device).unwrap();
        assert_eq!((At::of(bank.get(key(0).id)), &at(&bank)[..]), then, "{what}");
        assert_eq!(said.len(), warnings, "{what}: {said:?}");
    }
}

#[test]
fn what_is_stored_already_answers_from_memory_in_a_window_and_from_the_store_without_one() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Cpu, None);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Some(1 << 30)).unwrap().keeping(StoreScores::Always);
    let open = |part: Part, budget: usize| {
        let new = NewScores::new(&settings, part, &config, &sample, "run/step1");
        let mut bank = Bank::new(Some(store.clone()), Some(budget));
        let said = bank.open(&key(7), &new, &[], &device).unwrap();
        assert!(said.is_empty(), "{said:?}");
        bank.scores.remove(&key(7).id).unwrap().scored
    };
    let mut first = open(Part::All, usize::MAX);
    assert!(first.table.is_stored() && !first.table.is_complete());
    complete(&mut first, sample.chunks.len());
    drop(first);
    for (part, budget, at) in [
        (Part::First, usize::MAX, Memory),
        // Without room in memory it stays where it is.
        (Part::First, 0, Stored),
        (Part::All, usize::MAX, Stored),
        (Part::Further, usize::MAX, Stored),
    ] {
        let found = open(part, budget);
        assert!(found.table.is_complete());
        assert_eq!(At::of(Some(&found)), at);
        let mut buffer = Values::default();
        let ValuesRef::F32(scores) = found.table.slab(2).read(0, &mut buffer).unwrap() else { panic!() };
        assert!(scores.iter().all(|&score| score == 2.0));
    }
}

#[test]
fn the_last_in_order_are_evicted_first_and_only_what_frees_memory() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Cpu, None);
    let new = NewScores::new(&settings, Part::First, &config, &sample, "run/step1");
    let bytes = bytes(&new);
    let ids = [1, 2, 3, 4].map(|number| key(number).id);
    // Wanted beside four, of which the second holds nothing; who is left by how much there may be.
    for (budget, left) in [
        (usize::MAX, [true, false, true, true]),
        (4 * bytes, [true, false, true, true]),
        (4 * bytes - 1, [true, false, true, false]),
        (2 * bytes, [true, false, false, false]),
        (bytes, [false; 4]),
        (0, [false; 4]),
    ] {
        let mut bank = Bank::new(None, Some(budget));
        for id in [ids[0], ids[2], ids[3]] {
            bank.scores.insert(id, Slot { scored: Scored::new(new.empty(), 64), wanted: 0 });
        }
        // What is evicted was not filled yet, and frees nothing at once.
        let freed = bank.make_room(key(9).id, bytes, false, &ids, &device);
        assert_eq!((ids.map(|id| bank.get(id).is_some()), freed), (left, 0), "{budget}");
    }
}

#[test]
fn what_is_not_wanted_any_more_is_evicted_first_the_longest_unwanted_before_the_rest() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Cpu, None);
    let new = NewScores::new(&settings, Part::First, &config, &sample, "run/step1");
    let ids = [1, 2, 3, 4].map(|number| key(number).id);
    let mut bank = Bank::new(None, None);
    for (number, order) in [(4, &[][..]), (3, &[ids[3]]), (1, &[]), (2, &[ids[2]])] {
        bank.open(&key(number), &new, order, &device).unwrap();
    }
    // The fourth was wanted last when the third came, the third when the second came.
    assert_eq!(bank.evicted_first(key(9).id, &[]), [ids[3], ids[0], ids[1], ids[2]]);
    assert_eq!(bank.evicted_first(key(9).id, &[ids[0], ids[3]]), [ids[1], ids[2], ids[3], ids[0]]);
}

#[test]
fn scores_of_too_few_points_or_seeds_make_way_for_more() {
    let (config, sample) = (config(), sample());
    let device = OpenDevice::new(Backend::Cpu, None);
    let mut bank = Bank::new(None, None);
    let mut open = |points, reference_seeds| {
        let settings = Settings { points, reference_seeds, ..Settings::default() };
        let new = NewScores::new(&settings, Part::Further, &config, &sample, "run/step1");
        let key = key_of(1, Part::Further);
        bank.open(&key, &new, &[], &device).unwrap();
        let scored = bank.get_mut(key.id).unwrap();
        let found = (scored.table.shape().points, scored.table.shape().seeds, scored.table.is_complete());
        complete(scored, sample.chunks.len());
        found
    };
    let further = |count| Seeds { first: 1, count };
    assert_eq!(open(8, 2), (128, further(1), false));
    assert_eq!(open(8, 2), (128, further(1), true));
    assert_eq!(open(8, 4), (128, further(3), false));
    assert_eq!([open(8, 2), open(128, 4)], [(128, further(3), true); 2]);
    assert_eq!(open(129, 3), (256, further(2), false));
}

#[test]
fn scores_that_a_gpu_had_no_memory_for_go_elsewhere() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Gpu, None);
    assert!(device.is_gpu());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Some(1 << 30)).unwrap();
    for (part, elsewhere) in [(Part::First, Memory), (Part::All, Stored)] {
        let new = NewScores::new(&settings, part, &config, &sample, "run/step1");
        let mut bank = Bank::new(Some(store.clone()), Some(usize::MAX));
        bank.open(&key(1), &new, &[], &device).unwrap();
        assert!(bank.get(key(1).id).unwrap().is_on_gpu());
        bank.move_off_gpu(key(1).id);
        assert!(bank.get(key(1).id).is_none() && bank.is_off_gpu(key(1).id));
        bank.open(&key(1), &new, &[], &device).unwrap();
        let found = bank.get(key(1).id).unwrap();
        assert_eq!((found.is_on_gpu(), At::of(Some(found))), (false, elsewhere));
    }
}

#[test]
fn the_stages_at_hand_are_those_before_the_first_chunk_that_is_missing() {
    let documents = (0..300u32).map(|document| (document..document + 20).collect()).collect();
    let sample = Sample::new(Tokens { documents, ..Tokens::default() }, 4, true, &mut || false).unwrap();
    assert_eq!(sample.stages, [16, 64, 300]);
    let (config, settings) = (config(), settings());
    let new = NewScores::new(&settings, Part::First, &config, &sample, "run/step1");
    let mut scored = Scored::new(new.empty(), config.hidden_size);
    let chunks = sample.chunks.len();
    assert!(chunks >= 3);
    let finish = |scored: &mut Scored, chunk| {
        scored.table.open(chunk, 0..1).unwrap();
        scored.table.finish(chunk, Losses::default()).unwrap();
    };
    // The last before the first.
    let mut at_hand = vec![scored.stages(&sample)];
    for chunk in (1..chunks).rev().chain([0]) {
        finish(&mut scored, chunk);
        at_hand.push(scored.stages(&sample));
    }
    assert_eq!(at_hand, [vec![0; chunks], vec![3]].concat());
    let mut scored = Scored::new(new.empty(), config.hidden_size);
    let at_hand = |scored: &Scored| (scored.stages(&sample), scored.documents(&sample));
    finish(&mut scored, 0);
    assert_eq!(at_hand(&scored), (1, 16));
    finish(&mut scored, 1);
    assert_eq!(at_hand(&scored), (2, 64));
}

#[test]
fn scores_of_further_seeds_take_nobodys_room_and_go_once_nobody_wants_them() {
    let (config, sample, settings) = (config(), sample(), settings());
    let device = OpenDevice::new(Backend::Cpu, None);
    let [first, further] = [Part::First, Part::Further]
        .map(|part| NewScores::new(&settings, part, &config, &sample, "run/step1"));
    assert_eq!(bytes(&further), 2 * bytes(&first));
    // Room for the first seeds of two.
    let mut bank = Bank::new(None, Some(2 * bytes(&first)));
    let ids = [1, 2, 3].map(|number| key(number).id);
    bank.open(&key(1), &first, &ids, &device).unwrap();
    let passing = key_of(1, Part::Further);
    bank.open(&passing, &further, &ids, &device).unwrap();
    bank.open(&key(2), &first, &[ids[0], ids[1], passing.id], &device).unwrap();
    assert!(bank.get(ids[0]).is_some() && bank.get(ids[1]).is_some() && bank.get(passing.id).is_some());
    assert_eq!(bank.bytes_beside_model(&device), 4 * bytes(&first));
    // What is filled together leaves each other's room.
    assert_eq!(bank.evicted_first(passing.id, &ids), [ids[1]]);
    assert!(bank.get_all_mut(&[passing.id, ids[0]]).is_some_and(|both| both.len() == 2));
    assert!(bank.get_all_mut(&[passing.id, ids[2]]).is_none());
    // Not wanted any more; the next evicts the last in order, but for itself.
    bank.open(&key(3), &first, &ids, &device).unwrap();
    assert_eq!(ids.map(|id| bank.get(id).is_some()), [true, false, true]);
    assert!(bank.get(passing.id).is_none());
    bank.evict_all(passing.id);
    assert!(bank.get(ids[0]).is_none() && bank.get(ids[2]).is_some());
}
