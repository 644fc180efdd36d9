//! Pictures that were looked at once and found good, kept to compare new ones with.

use std::path::Path;

use super::{Scene, svg};

/// Where they lie.
const FOLDER: &str = "tests/fixtures/figure";

/// Asserts that a scene is drawn as in the picture kept of it, `name`.svg. With `INFOPLANE_KEEP` set, the new picture takes
/// its place instead, to be looked at.
#[track_caller]
pub fn assert_as_kept(scene: &Scene, name: &str) {
    let drawn = svg(scene);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(format!("{name}.svg"));
    if std::env::var_os("INFOPLANE_KEEP").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let wrong = drawn.lines().zip(kept.lines()).find(|(drawn, kept)| drawn != kept);
    assert!(
        drawn == kept,
        "{wrong:?}: where the new picture of {name} is as it should be, keep it by INFOPLANE_KEEP=1 cargo test --lib kept"
    );
}
