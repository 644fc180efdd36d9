//! The legend as it was looked at once and found good.

use super::*;
use crate::figure::kept::assert_as_kept;
use crate::figure::{Scene, Theme};

fn entry(run: usize, style: usize, [name, distinction, details]: [&str; 3], present: bool) -> Entry {
    let [name, distinction, details] = [name, distinction, details].map(str::to_owned);
    Entry { run, style, name, distinction, details, present }
}

#[test]
fn the_legend_is_drawn_as_in_the_picture_kept_of_it() {
    let note = |sign: Sign, text: &str| Note { sign, text: text.to_owned() };
    let legend = Legend {
        entries: vec![
            entry(0, 0, ["gutenberg-1m", "n = 100", "14 checkpoints, last φ 0.41"], true),
            entry(1, 1, ["gutenberg-4m", "n = 50, temperature root × 1.5, seed 3", "one checkpoint"], true),
            entry(2, 0, ["shallow", "", "no layer 4"], false),
        ],
        notes: vec![
            note(Sign::Open, "first estimates on 16 documents"),
            note(Sign::Dashed, "measured under earlier settings"),
            note(Sign::Exclamation, "above the bound: few positions a label"),
        ],
        progress: true,
    };
    let items = column([10.0, 10.0], [190.0, 360.0], &legend, &Theme::Light.inks());
    let scene = Scene { width: 210.0, height: 380.0, items, ..Scene::default() };
    assert_as_kept(&scene, include_str!("../../tests/fixtures/figure/legend.svg"), "legend.svg");
}
