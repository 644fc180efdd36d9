use std::time::{Duration, SystemTime};

use half::slice::HalfFloatSliceExt as _;

use super::key::Version;
use super::*;
use crate::error::Kind;
use crate::scores::{Losses, Seeds, Values, ValuesRef};
use crate::settings::Precision;

const POSITIONS: [usize; 3] = [4, 9, 10];
const POINTS: usize = 5;
const SLABS: usize = 2;

fn shape(precision: Precision) -> Shape {
    Shape { layers: SLABS, seeds: Seeds::from_first(1), points: POINTS, precision }
}

/// The number of positions of which the scores take that many bytes.
fn positions(bytes: usize) -> usize {
    bytes / shape(Precision::F32).bytes(1) as usize
}

fn chunks() -> [ChunkKey; 3] {
    let mut number = 0;
    POSITIONS.map(|end| {
        number += 1;
        ChunkKey { end, tokens: number }
    })
}

fn score(slab: usize, position: usize, point: usize) -> f32 {
    (slab * 100 + position * 10 + point) as f32 / 8.0
}

fn losses(chunk: usize) -> Losses {
    Losses { sum: 0.1 * chunk as f64, predictions: chunk + 1 }
}

fn open(store: &Store, precision: Precision) -> (ScoreTable, usize) {
    let entry = store.entry(&Key::of_scores(&"scores"), shape(precision), POSITIONS[2], "").unwrap();
    ScoreTable::stored(entry, &chunks())
}

/// Scores the chunks that are missing, up to `end`.
fn fill(table: &mut ScoreTable, end: usize) {
    for chunk in (0..end).filter(|&chunk| !table.has(chunk)).collect::<Vec<_>>() {
        for slab in 0..SLABS {
            let positions = table.positions(chunk);
            let mut scores = table.open(chunk, slab..slab + 1).unwrap().remove(0);
            for (row, position) in positions.enumerate() {
                let values: Vec<f32> = (0..POINTS).map(|point| score(slab, position, point)).collect();
                scores.write(row * POINTS, &values);
            }
        }
        table.finish(chunk, losses(chunk)).unwrap();
    }
}

fn holds_what_was_scored(table: &ScoreTable) {
    for slab in 0..SLABS {
        let mut buffer = Values::default();
        for chunk in 0..chunks().len() {
            let scores = match table.slab(slab).read(chunk, &mut buffer).unwrap() {
                ValuesRef::F32(scores) => scores.to_vec(),
                ValuesRef::F16(scores) => scores.to_f32_vec(),
            };
            let expected = |position| (0..POINTS).map(move |point| score(slab, position, point));
            assert_eq!(scores, table.positions(chunk).flat_map(expected).collect::<Vec<_>>());
        }
    }
    assert_eq!(table.losses(2), Losses { sum: 0.0 + 0.1, predictions: 3 });
}

fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path(), Some(1 << 20)).unwrap()
}

/// The files of the only entry.
fn files(folder: &tempfile::TempDir, prefix: &str) -> Vec<PathBuf> {
    let entry = fs::read_dir(folder.path().join("scores")).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<PathBuf> = fs::read_dir(entry).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    files.sort();
    files
}

#[test]
fn scores_survive_their_process_and_go_on_where_they_stopped() {
    for precision in [Precision::F32, Precision::F16] {
        let folder = tempfile::tempdir().unwrap();
        let (mut table, _) = open(&store(&folder), precision);
        fill(&mut table, 1);
        // Begun and not finished.
        table.open(1, 0..1).unwrap()[0].write(0, &[7.0; POINTS]);
        drop(table);
        let (mut table, damaged) = open(&store(&folder), precision);
        assert_eq!((0..3).map(|chunk| table.has(chunk)).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(damaged, 0);
        fill(&mut table, 3);
        holds_what_was_scored(&table);
        assert_eq!(table.bytes(), 0);
    }
}

#[test]
fn half_precision_is_the_same_in_memory_as_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (mut stored, _) = open(&store(&folder), Precision::F16);
    let mut held = ScoreTable::new(shape(Precision::F16), &chunks());
    let scores: Vec<f32> = (0..4 * POINTS).map(|index| (index as f32).sin()).collect();
    for table in [&mut stored, &mut held] {
        table.open(0, 0..1).unwrap()[0].write(0, &scores);
        table.finish(0, losses(0)).unwrap();
    }
    let mut buffer = Values::default();
    let held = held.slab(0);
    let read = held.read(0, &mut buffer).unwrap();
    assert_eq!(stored.slab(0).read(0, &mut Values::default()).unwrap(), read);
    let ValuesRef::F16(read) = read else { panic!("not in half precision") };
    assert!(read.iter().zip(scores).all(|(read, score)| (read.to_f32() - score).abs() < 3e-4));
}

