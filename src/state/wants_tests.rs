//! What is wanted: in which order, when it is sent, and what becomes of it when things are cancelled or fail.

use super::tests::*;
use super::*;
use crate::engine::Event;
use crate::engine::Quality::{self, Complete, Honest, Preview};
use crate::error::Kind;

/// Wants as places of checkpoints with their quality.
fn places(state: &State, wants: &[Want]) -> Vec<(usize, usize, Quality)> {
    let place =
        |want: &Want| state.runs.place(want.checkpoint).map(|(run, index)| (run, index, want.quality));
    wants.iter().filter_map(place).collect()
}

#[test]
fn opening_measures_once_a_text_is_known() {
    let mut state = State::new(Settings::default(), None);
    assert!(matches!(state.update(UiCommand::Open(vec!["a".into()])), Some(Command::Open { .. })));
    assert!(state.opening);
    state.apply(opened(&[2]));
    assert!(state.wanted().is_none() && !state.opening && !state.is_busy());
    let text = TextSource::Corpus("c.txt".into());
    state.update(UiCommand::ChooseText(text.clone()));
    let wants = wanted(&mut state);
    assert!(state.is_busy() && wants.iter().all(|want| want.condition.text == text));
    assert!(state.wanted().is_none(), "it is told once");
}

#[test]
fn what_is_seen_comes_first_and_hidden_runs_last() {
    let mut state = open(&[4, 2]);
    state.update(UiCommand::Focus(key(&state, 0, 1)));
    let order = [(0, 1), (1, 1), (0, 2), (0, 0), (1, 0), (0, 3)];
    let of = |order: &[(usize, usize)]| {
        let with = |quality| order.iter().map(move |&(run, index)| (run, index, quality));
        [Preview, Complete, Honest].into_iter().flat_map(with).collect::<Vec<_>>()
    };
    let wants = wanted(&mut state);
    assert_eq!(places(&state, &wants), of(&order));
    state.update(UiCommand::SetVisible { run: 0, visible: false });
    let wants = wanted(&mut state);
    // By then the times are those of the visible run alone, behind which the hidden one's last two stand as near.
    assert_eq!(
        places(&state, &wants),
        [of(&[(1, 1), (1, 0)]), of(&[(0, 1), (0, 2), (0, 3), (0, 0)])].concat()
    );
}

#[test]
fn wants_follow_the_scrubber_while_something_is_left() {
    let mut state = open(&[3]);
    let condition = present(&state);
    let first = |state: &mut State| {
        let wants = wanted(state);
        places(state, &wants)[0].1
    };
    state.update(UiCommand::Time(TimeCommand::Home));
    assert_eq!(first(&mut state), 0);
    state.update(UiCommand::Time(TimeCommand::Home));
    assert!(state.wanted().is_none(), "nothing moved");
    // Playing moves it too.
    state.update(UiCommand::Time(TimeCommand::TogglePlay));
    state.advance(0.25);
    assert_eq!(first(&mut state), 1);
    state.advance(0.01);
    assert!(state.wanted().is_none());
    // What is answered is known to be so at both ends.
    measure(&mut state, &condition, (0, 1), Complete);
    assert!(state.wanted().is_none());
    state.update(UiCommand::Time(TimeCommand::End));
    let wants = wanted(&mut state);
    assert_eq!(wants.len(), 7, "{wants:?}");
    for checkpoint in 0..3 {
        measure(&mut state, &condition, (0, checkpoint), Honest);
    }
    state.update(UiCommand::Time(TimeCommand::Home));
    assert!(state.wanted().is_none() && !state.is_busy(), "a worker that rests has no order to keep");
}

