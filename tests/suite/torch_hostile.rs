//! Hostile files of torch: whatever stands in them, nothing of it is run, and one line says what is wrong.

use infoplane::checkpoints::ModelFolder;
use infoplane::model::weights::Weights;
use infoplane::model::weights::files::Declared;
use infoplane::model::weights::torch::{self, Trouble};
use proptest::prelude::*;

use super::support::fixture;
use super::torch_file::{Pickle, archive};

/// What a file holds, or why it is not read; nothing behind its end is ever asked for.
fn tensors(bytes: &[u8]) -> Result<Vec<Declared>, Trouble> {
    torch::tensors(bytes.len() as u64, &mut |offset, into| {
        into.copy_from_slice(&bytes[offset as usize..][..into.len()]);
        Ok(())
    })
}

/// Why a file is not read.
#[track_caller]
fn refused(bytes: &[u8]) -> String {
    let (Trouble::Damaged(cause) | Trouble::Unsupported(cause)) = tensors(bytes).unwrap_err();
    assert!(!cause.contains('\n') && cause.len() < 1000, "{cause}");
    cause
}

const STORAGE: (&str, &[u8]) = ("x/data/0", &[0; 48]);

/// A dictionary of one tensor named `a`, of twelve floats.
fn one_tensor(offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    of_storage(("FloatStorage", "0", 12), offset, shape, strides)
}

fn of_storage(storage: (&str, &str, i64), offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    Pickle::new().raw(b"}").text("a").tensor(storage, offset, shape, strides).raw(b"s").archive(&[STORAGE])
}

#[test]
fn functions_are_named_and_never_run() {
    let marker = tempfile::tempdir().unwrap();
    let command = format!("touch {}/run", marker.path().display());
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("__builtin__", "getattr"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("collections", "namedtuple"),
        ("torch._utils", "_rebuild_xla_tensor"),
    ] {
        let call = Pickle::new().global(module, name).raw(b"(").text(&command).raw(b"tR");
        let stacked = Pickle::new().text(module).text(name).raw(b"\x93(").text(&command).raw(b"tR");
        let built = Pickle::new().global(module, name).raw(b"(").text(&command).raw(b"t\x81");
        let hidden =
            Pickle::new().raw(b"}").text("a").global(module, name).raw(b"(").text(&command).raw(b"tRs");
        for pickle in [call, stacked, built, hidden] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("pytorch_model.bin");
            std::fs::write(&file, pickle.archive(&[])).unwrap();
            let error = Weights::open(&ModelFolder::new(folder.path())).unwrap_err().to_string();
            assert!(error.starts_with(&format!("its pickle names `{module}.{name}`")), "{error}");
            assert!(!error.contains('\n') && error.ends_with("pytorch_model.bin"), "{error}");
        }
    }
    // Known functions with other arguments than torch gives them.
    for call in [
        Pickle::new().global("collections", "OrderedDict").raw(b"]\x85R"),
        Pickle::new().global("torch._utils", "_rebuild_tensor_v2").raw(b")R"),
        Pickle::new().global("torch._utils", "_rebuild_parameter").raw(b")R"),
        Pickle::new().global("torch", "Size").raw(b")R"),
        Pickle::new().global("torch", "FloatStorage").raw(b")R"),
        Pickle::new().text("os").raw(b")R"),
    ] {
        refused(&call.archive(&[]));
    }
    // Functions that hand over to each other without end.
    let from_type = Pickle::new().global("torch._tensor", "_rebuild_from_type_v2");
    refused(&from_type.raw(b"q\0(h\0N(h\0NNttR").archive(&[]));
    assert!(std::fs::read_dir(marker.path()).unwrap().next().is_none());
}

#[test]
fn names_in_errors_fit_a_line() {
    let name = "\u{1b}[31m\r".repeat(1000);
    let cause = refused(&Pickle::new().text("os").text(&format!("{name}\n")).raw(b"\x93").archive(&[]));
    assert!(!cause.contains(['\u{1b}', '\r']), "{cause}");
}

