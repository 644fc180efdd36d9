//! Pictures that were looked at once and found good, kept to compare new ones with.

use super::{Scene, svg};

/// Asserts that a scene is drawn as in the picture `kept` of it, which lies in `tests/fixtures/figure` as `file`.
///
/// Of the strips of a colour bar only the first and the last are compared: those between go from one to the other.
#[track_caller]
pub fn assert_as_kept(scene: &Scene, kept: &str, file: &str) {
    let drawn = svg(scene);
    let is_strip = |line: &&str| line.starts_with("<rect");
    let strips: Vec<&str> = drawn.lines().filter(is_strip).collect();
    let ends = [strips.first(), strips.last()];
    let drawn: Vec<&str> =
        drawn.lines().filter(|line| !is_strip(line) || ends.contains(&Some(line))).collect();
    let kept: Vec<&str> = kept.lines().collect();
    let wrong = drawn.iter().zip(&kept).find(|(drawn, kept)| drawn != kept);
    assert!(
        drawn == kept,
        "{wrong:?}: where the new picture is as it should be, put it in place of tests/fixtures/figure/{file}:\n{}",
        drawn.join("\n")
    );
}
