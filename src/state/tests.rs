//! The state without a window: events in, commands out.

use std::path::PathBuf;
use std::time::Duration;

use super::messages::MOST_MESSAGES;
use super::*;
use crate::checkpoints::{Checkpoint, Run};
use crate::engine::Event;
use crate::engine::Quality::{self, Complete, Honest, Preview};
use crate::error::Kind;
use crate::figure;
use crate::measures::{Information, Label, LayerMeasures, Order};
use crate::results::{JoinedRun, Measurement, RunResults};
use crate::views::options::Options;
use crate::views::plane::{self, LayerChoice};
use crate::views::snapshot::CheckpointData;

fn run(index: usize, count: usize) -> Run {
    let checkpoint = |index: usize| Checkpoint {
        name: format!("step-{index}"),
        path: PathBuf::new(),
        step: Some(index as u64 * 10),
        tokens: None,
        tokenizer: None,
        reach: Default::default(),
    };
    Run::new(format!("run {index}"), PathBuf::new(), (0..count).map(checkpoint).collect())
}

/// Runs with so many checkpoints, each with the results it was read from.
pub(super) fn list(runs: Vec<(usize, Option<Arc<RunResults>>)>) -> Event {
    let runs = runs.into_iter().enumerate().map(|(index, (count, recorded))| {
        let run = run(index, count);
        let joined = recorded.map(|results| Arc::new(JoinedRun::alone(run.path.clone(), results)));
        (run, joined)
    });
    Event::Opened { runs: Arc::new(RunList::new(runs)) }
}

pub(super) fn opened(counts: &[usize]) -> Event {
    list(counts.iter().map(|&count| (count, None)).collect())
}

pub(super) fn measurement(complexity: f64) -> Arc<Measurement> {
    let labelled = |order: Order| {
        let wider = complexity * order.number() as f64;
        [(Label::Input(order), wider), (Label::Output(order), complexity / 2.0)]
    };
    let labelled = Order::ALL.into_iter().flat_map(labelled);
    let labelled: Vec<_> = labelled.map(|(label, value)| (label, Information::new(value, 0.0))).collect();
    let layer = |layer| LayerMeasures::new(layer, 0.5, labelled.clone());
    Arc::new(Measurement {
        loss: Some(3.0),
        positions: 1000,
        temperature: 0.0135,
        layers: (0..3).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        label_tables: Default::default(),
        convergence: Vec::new(),
        weights: None,
        sample: None,
        warning: None,
    })
}

pub(super) fn present(state: &State) -> Arc<Condition> {
    Arc::clone(state.asked().condition().expect("a text is chosen"))
}

pub(super) fn key(state: &State, run: usize, checkpoint: usize) -> CheckpointKey {
    state.runs.key(run, checkpoint).expect("it is open")
}

/// Numbers come of a checkpoint under a condition.
pub(super) fn measure(
    state: &mut State,
    condition: &Arc<Condition>,
    (run, checkpoint): (usize, usize),
    quality: Quality,
) {
    measure_on(state, condition, (run, checkpoint), 8, quality);
}

fn measure_on(
    state: &mut State,
    condition: &Arc<Condition>,
    (run, checkpoint): (usize, usize),
    documents: usize,
    quality: Quality,
) {
    state.apply(Event::Measured {
        condition: Arc::clone(condition),
        checkpoint: key(state, run, checkpoint),
        measurement: measurement(0.1 + 0.01 * checkpoint as f64),
        documents,
        quality,
        recalled: false,
    });
}

pub(super) fn fail(
    state: &mut State,
    condition: &Arc<Condition>,
    (run, checkpoint): (usize, usize),
) -> Error {
    let error = Error::new(Kind::Weights, "header truncated").at("model.safetensors");
    let (condition, checkpoint) = (Arc::clone(condition), key(state, run, checkpoint));
    state.apply(Event::CheckpointFailed { condition, checkpoint, error: error.clone() });
    error
}

