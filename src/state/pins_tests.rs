//! Pinned conditions beside the present one.

use super::tests::*;
use super::*;
use crate::engine::Quality::{Complete, Honest, Preview};

/// The trajectories drawn, as run, style and distinction.
fn drawn(state: &State) -> Vec<(usize, usize, &str)> {
    state.drawn().trajectories.iter().map(|t| (t.run, t.style, t.distinction.as_str())).collect()
}

#[test]
fn a_pinned_condition_stays_beside_the_one_tuned() {
    let mut state = open(&[2, 1]);
    let first = present(&state);
    for checkpoint in [(0, 0), (0, 1), (1, 0)] {
        measure(&mut state, &first, checkpoint, Honest);
    }
    state.update(UiCommand::TogglePin);
    assert!(state.is_pinned() && state.wanted().is_none(), "it is measured already");
    assert_eq!(drawn(&state), [(0, 0, ""), (1, 0, "")]);
    state.update(UiCommand::Settings(settings(50)));
    let second = wanted_condition(&mut state);
    measure(&mut state, &second, (0, 0), Complete);
    let told =
        [(0, 0, "8 documents, n = 50"), (0, 1, "n = 100"), (1, 0, "8 documents, n = 50"), (1, 1, "n = 100")];
    let expected = told.map(|(run, style, words)| (run, style, words.trim_start_matches("8 documents, ")));
    assert_eq!(drawn(&state), expected);
    // The pinned trajectories are whole, and nothing of the new ones is stale: it stands beside, not in their place.
    let trajectories = &state.drawn().trajectories;
    assert_eq!([0, 1, 2, 3].map(|place| trajectories[place].points.len()), [1, 2, 0, 1]);
    assert!(trajectories.iter().flat_map(|t| &t.points).all(|point| !point.basis.is_stale()));
    // At the scrubber there is a row each.
    state.update(UiCommand::Time(TimeCommand::Home));
    let rows: Vec<bool> =
        state.at_scrubber().iter().map(|row| matches!(row.content, Content::Numbers(_))).collect();
    assert_eq!(rows, [true, true, false, true]);
    // Counts and lists are of the present condition.
    assert_eq!((state.done(), distinctions(&state)), ((1, 3), vec!["", ""]));
    let words = said(&exported(&state));
    for text in ["run 0, n = 50 1", "run 0, n = 100 2", "run 1, n = 100 1"] {
        assert!(words.contains(text), "in the legend, {text}: {words}");
    }
    assert!(words.contains("run 0: n = 50; run 0, run 1: n = 100"), "in the caption: {words}");

    // A click makes it the present one again; the other is not pinned and stays until it is replaced.
    state.update(UiCommand::Ask(Arc::clone(&first)));
    assert_eq!((state.settings().points, state.draft.points, state.is_pinned()), (100, 100, true));
    assert_eq!(wanted(&mut state), []);
    assert_eq!(drawn(&state), [(0, 0, ""), (1, 0, "")]);
    assert_eq!(state.done(), (3, 3));
    state.update(UiCommand::Unpin(first));
    assert!(state.pins().is_empty() && state.done() == (3, 3), "what is present keeps its numbers");
}

#[test]
fn pinned_conditions_are_measured_after_the_present_one() {
    let mut state = open(&[1, 1]);
    let first = present(&state);
    state.update(UiCommand::TogglePin);
    assert!(state.wanted().is_none());
    state.update(UiCommand::Settings(settings(50)));
    state.update(UiCommand::SetVisible { run: 1, visible: false });
    let wants = wanted(&mut state);
    let told: Vec<_> = wants
        .iter()
        .map(|want| (want.checkpoint == key(&state, 0, 0), want.condition == first, want.quality))
        .collect();
    let of = |visible, pinned| [Preview, Complete, Honest].map(|quality| (visible, pinned, quality));
    assert_eq!(told, [of(true, false), of(true, true), of(false, false), of(false, true)].concat());
    // Unpinned, nothing of it is wanted, and what it has is dropped.
    measure(&mut state, &first, (0, 0), Honest);
    assert!(state.wanted().is_none());
    state.update(UiCommand::Unpin(Arc::clone(&first)));
    assert_eq!(wanted_condition(&mut state).settings.points, 50);
    assert!(!state.has_numbers());
}

#[test]
fn a_pinned_condition_fails_by_itself() {
    let mut state = open(&[1]);
    let first = present(&state);
    state.update(UiCommand::TogglePin);
    state.update(UiCommand::Settings(settings(50)));
    let second = present(&state);
    measure(&mut state, &second, (0, 0), Honest);
    let error = fail(&mut state, &first, (0, 0));
    assert_eq!(state.status(key(&state, 0, 0)), Status::Complete);
    assert_eq!(state.at_scrubber()[1].content, Content::Failed(error.to_string()));
    assert!(!state.is_busy() && state.can_resume() && state.only_failures_left());
}

#[test]
fn no_more_are_pinned_than_can_be_told_apart() {
    let mut state = State::new(Settings::default(), None);
    state.update(UiCommand::TogglePin);
    assert!(state.pins().is_empty() && state.messages[0].text.contains("choose a text first"));
    state.apply(opened(&[1]));
    state.update(UiCommand::ChooseText(TextSource::Corpus("c.txt".into())));
    for points in 10..19 {
        state.update(UiCommand::Settings(settings(points)));
        state.update(UiCommand::TogglePin);
    }
    assert_eq!(state.pins().len(), MOST_PINS);
    assert!(state.messages[1].text.contains("8 settings are pinned"), "{:?}", state.messages);
    // The same button unpins.
    state.update(UiCommand::Ask(Arc::clone(&state.pins()[3])));
    state.update(UiCommand::TogglePin);
    assert_eq!((state.pins().len(), state.is_pinned()), (MOST_PINS - 1, false));
    let words = state.condition_words();
    assert_eq!(words[0].1, "n = 13", "the present one first");
    assert_eq!(
        words.iter().map(|(_, words)| words.as_str()).collect::<std::collections::BTreeSet<_>>().len(),
        8
    );
}

#[test]
fn pins_end_with_the_runs_they_were_made_on() {
    let mut state = open(&[1]);
    state.update(UiCommand::TogglePin);
    state.update(UiCommand::Settings(settings(50)));
    state.update(UiCommand::Open(vec!["b".into()]));
    assert_eq!(state.pins().len(), 1, "until others are open");
    state.apply(opened(&[1]));
    assert!(state.pins().is_empty());
    assert_eq!(wanted_condition(&mut state).settings.points, 50);
}