#[test]
fn cancelling_keeps_what_is_finished_until_something_else_is_asked() {
    let mut state = open(&[2]);
    let condition = present(&state);
    measure(&mut state, &condition, (0, 0), Complete);
    state.update(UiCommand::Cancel);
    assert_eq!(wanted(&mut state), []);
    let (checkpoint, error) = (key(&state, 0, 1), Error::cancelled());
    state.apply(Event::CheckpointFailed { condition: Arc::clone(&condition), checkpoint, error });
    state.apply(Event::Idle { costs: None });
    assert_eq!(state.status(key(&state, 0, 0)), Status::Complete);
    assert_eq!(state.status(checkpoint), Status::Waiting);
    assert!(!state.is_busy() && state.can_resume() && !state.only_failures_left());
    state.update(UiCommand::Time(TimeCommand::Home));
    assert!(state.wanted().is_none(), "the scrubber starts nothing");
    assert!(matches!(state.update(UiCommand::Resume), Some(Command::Retry)));
    let wants = wanted(&mut state);
    assert_eq!(places(&state, &wants), [(0, 1, Preview), (0, 1, Complete), (0, 0, Honest), (0, 1, Honest)]);
    state.update(UiCommand::Cancel);
    state.update(UiCommand::Settings(settings(50)));
    assert_eq!(wanted_condition(&mut state).settings.points, 50);
}

#[test]
fn what_failed_is_tried_again_when_asked() {
    let mut state = open(&[2]);
    let condition = present(&state);
    let error = fail(&mut state, &condition, (0, 1));
    assert_eq!(state.status(key(&state, 0, 1)), Status::Failed(error));
    assert!(!state.can_resume(), "the other is being measured");
    measure(&mut state, &condition, (0, 0), Honest);
    assert!(state.wanted().is_none() && state.can_resume() && state.only_failures_left());
    assert!(matches!(state.update(UiCommand::Resume), Some(Command::Retry)));
    assert_eq!(state.status(key(&state, 0, 1)), Status::Waiting);
    assert!(state.is_busy() && !state.can_resume());
    measure(&mut state, &condition, (0, 1), Honest);
    assert!(!state.is_busy() && !state.can_resume());
}

#[test]
fn a_failure_is_of_its_condition_alone() {
    let mut state = open(&[1]);
    let old = present(&state);
    fail(&mut state, &old, (0, 0));
    state.update(UiCommand::Settings(settings(50)));
    assert_eq!(state.status(key(&state, 0, 0)), Status::Waiting);
    assert_eq!(wanted_condition(&mut state).settings.points, 50);
    fail(&mut state, &old, (0, 0));
    assert_eq!(state.status(key(&state, 0, 0)), Status::Waiting, "nobody asks that any more");
}

#[test]
fn a_text_that_cannot_be_read_ends_the_work_and_is_said() {
    let mut state = open(&[2]);
    let condition = present(&state);
    let error = Error::new(Kind::Corpus, "no text").at("c.txt");
    state.apply(Event::ConditionFailed { condition, error: error.clone() });
    assert!(!state.is_busy() && state.can_resume() && state.only_failures_left());
    assert_eq!(state.messages[0].text, "no text: c.txt");
    assert_eq!(state.at_scrubber()[0].content, Content::Failed(error.to_string()));
    assert!(matches!(state.update(UiCommand::Resume), Some(Command::Retry)));
    assert!(state.is_busy());
}

#[test]
fn a_folder_that_cannot_be_opened_leaves_the_open_runs() {
    let mut state = open(&[2]);
    state.update(UiCommand::Open(vec!["/nowhere".into()]));
    state.apply(Event::OpenFailed { error: Error::new(Kind::Folder, "no such folder").at("/nowhere") });
    assert_eq!(wanted(&mut state).len(), 6, "what waited behind the folder is told again");
    assert!(state.is_busy() && !state.opening && state.open_runs().len() == 1);
}

#[test]
fn a_worker_that_is_gone_is_wanted_nothing_of() {
    let mut state = open(&[2]);
    state.worker_stopped(&Error::new(Kind::Device, "the worker has stopped"));
    assert!(!state.is_busy() && !state.can_resume());
    assert_eq!(state.messages[0].text, "the worker has stopped");
}