/// What the worker is told that is wanted.
pub(super) fn wanted(state: &mut State) -> Vec<Want> {
    match state.wanted() {
        Some(Command::Want(wants)) => wants,
        other => panic!("expected wants, not {other:?}"),
    }
}

/// The condition of what the worker is told that is wanted, all of it the same.
pub(super) fn wanted_condition(state: &mut State) -> Arc<Condition> {
    let wants = wanted(state);
    assert!(wants.iter().all(|want| want.condition == wants[0].condition), "{wants:?}");
    Arc::clone(&wants[0].condition)
}

pub(super) fn settings(points: usize) -> Settings {
    Settings { points, ..Settings::default() }
}

/// The points of the visible run number `run`.
pub(super) fn points(state: &State, run: usize) -> &[crate::views::plane::PlanePoint] {
    &state.drawn().trajectories[run].points
}

pub(super) fn distinctions(state: &State) -> Vec<&str> {
    state.drawn().runs.iter().map(|run| run.distinction.as_str()).collect()
}

/// What the plane on screen is exported as.
pub(super) fn exported(state: &State) -> String {
    let options = Options { order: state.view.order, layers: state.view.layers, ..Options::default() };
    let chart = (plane::VIEW.chart)(&state.drawn().snapshot, &options).expect("something is measured");
    figure::svg(&figure::layout(&chart, &figure::FigureOptions::default()))
}

/// All that a figure says, its lines joined.
pub(super) fn said(svg: &str) -> String {
    let texts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A state with `counts` checkpoints open, all of them wanted.
pub(super) fn open(counts: &[usize]) -> State {
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus("c.txt".into())));
    state.update(UiCommand::Open(vec!["runs".into()]));
    state.apply(opened(counts));
    wanted(&mut state);
    state
}

#[test]
fn a_checkpoint_goes_from_waiting_to_complete() {
    let mut state = open(&[2]);
    let condition = present(&state);
    assert_eq!(state.status(key(&state, 0, 0)), Status::Waiting);
    state.apply(Event::Progress {
        condition: Arc::clone(&condition),
        checkpoint: key(&state, 0, 0),
        checkpoint_share: 0.5,
        total_share: 0.2,
        remaining: Some(Duration::from_secs(9)),
    });
    assert_eq!(state.status(key(&state, 0, 0)), Status::Measuring(0.5));
    measure(&mut state, &condition, (0, 1), Preview);
    assert_eq!(state.status(key(&state, 0, 1)), Status::Preview);
    measure(&mut state, &condition, (0, 1), Complete);
    assert_eq!(state.status(key(&state, 0, 1)), Status::Complete);
    assert_eq!(state.done(), (1, 2));
    assert!(state.is_busy(), "one is left, and what tells whether to believe the other");
    measure(&mut state, &condition, (0, 1), Honest);
    measure(&mut state, &condition, (0, 0), Honest);
    state.apply(Event::Idle { costs: None });
    assert!(!state.is_busy() && state.progress.is_none());
}