#[test]
fn other_tokens_are_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let (mut table, _) = open(&store(&folder), Precision::F32);
    fill(&mut table, 3);
    drop(table);
    let mut changed = chunks();
    changed[1].tokens = 77;
    let entry =
        store(&folder).entry(&Key::of_scores(&"scores"), shape(Precision::F32), POSITIONS[2], "").unwrap();
    let (table, _) = ScoreTable::stored(entry, &changed);
    assert_eq!((0..3).map(|chunk| table.has(chunk)).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn every_flipped_byte_is_found_and_only_its_chunk_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut table, _) = open(&store(&folder), Precision::F32);
    fill(&mut table, 3);
    drop(table);
    for file in files(&folder, "slab") {
        let whole = fs::read(&file).unwrap();
        for flipped in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[flipped] ^= 1;
            fs::write(&file, bytes).unwrap();
            let (mut table, _) = open(&store(&folder), Precision::F32);
            let slab = usize::from(file.to_str().unwrap().ends_with('1'));
            let mut buffer = Values::default();
            let errors = (0..3).filter(|&chunk| table.slab(slab).read(chunk, &mut buffer).is_err()).count();
            assert_eq!((errors, table.check()), (1, 1), "byte {flipped}");
            fill(&mut table, 3);
            holds_what_was_scored(&table);
        }
    }
}

#[test]
fn files_cut_short_are_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut table, _) = open(&store(&folder), Precision::F32);
    fill(&mut table, 3);
    drop(table);
    let file = files(&folder, "slab").remove(1);
    // In the middle of the second of three chunks.
    File::options().write(true).open(&file).unwrap().set_len((6 * POINTS * 4) as u64).unwrap();
    let (mut table, damaged) = open(&store(&folder), Precision::F32);
    assert_eq!((damaged, table.has(0), table.has(1), table.has(2)), (2, true, false, false));
    fill(&mut table, 3);
    holds_what_was_scored(&table);
}

#[test]
fn an_entry_is_one_processs_and_a_budget_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let small = Store::open(folder.path(), Some(2000)).unwrap();
    let entry = |name: &str, bytes| {
        small.entry(&Key::of_scores(&name), shape(Precision::F32), positions(bytes), name)
    };
    let first = entry("first", 1000).unwrap();
    let error = entry("first", 1000).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.to_string().contains("another process"), "{error}");
    let error = entry("large", 2040).unwrap_err();
    assert!(error.to_string().contains("--store-size"), "{error}");
    assert_eq!(small.contents().scores.len(), 1, "what has no room leaves no entry behind");

    // What is in use stays and counts by what it will take; what is not goes, the oldest first.
    let count = || {
        fs::read_dir(folder.path().join("scores"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().join("key.json").exists())
            .count()
    };
    drop(entry("second", 1000).unwrap());
    assert_eq!(count(), 2);
    drop(entry("third", 1000).unwrap());
    assert_eq!(count(), 2, "the first is in use, the second made room");
    let error = entry("fourth", 1040).unwrap_err();
    assert_eq!(error.kind(), Kind::Full);
    assert!(error.to_string().contains("in use"), "{error}");
    assert_eq!(count(), 2, "nothing goes where it would not be enough");
    drop(first);
    drop(entry("fifth", 2000).unwrap());
    assert_eq!(count(), 1);
}

#[test]
fn a_disk_too_small_is_said_before_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (mut table, _) = open(&store, Precision::F32);
    fill(&mut table, 3);
    drop(table);
    let entry = files(&folder, "slab").remove(0).parent().unwrap().to_owned();
    let (written, bytes) = (entry::written(&entry), 10_000);
    // What is written already needs no room a second time.
    store.make_room(&entry, bytes, bytes - written).unwrap();
    let error = store.make_room(&entry, bytes, bytes - written - 1).unwrap_err();
    assert!(error.to_string().contains("the disk has"), "{error}");
    assert!(entry.exists());
    // Scores that nobody uses make room on the disk too, unless it would not be enough.
    let other = entry.with_file_name("other");
    store.make_room(&other, bytes, bytes - written - 1).unwrap_err();
    assert!(entry.exists());
    store.make_room(&other, bytes, bytes - written).unwrap();
    assert!(!entry.exists());
    // What the others are still to write is as good as taken.
    let in_use = store.entry(&Key::of_scores(&"scores"), shape(Precision::F32), positions(5000), "").unwrap();
    store.make_room(&other, bytes, bytes + 4000).unwrap_err();
    store.make_room(&other, bytes, bytes + 5000).unwrap();
    drop(in_use);
}

