//! Recorded runs: their own settings, text and device, and nothing measured.

use std::path::PathBuf;

use super::tests::*;
use super::*;
use crate::engine::Quality::Complete;
use crate::measures::Order;
use crate::results::{CheckpointResult, Measurement, Outcome, Provenance, RunResults};

fn results(run: &str, settings: Settings, corpus: &str, documents: usize) -> Arc<RunResults> {
    let condition = Condition { settings, text: TextSource::Corpus(corpus.into()) };
    let checkpoint = |(name, outcome): (&str, Outcome)| CheckpointResult {
        run: run.to_owned(),
        name: name.to_owned(),
        step: Some(1),
        tokens: None,
        path: PathBuf::from("/gone/step"),
        provenance: Provenance::of(&condition, [documents, 1], "CPU"),
        outcome,
    };
    let warned = Measurement { warning: Some("unread tensors".to_owned()), ..(*measurement(0.2)).clone() };
    let measured = Outcome::Measured(Box::new(warned));
    let outcomes = [("step", measured), ("broken", Outcome::Failed { error: "cut short".to_owned() })];
    Arc::new(RunResults::new(&condition, outcomes.map(checkpoint).into()).unwrap())
}

#[test]
fn recorded_runs_are_shown_without_being_measured() {
    let own = Settings { max_order: 2, points: 50, ..Settings::default() };
    let results = results("run", own, "/gone/text.jsonl", 40);
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus(PathBuf::from("/text"))));
    state.apply(list(vec![(2, Some(Arc::clone(&results)))]));
    assert!(state.wanted().is_none() && !state.is_busy() && !state.can_resume());
    let told: Vec<_> = state.messages.iter().map(|told| (told.severity, &*told.text)).collect();
    assert_eq!(told, [(Severity::Warning, "unread tensors")]);
    assert_eq!(state.status(key(&state, 0, 0)), Status::Complete);
    assert!(matches!(state.status(key(&state, 0, 1)), Status::Failed(_)));
    assert!(!points(&state, 0)[0].basis.is_stale());
    // Its settings are the ones on screen, and moving them measures nothing but says so.
    assert_eq!((state.settings().max_order, state.settings().points), (2, 50));
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/text.jsonl"));
    let prepared = state.prepared(0).unwrap();
    assert_eq!((prepared.documents, prepared.skipped_documents, prepared.positions), (40, 1, 1000));
    assert!(state.shown_device().contains("CPU"));
    let moved = Settings { points: 60, ..state.settings().clone() };
    for command in [UiCommand::Settings(moved), UiCommand::TogglePin] {
        let before = state.messages.len();
        state.update(command);
        assert!(state.wanted().is_none() && state.pins().is_empty());
        assert_eq!((state.settings().points, state.messages.len()), (50, before + 1));
        assert!(state.messages[before].text.contains("recorded"));
    }
    assert_eq!(points(&state, 0).len(), 1);

    // Beside a run that can be measured, only that one is; its settings and pins are no matter of the recorded one.
    state.apply(list(vec![(1, None), (2, Some(results))]));
    let wants = wanted(&mut state);
    assert!(wants.iter().all(|want| want.checkpoint == key(&state, 0, 0)) && wants.len() == 3);
    state.update(UiCommand::TogglePin);
    state.update(UiCommand::Settings(settings(70)));
    assert_eq!(state.status(key(&state, 1, 0)), Status::Complete);
    assert_eq!(state.status(key(&state, 0, 0)), Status::Waiting);
    let drawn = state.drawn().trajectories.iter().map(|t| (t.run, t.style)).collect::<Vec<_>>();
    assert_eq!(drawn, [(0, 0), (0, 1), (1, 0)]);
}

#[test]
fn settings_of_results_go_with_them() {
    let own = Settings { samples: 64, points: 70, text_field: "body".to_owned(), ..Settings::default() };
    let mut state = State::new(own.clone(), Some(TextSource::Corpus("c.txt".into())));
    let result = |settings: Settings| Some(results("run", settings, "t.txt", 1));
    let narrow = |points: usize| result(Settings { points, max_order: 1, ..Settings::default() });
    state.apply(list(vec![(0, narrow(50)), (0, narrow(300)), (0, narrow(50))]));
    assert!(state.wanted().is_none());
    assert_eq!(state.recorded_settings().iter().map(|s| s.points).collect::<Vec<_>>(), [50, 300]);
    assert_eq!(state.settings().points, 50);
    // An order that any of them has can be shown, whichever comes first.
    state.apply(list(vec![(0, narrow(50)), (0, result(Settings::default()))]));
    state.update(UiCommand::View(PlaneView { order: Order::Quadgram, ..state.view }));
    assert_eq!(state.view.order, Order::Quadgram);
    assert_eq!([0, 1].map(|run| state.settings_of(run).max_order), [1, 4]);
    // Models opened after them are measured under what was asked for, not under what was read.
    state.apply(opened(&[1]));
    assert_eq!(wanted_condition(&mut state).settings, own);
    assert!(state.recorded_settings().is_empty() && *state.initial() == own);
    // Beside a run that can be measured, settings are its own.
    state.apply(list(vec![(1, None), (0, narrow(9))]));
    assert_eq!(wanted_condition(&mut state).settings, own);
}

#[test]
fn results_under_different_conditions_are_told_apart() {
    let n = |points, documents| Some(results("run", settings(points), "/gone/t.txt", documents));
    let mut state = State::new(Settings::default(), None);
    state.apply(list(vec![(2, n(50, 40)), (2, n(100, 40))]));
    assert_eq!(distinctions(&state), ["n = 50", "n = 100"]);
    assert_eq!(state.drawn().trajectories[1].label(), "run 1, n = 100");
    let words = said(&exported(&state));
    assert!(
        words.contains("run 0, n = 50 1 checkpoint") && words.contains("run 1, n = 100 1 checkpoint"),
        "{words}"
    );
    assert!(words.contains("run 0: n = 50; run 1: n = 100"), "in the caption: {words}");
    assert!(!words.contains("each, n = 50") && words.contains("t.txt, 40 documents"));

    // Beside a run that is measured here a recorded one is marked, and says under what.
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus("/books/c.txt".into())));
    state.apply(list(vec![(1, None), (2, n(50, 40))]));
    let condition = present(&state);
    measure(&mut state, &condition, (0, 0), Complete);
    assert_eq!(
        distinctions(&state),
        ["c.txt, 8 documents, n = 100", "recorded, t.txt, 40 documents, n = 50"]
    );
}

#[test]
fn text_and_device_are_those_of_the_recorded_run_in_focus() {
    let of = |corpus| Some(results("run", Settings::default(), corpus, 40));
    let mut state = State::new(Settings::default(), None);
    state.apply(list(vec![(1, of("/gone/a.txt")), (2, of("/gone/b.txt"))]));
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/b.txt"));
    state.update(UiCommand::SetVisible { run: 1, visible: false });
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/a.txt"));
}