#[test]
fn new_settings_keep_old_points_and_take_old_answers_until_replaced() {
    let mut state = open(&[2]);
    let old = present(&state);
    measure(&mut state, &old, (0, 0), Complete);
    state.update(UiCommand::Settings(settings(50)));
    let new = wanted_condition(&mut state);
    assert_eq!((new.settings.points, old.settings.points), (50, 100));
    assert_eq!(state.status(key(&state, 0, 0)), Status::Waiting);
    assert!(points(&state, 0)[0].basis.is_stale());
    measure(&mut state, &old, (0, 1), Complete);
    assert!(points(&state, 0)[1].basis.is_stale(), "an answer under other settings is better than none");
    measure(&mut state, &new, (0, 0), Complete);
    assert!(!points(&state, 0)[0].basis.is_stale());
    measure(&mut state, &old, (0, 0), Complete);
    assert!(!points(&state, 0)[0].basis.is_stale(), "but not better than one under these");
    state.update(UiCommand::Settings(settings(50)));
    assert!(state.wanted().is_none(), "nothing changed, nothing is measured");
    // Two conditions that came before are not to be compared.
    state.update(UiCommand::Settings(settings(60)));
    let joined: Vec<bool> = points(&state, 0).iter().map(|point| point.joined).collect();
    assert_eq!(joined, [false, false]);
    assert_eq!(points(&state, 0).iter().map(|point| point.basis.earlier).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_slider_that_comes_back_finds_nothing_stale() {
    let mut state = open(&[1]);
    let old = present(&state);
    measure(&mut state, &old, (0, 0), Honest);
    state.update(UiCommand::Settings(settings(50)));
    state.update(UiCommand::Settings(Settings::default()));
    assert_eq!(state.status(key(&state, 0, 0)), Status::Complete);
    assert!(!points(&state, 0)[0].basis.is_stale() && !state.is_busy());
}

#[test]
fn answers_about_replaced_runs_are_dropped() {
    let mut state = open(&[3]);
    let (condition, gone) = (present(&state), key(&state, 0, 2));
    state.update(UiCommand::Open(vec!["b".into()]));
    state.apply(opened(&[1]));
    state.apply(Event::Measured {
        condition,
        checkpoint: gone,
        measurement: measurement(0.1),
        documents: 8,
        quality: Complete,
        recalled: false,
    });
    assert!(!state.has_numbers());
}

#[test]
fn messages_are_said_once_and_dismissed() {
    let mut state = open(&[2]);
    state.apply(Event::OpenFailed { error: Error::new(Kind::Folder, "no such folder").at("/nowhere") });
    let message = state.messages[0].clone();
    assert_eq!((message.severity, message.text.as_str()), (Severity::Error, "no such folder: /nowhere"));
    state.apply(Event::Warning("the GPU was lost".into()));
    state.apply(Event::Warning("the GPU was lost".into()));
    assert_eq!(state.messages.len(), 2, "the same is not said twice");
    state.update(UiCommand::Dismiss(message.number));
    assert_eq!(state.messages.len(), 1);
    for number in 0..100 {
        state.say(Message::new(Severity::Info, number.to_string()));
    }
    assert_eq!(state.messages.len(), MOST_MESSAGES);
}

#[test]
fn order_and_layer_need_no_measurement() {
    let mut state = open(&[1]);
    let condition = present(&state);
    measure(&mut state, &condition, (0, 0), Honest);
    let view = PlaneView { order: Order::Trigram, layers: LayerChoice::Layer(1) };
    state.update(UiCommand::View(view));
    assert!(state.wanted().is_none());
    assert_eq!(state.view, view);
    assert!((points(&state, 0)[0].complexity - 0.3).abs() < 1e-12);
    state.update(UiCommand::View(PlaneView { layers: LayerChoice::Last, ..view }));
    assert_eq!(points(&state, 0).len(), 1);
    assert_eq!(state.last_layer(), Some(2));
    state.update(UiCommand::Settings(Settings { max_order: 2, ..Settings::default() }));
    assert_eq!(state.view.order, Order::Bigram, "an order that is no longer measured is left");
    state.update(UiCommand::View(PlaneView { order: Order::Quadgram, ..view }));
    assert_eq!(state.view.order, Order::Bigram);
}

#[test]
fn a_draft_waits_for_the_field_to_be_let_go() {
    let mut state = open(&[1]);
    let settings = Settings { samples: 7, ..Settings::default() };
    state.update(UiCommand::Draft(settings.clone()));
    assert!(state.wanted().is_none());
    assert_eq!((state.draft.samples, state.settings().samples), (7, 500));
    state.update(UiCommand::Settings(settings));
    assert_eq!(wanted_condition(&mut state).settings.samples, 7);
}

#[test]
fn the_scrubber_marks_current_and_later_points() {
    let mut state = open(&[3, 2]);
    let condition = present(&state);
    for checkpoint in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)] {
        measure(&mut state, &condition, checkpoint, Complete);
    }
    let (first, second) = (key(&state, 0, 1), key(&state, 1, 1));
    state.update(UiCommand::Focus(first));
    assert_eq!(state.current().collect::<Vec<_>>(), [first, second]);
    assert_eq!(state.focus(), Some(first));
    let moments = [0, 1, 2].map(|checkpoint| Moment::of(checkpoint, state.current_of(0)));
    assert_eq!(moments, [Moment::Past, Moment::Current, Moment::Later]);
    state.update(UiCommand::SetVisible { run: 0, visible: false });
    assert_eq!(state.drawn().trajectories.iter().map(|t| t.run).collect::<Vec<_>>(), [1]);
    assert_eq!(state.current().collect::<Vec<_>>(), [second]);
}