#[test]
fn a_complete_entry_answers_for_fewer_points_and_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let key = Key::of_scores(&"scores");
    let large = Shape { layers: 1, seeds: Seeds::from_first(2), points: POINTS, precision: Precision::F32 };
    let complete_of = |seeds, points| store.complete(&key, Shape { seeds, points, ..large }, &chunks());
    let complete = |seeds, points| complete_of(Seeds::from_first(seeds), points);
    let entry = store.entry(&key, large, POSITIONS[2], "").unwrap();
    let (mut table, _) = ScoreTable::stored(entry, &chunks());
    fill(&mut table, 2);
    drop(table);
    assert!(complete(1, 3).is_none(), "a chunk is missing");
    let begun =
        store.begun(&key, Shape { seeds: Seeds::from_first(1), points: 3, ..large }, &chunks()).unwrap();
    assert_eq!((0..3).map(|chunk| begun.has(chunk)).collect::<Vec<_>>(), [true, true, false]);
    drop(begun);
    assert!(store.begun(&key, Shape { seeds: Seeds::from_first(3), ..large }, &chunks()).is_none());
    let entry = store.entry(&key, large, POSITIONS[2], "").unwrap();
    let (mut table, _) = ScoreTable::stored(entry, &chunks());
    fill(&mut table, 3);
    assert!(complete(1, 3).is_none(), "it is in use");
    drop(table);
    assert!(complete(1, POINTS + 1).is_none());
    assert!(complete(3, POINTS).is_none());
    assert!(store.complete(&Key::of_scores(&"others"), large, &chunks()).is_none());
    for (seeds, points) in [(1, 3), (2, 1), (2, POINTS)] {
        // The second alone is among both.
        assert!(complete_of(Seeds { first: 1, count: 1 }, points).is_some());
        let mut table = complete(seeds, points).unwrap();
        assert_eq!(table.shape(), large);
        holds_what_was_scored(&table);
        table.load().unwrap();
        holds_what_was_scored(&table);
        assert!(complete(seeds, points).is_some(), "in memory it needs no entry");
    }
}

#[test]
fn a_store_that_cannot_be_made_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Store::open(file.path(), Some(1)).unwrap_err();
    assert!(error.to_string().contains("--no-store"), "{error}");
}

#[test]
fn what_earlier_versions_made_goes_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (scores, measurements) = (folder.path().join("scores"), folder.path().join("measurements"));
    let hash = "0123456789abcdef0123456789abcdef";
    let entry = |name: &str| {
        let entry = scores.join(name);
        fs::create_dir_all(&entry).unwrap();
        fs::write(entry.join("lock"), "").unwrap();
        entry
    };
    let measurement = |name: &str| {
        fs::create_dir_all(&measurements).unwrap();
        let file = measurements.join(name);
        fs::write(&file, "{}").unwrap();
        file
    };
    let (now, next) = (Version::SCORES, SCORES_VERSION + 1);
    let goes = [
        entry(&format!("{hash}-3x100")),
        entry(&format!("v0-{hash}-3x100")),
        measurement(&format!("{hash}.json")),
        measurement(&format!("v0.9-{hash}.json")),
        measurement(&format!("v{SCORES_VERSION}.0-{hash}.json")),
    ];
    let stays = [
        entry(&format!("{now}-{hash}-3x100")),
        entry(&format!("v{next}-{hash}-3x100")),
        entry("holiday-2x3"),
        entry("photos"),
        measurement(&format!("{}-{hash}.json", Version::MEASUREMENTS)),
        measurement(&format!("v{next}.0-{hash}.json")),
        measurement("results.json"),
    ];
    // An older program is at work.
    let in_use = entry(&format!("v0-{hash}-1x10"));
    let lock = lock_existing(&in_use).unwrap().unwrap();
    let store = store(&folder);
    assert!(in_use.exists());
    drop(lock);
    assert!(goes.iter().all(|path| !path.exists()), "{goes:?}");
    assert!(stays.iter().all(|path| path.exists()), "{stays:?}");
    assert_eq!(store.contents().scores.len(), 3);
    store.clear(None).unwrap();
    assert!(scores.join("photos/lock").exists() && measurements.join("results.json").exists());
}