#[test]
fn tensors_stay_within_their_storages() {
    assert_eq!(tensors(&one_tensor(0, &[3, 4], &[4, 1])).unwrap().len(), 1);
    assert_eq!(tensors(&one_tensor(11, &[1], &[1])).unwrap().len(), 1);
    let views: [(i64, &[i64], &[i64]); 15] = [
        (0, &[3, 5], &[5, 1]),
        (1, &[3, 4], &[4, 1]),
        (12, &[1], &[1]),
        (-1, &[1], &[1]),
        (i64::MAX, &[1], &[1]),
        (0, &[i64::MAX], &[1]),
        (0, &[-1], &[1]),
        (0, &[2], &[-1]),
        (0, &[2], &[i64::MAX]),
        (0, &[i64::MAX, i64::MAX, i64::MAX], &[0, 0, 0]),
        (0, &[1 << 32, 1 << 32], &[0, 0]),
        // One element that seems to be a billion.
        (0, &[1_000_000_000], &[0]),
        (0, &[2, 2], &[1]),
        (0, &[1; 9], &[1; 9]),
        (13, &[0], &[1]),
    ];
    for (offset, shape, strides) in views {
        let cause = refused(&one_tensor(offset, shape, strides));
        assert!(!cause.is_empty(), "{offset} {shape:?} {strides:?}");
    }
}

#[test]
fn storages_are_as_long_as_they_say() {
    let shape = (&[1][..], &[1][..]);
    for storage in [
        ("FloatStorage", "0", 11),
        ("FloatStorage", "0", 13),
        ("FloatStorage", "0", i64::MAX),
        ("FloatStorage", "0", -1),
        ("HalfStorage", "0", 12),
        ("FloatStorage", "1", 12),
        ("FloatStorage", "../../etc/passwd", 12),
        ("QInt8Storage", "0", 48),
        ("UntypedStorage", "0", 48),
    ] {
        refused(&of_storage(storage, 0, shape.0, shape.1));
    }
    // One storage of two types.
    let pickle = Pickle::new()
        .raw(b"}")
        .text("a")
        .tensor(("FloatStorage", "0", 12), 0, &[1], &[1])
        .raw(b"s")
        .text("b")
        .tensor(("IntStorage", "0", 12), 0, &[1], &[1])
        .raw(b"s");
    assert!(refused(&pickle.archive(&[STORAGE])).contains("two types"));
    // Two tensors of one name.
    let tensor = |pickle: Pickle| pickle.text("a").tensor(("FloatStorage", "0", 12), 0, &[1], &[1]).raw(b"s");
    assert!(refused(&tensor(tensor(Pickle::new().raw(b"}"))).archive(&[STORAGE])).contains("two tensors"));
}