#[test]
fn a_run_is_shown_alone_and_all_again() {
    let mut state = open(&[3, 2, 1]);
    let shown = |state: &State| [0, 1, 2].map(|run| state.is_visible(run));
    assert_eq!(state.solo(), None);
    state.update(UiCommand::Solo(1));
    assert_eq!((shown(&state), state.solo()), ([false, true, false], Some(1)));
    assert_eq!(state.scrubber.times().len(), 2, "time is that of what is shown");
    state.update(UiCommand::Solo(2));
    assert_eq!(shown(&state), [false, false, true], "another one alone");
    state.update(UiCommand::Solo(2));
    assert_eq!((shown(&state), state.solo()), ([true; 3], None));
    state.update(UiCommand::Solo(9));
    assert_eq!(shown(&state), [true; 3], "there is no such run");
    assert_eq!(open(&[3]).solo(), None, "of one run there are no others");
}

#[test]
fn what_is_drawn_is_computed_once_after_a_change() {
    let mut state = open(&[3, 2]);
    let condition = present(&state);
    measure(&mut state, &condition, (0, 1), Complete);
    // Computed anew or not, told by the place of what it is made of.
    let drawn = |state: &State| state.drawn().trajectories.as_ptr();
    let before = drawn(&state);
    state.update(UiCommand::Time(TimeCommand::Home));
    state.update(UiCommand::Time(TimeCommand::TogglePlay));
    state.advance(0.5);
    state.update(UiCommand::Say(Message::new(Severity::Info, "a note")));
    state.update(UiCommand::Draft(Settings { samples: 7, ..Settings::default() }));
    assert_eq!(drawn(&state), before);
    assert_eq!((state.done(), state.drawn().marks[1]), ((1, 5), Mark::Waiting));
    measure(&mut state, &condition, (1, 1), Complete);
    assert_eq!((state.done(), state.drawn().marks[1]), ((2, 5), Mark::Measured));
    for command in [
        UiCommand::View(PlaneView { order: Order::Bigram, ..state.view }),
        UiCommand::SetVisible { run: 1, visible: false },
        UiCommand::TogglePin,
        UiCommand::Settings(settings(50)),
        UiCommand::Unpin(condition),
    ] {
        let (before, pinned) = (state.drawn().trajectories.clone(), state.is_pinned());
        state.update(command.clone());
        // A pin changes nothing until the settings do.
        assert_eq!(
            state.drawn().trajectories == before,
            state.is_pinned() != pinned && state.is_pinned(),
            "{command:?}"
        );
    }
}

#[test]
fn no_line_leaves_out_a_checkpoint_still_to_come() {
    let mut state = open(&[4]);
    let condition = present(&state);
    for checkpoint in [0, 1, 3] {
        measure(&mut state, &condition, (0, checkpoint), Preview);
    }
    let joined = |state: &State| points(state, 0).iter().map(|p| p.joined).collect::<Vec<_>>();
    assert_eq!(joined(&state), [false, true, false]);
    // One that failed never comes.
    fail(&mut state, &condition, (0, 2));
    assert_eq!(joined(&state), [false, true, true]);
}