#[test]
fn measurements_used_longest_ago_go_beyond_their_share() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(&folder));
    let file = |number: u64, bytes: u64| {
        let name = format!("{}-{number:032x}.json", Version::MEASUREMENTS);
        let file = File::create(folder.path().join("measurements").join(name)).unwrap();
        // Sparse: it takes no room.
        file.set_len(bytes).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(number * 1000)).unwrap();
    };
    (0..4).for_each(|number| file(number, 20 << 20));
    // A sixteenth of 2 GiB holds all of them, of 1 MiB none: then 64 MiB do.
    drop(Store::open(folder.path(), Some(2 << 30)).unwrap());
    assert_eq!(store(&folder).contents().measurements, 3);
    assert_eq!(store(&folder).contents().measurements, 3);
    let oldest =
        folder.path().join("measurements").join(format!("{}-{:032x}.json", Version::MEASUREMENTS, 0));
    assert!(!oldest.exists());
}

#[test]
fn the_limit_is_that_of_the_flag_then_that_of_the_folder_then_a_share_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let limit = |flag| Store::at(&folder.path().join("store"), flag).limit(100 << 30);
    assert_eq!((limit(None), limit(Some(7))), (10 << 30, 7));
    assert_eq!(Store::at(folder.path(), None).limit(1 << 40), 32 << 30);
    Store::at(&folder.path().join("store"), None).set_limit(Some(5 << 30)).unwrap();
    assert_eq!((limit(None), limit(Some(7))), (5 << 30, 7));
    for _ in 0..2 {
        Store::at(&folder.path().join("store"), None).set_limit(None).unwrap();
        assert_eq!(limit(None), 10 << 30);
    }
}

#[test]
fn how_full_a_store_is_does_not_change_its_share_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), None).unwrap();
    let key = Key::of_scores(&"scores");
    let (mut table, _) =
        ScoreTable::stored(store.entry(&key, shape(Precision::F32), POSITIONS[2], "").unwrap(), &chunks());
    fill(&mut table, 3);
    drop(table);
    let entry = files(&folder, "slab").remove(0).parent().unwrap().to_owned();
    let written = entry::written(&entry);
    // A tenth of what is free without the store: with 9 times as much free beside what is stored, all that is
    // stored.
    let (bytes, free) = (written, 9 * written);
    store.make_room(&entry.with_file_name("other"), bytes, free + 20).unwrap();
    assert!(!entry.exists(), "it made room");
    let error = store.make_room(&entry, bytes, free - 20).unwrap_err();
    assert!(error.to_string().contains("--store-size"), "{error}");
    store.make_room(&entry, bytes, free + written).unwrap();
}

#[test]
fn contents_are_told_and_cleared_but_for_what_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let entry =
        |name: &str| store.entry(&Key::of_scores(&name), shape(Precision::F32), POSITIONS[2], name).unwrap();
    let (first, second) = (entry("run/step1"), entry("run/step2"));
    let (mut table, _) = ScoreTable::stored(first, &chunks());
    fill(&mut table, 3);
    drop(second);
    let Contents { mut scores, limit, .. } = store.contents();
    scores.sort_by(|a, b| a.checkpoint.cmp(&b.checkpoint));
    let told: Vec<_> =
        scores.iter().map(|scores| (scores.checkpoint.as_deref().unwrap(), scores.in_use)).collect();
    assert_eq!((told, limit), (vec![("run/step1", true), ("run/step2", false)], 1 << 20));
    assert!(scores[0].bytes >= shape(Precision::F32).bytes(POSITIONS[2]) && scores[0].points == POINTS);
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    assert_eq!(store.clear(Some(an_hour_ago)).unwrap(), Cleared::default());
    let cleared = store.clear(None).unwrap();
    assert_eq!((cleared.scores, cleared.in_use), (1, vec!["run/step1".to_owned()]));
    assert!(store.summary().unwrap().starts_with("stored 0.0 MiB of scores in "));
    drop(table);
    assert_eq!(store.clear(None).unwrap().scores, 1);
    assert_eq!(store.contents().scores, []);
}