#[test]
fn archives_that_lie() {
    let good = one_tensor(0, &[3, 4], &[4, 1]);
    let directory = u32::from_le_bytes(good[good.len() - 6..good.len() - 2].try_into().unwrap()) as usize;
    let second = directory + 46 + "x/data.pkl".len();
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let size = |number: u32| number.to_le_bytes();
    // The storage is said to be compressed: a bomb, were it unpacked.
    let local = u32::from_le_bytes(good[second + 42..second + 46].try_into().unwrap()) as usize;
    let mut compressed = changed(second + 10, &[8, 0]);
    compressed[local + 8] = 8;
    compressed[second + 24..second + 28].copy_from_slice(&size(u32::MAX - 1));
    assert!(refused(&compressed).contains("`data/0` is compressed"), "{}", refused(&compressed));
    let mut packed = changed(directory + 10, &[8, 0]);
    packed[8] = 8;
    assert!(refused(&packed).contains("`data.pkl` is compressed"), "{}", refused(&packed));
    // The storage starts within the pickle.
    let overlapping = archive(&[("x/data.pkl", &archive(&[STORAGE])), STORAGE]);
    let inner = overlapping.len() - 22 - 46 - "x/data/0".len();
    let mut overlapping = overlapping;
    overlapping[inner + 42..inner + 46].copy_from_slice(&size(30 + 10));
    assert!(refused(&overlapping).contains("overlap"), "{}", refused(&overlapping));
    for (kind, file) in [
        ("encrypted", changed(second + 8, &[1, 0])),
        ("longer than the archive", changed(second + 20, &[size(u32::MAX - 1), size(u32::MAX - 1)].concat())),
        ("outside", changed(second + 42, &size(u32::MAX - 1))),
        ("without its wide size", changed(second + 20, &size(u32::MAX))),
        ("a name of another length", changed(second + 28, &[9, 0])),
        ("another name", changed(second + 46, b"y")),
        ("more entries", changed(good.len() - 14, &[3, 0, 3, 0])),
        ("65,535 entries", changed(good.len() - 14, &[0xFF; 4])),
        ("fewer entries", changed(good.len() - 14, &[1, 0, 1, 0])),
        ("two volumes", changed(good.len() - 18, &[1, 0])),
        ("a directory elsewhere", changed(good.len() - 6, &size(directory as u32 + 1))),
        ("no end", good[..good.len() - 1].to_vec()),
        ("more behind its end", [&good[..], b"\0"].concat()),
        ("two of one name", archive(&[STORAGE, STORAGE])),
        ("no pickle", archive(&[STORAGE])),
        ("two pickles", archive(&[("x/data.pkl", b"\x80\x02}."), ("y/data.pkl", b"\x80\x02}.")])),
        ("big-endian", Pickle::new().raw(b"}").archive(&[("x/byteorder", b"big")])),
        ("nothing", Vec::new()),
        ("a page of the web", b"<html>not found</html>".to_vec()),
    ] {
        assert!(tensors(&file).is_err(), "{kind}");
        refused(&file);
    }
}

#[test]
fn what_is_nested_or_long_takes_little() {
    const DEEP: usize = 1_000_000;
    // Lists in lists, tuples in tuples, a list in itself, copies of copies.
    for pickle in [
        Pickle::new().raw(&b"]".repeat(DEEP)).raw(&b"a".repeat(DEEP - 1)),
        Pickle::new().raw(b"N").raw(&b"\x85".repeat(DEEP)),
        Pickle::new().raw(&b"(".repeat(DEEP)),
        Pickle::new().raw(b"]q\0").raw(&b"h\0a".repeat(DEEP)),
        Pickle::new().raw(b"N").raw(&b"2\x86".repeat(DEEP)),
        Pickle::new().raw(b"N").raw(&b"q\0h\0h\0\x86".repeat(DEEP)),
    ] {
        refused(&pickle.archive(&[]));
    }
    // Lengths of gigabytes in a few bytes.
    for text in [
        &b"X\xff\xff\xff\xff"[..],
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
        b"B\xff\xff\xff\xff",
        b"\x8a\xff",
    ] {
        refused(&Pickle::new().raw(text).archive(&[]));
    }
    // More values than any model has, in a pickle that is too large in the end.
    assert!(
        refused(&Pickle::new().raw(&b"N".repeat(5 << 20)).archive(&[])).contains("more than 4194304 values")
    );
    assert!(refused(&Pickle::new().raw(&b"N".repeat(33 << 20)).archive(&[])).contains("bytes"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_within_their_bounds_or_refused(
        file in prop::sample::select(vec!["archive.bin", "stream.bin", "wrapped.bin"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = std::fs::read(fixture("torch").join(file)).unwrap();
        let whole = bytes.len();
        for (at, byte) in changes {
            bytes[at.index(whole)] = byte;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(whole));
        }
        match tensors(&bytes) {
            Ok(tensors) => {
                // The end of an archive is its directory's, the end of a stream that of its last storage.
                prop_assert_eq!(bytes.len(), whole);
                prop_assert!(tensors.iter().all(|tensor| tensor.range.end <= whole as u64));
            }
            Err(_) => drop(refused(&bytes)),
        }
    }
}