#[test]
fn no_line_joins_points_on_different_numbers_of_documents() {
    let mut state = open(&[5]);
    let condition = present(&state);
    for (checkpoint, documents, quality) in
        [(0, 64, Complete), (1, 64, Complete), (2, 16, Preview), (3, 16, Preview), (4, 64, Preview)]
    {
        measure_on(&mut state, &condition, (0, checkpoint), documents, quality);
    }
    let joined = |state: &State| points(state, 0).iter().map(|p| p.joined).collect::<Vec<_>>();
    assert_eq!(joined(&state), [false, true, false, true, false]);
    for checkpoint in 2..5 {
        measure_on(&mut state, &condition, (0, checkpoint), 64, Complete);
    }
    assert_eq!(joined(&state), [false, true, true, true, true]);
    // Checkpoints done at a tolerance need not have read as many documents as each other.
    measure_on(&mut state, &condition, (0, 2), 16, Complete);
    assert_eq!(joined(&state), [false, true, true, true, true]);
}

#[test]
fn a_figure_exported_while_measuring_tells_first_estimates_from_final_points() {
    let mut state = open(&[4]);
    let condition = present(&state);
    for checkpoint in 0..4 {
        measure_on(&mut state, &condition, (0, checkpoint), 16, Preview);
    }
    let svg = exported(&state);
    let words = said(&svg);
    assert!(words.contains("4 checkpoints first estimates on 16 documents"), "in the legend: {words}");
    assert!(!words.contains("500 documents"), "what is not read yet is not claimed");
    assert_eq!(svg.matches(" · first estimate</title>").count(), 4);
    for checkpoint in 0..4 {
        measure_on(&mut state, &condition, (0, checkpoint), 480, Complete);
    }
    let words = said(&exported(&state));
    assert!(!words.contains("first estimate"));
    assert!(words.contains("c.txt, 480 documents, up to 512 tokens each, n = 100"), "{words}");
}

#[test]
fn a_figure_exported_after_a_change_tells_stale_answers() {
    let mut state = open(&[3]);
    let condition = present(&state);
    for checkpoint in 0..3 {
        measure(&mut state, &condition, (0, checkpoint), Complete);
    }
    assert!(!exported(&state).contains("stroke-dasharray=\"2 2\""));
    state.update(UiCommand::Settings(settings(50)));
    let svg = exported(&state);
    assert!(svg.contains("stroke-dasharray=\"2 2\""));
    let words = said(&svg);
    assert!(words.contains("3 checkpoints measured under earlier settings"), "in the legend: {words}");
    assert_eq!(svg.matches(" · measured under earlier settings</title>").count(), 3);
    // A stale point and a fresh one are not to be compared.
    let condition = present(&state);
    measure(&mut state, &condition, (0, 1), Complete);
    assert!(points(&state, 0).iter().all(|point| !point.joined));
}

#[test]
fn failed_checkpoints_are_counted_apart_and_shown_with_their_error() {
    let mut state = open(&[2, 1]);
    let condition = present(&state);
    let error = fail(&mut state, &condition, (0, 1));
    measure(&mut state, &condition, (0, 0), Complete);
    assert_eq!((state.done(), state.drawn().counts().failed), ((2, 3), 1));
    state.update(UiCommand::Time(TimeCommand::End));
    let shown = state.at_scrubber();
    assert_eq!((shown[0].checkpoint, shown[0].trajectory), (key(&state, 0, 1), 0));
    assert_eq!(shown[0].content, Content::Failed(error.to_string()));
    assert_eq!(shown[1].content, Content::Nothing("Being measured…".to_owned()));
    state.update(UiCommand::Time(TimeCommand::Home));
    let shown = &state.at_scrubber()[0];
    assert_eq!(shown.checkpoint, key(&state, 0, 0));
    assert!(matches!(shown.content, Content::Numbers(_)));
}

