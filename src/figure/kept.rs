//! Pictures that were looked at once and found good, kept to compare new ones with.

use super::{Scene, svg};

/// Asserts that a scene is drawn as in the picture `kept` of it, which lies in `tests/fixtures/figure` as `file`.
#[track_caller]
pub fn assert_as_kept(scene: &Scene, kept: &str, file: &str) {
    let drawn = svg(scene);
    let wrong = drawn.lines().zip(kept.lines()).find(|(drawn, kept)| drawn != kept);
    assert!(
        drawn == kept,
        "{wrong:?}: where the new picture is as it should be, put it in place of tests/fixtures/figure/{file}:\n{drawn}"
    );
}