#[test]
fn a_run_without_the_layer_says_so() {
    let mut state = open(&[1, 1]);
    let condition = present(&state);
    measure(&mut state, &condition, (0, 0), Complete);
    let mut deep = (*measurement(0.1)).clone();
    deep.layers.extend((3..6).map(|layer| LayerMeasures { layer: Some(layer), ..deep.mean.clone() }));
    let (measurement, checkpoint) = (Arc::new(deep), key(&state, 1, 0));
    let (documents, quality, recalled) = (8, Complete, false);
    state.apply(Event::Measured { condition, checkpoint, measurement, documents, quality, recalled });
    assert_eq!((state.last_layer(), state.last_common_layer()), (Some(5), Some(2)));
    state.update(UiCommand::View(PlaneView { order: Order::Token, layers: LayerChoice::Layer(4) }));
    let absences: Vec<_> = state.drawn().trajectories.iter().map(|t| t.absence.as_deref()).collect();
    assert_eq!(absences, [Some("no layer 4"), None]);
    assert_eq!(state.at_scrubber()[0].content, Content::Nothing("no layer 4".to_owned()));
    let words = said(&exported(&state));
    assert!(words.contains("run 0 no layer 4 run 1"), "in the legend: {words}");
    assert!(words.contains("Not drawn: run 0, no layer 4"), "in the caption: {words}");
    state.update(UiCommand::View(PlaneView { order: Order::Token, layers: LayerChoice::Last }));
    assert!(state.drawn().trajectories.iter().all(|t| t.points.len() == 1), "every model has a last layer");
}

#[test]
fn a_borrowed_text_is_known_as_such() {
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus("demo.jsonl".into())));
    state.demo_text = true;
    assert!(!state.borrows_text(), "nothing is open");
    state.opening_demo = true;
    state.apply(opened(&[1]));
    assert!(!state.borrows_text(), "the demo's runs and the demo's text belong together");
    state.update(UiCommand::Open(vec!["mine".into()]));
    state.apply(opened(&[1]));
    assert!(state.borrows_text());
    state.update(UiCommand::ChooseText(TextSource::Corpus("mine.txt".into())));
    assert!(!state.borrows_text());
}

#[test]
fn views_draw_what_is_known_of_the_visible_runs() {
    let mut state = open(&[4, 2]);
    let before = present(&state);
    measure(&mut state, &before, (0, 0), Complete);
    measure(&mut state, &before, (0, 1), Preview);
    fail(&mut state, &before, (0, 2));
    measure(&mut state, &before, (1, 0), Complete);
    let data = |state: &State, run: usize| {
        let snapshot = Arc::clone(&state.drawn().snapshot);
        let run = snapshot.runs().nth(run).expect("it is visible");
        let of = |data: &CheckpointData| match data {
            CheckpointData::Pending => "pending".to_owned(),
            CheckpointData::Failed => "failed".to_owned(),
            CheckpointData::Measured(_, basis) => {
                format!("{} {} {}", basis.documents, basis.complete, basis.is_stale())
            }
        };
        run.data.checkpoints.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(data(&state, 0), ["8 true false", "8 false false", "failed", "pending"]);
    let snapshot = Arc::clone(&state.drawn().snapshot);
    state.update(UiCommand::Time(TimeCommand::Home));
    assert!(Arc::ptr_eq(&snapshot, &state.drawn().snapshot), "the scrubber makes nothing anew");

    // Under other settings what was known stays in sight as stale; what failed may come yet.
    state.update(UiCommand::Settings(settings(50)));
    assert_eq!(data(&state, 0), ["8 true true", "8 false true", "pending", "pending"]);

    // A run left keeps its number, which decides its colour.
    state.update(UiCommand::SetVisible { run: 0, visible: false });
    let subjects = Arc::clone(state.drawn().snapshot.subjects());
    assert_eq!(
        subjects.runs.iter().map(|run| (run.run, run.name.as_str())).collect::<Vec<_>>(),
        [(1, "run 1")]
    );
    assert_eq!(subjects.runs[0].checkpoints[1].step, Some(10));
}
