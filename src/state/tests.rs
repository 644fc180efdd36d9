//! The state without a window: events in, commands out.

use std::path::PathBuf;
use std::time::Duration;

use super::messages::MOST_MESSAGES;
use super::*;
use crate::checkpoints::Checkpoint;
use crate::engine::{CheckpointId, Request};
use crate::error::{Error, Kind};
use crate::measures::{Information, Label, LayerMeasures, Order};
use crate::results::{CheckpointResult, Measurement, Outcome, ResultSettings, Results};

fn runs(counts: &[usize]) -> Arc<Vec<Run>> {
    let checkpoint = |index: usize| Checkpoint {
        name: format!("step-{index}"),
        path: PathBuf::new(),
        step: Some(index as u64 * 10),
        tokens: None,
        tokenizer: None,
        root: PathBuf::new(),
    };
    let run = |(index, &count): (usize, &usize)| Run {
        name: format!("run {index}"),
        path: PathBuf::new(),
        checkpoints: (0..count).map(checkpoint).collect(),
        missing: Vec::new(),
    };
    Arc::new(counts.iter().enumerate().map(run).collect())
}

fn measurement(complexity: f64) -> Arc<Measurement> {
    let labelled = |order: Order| {
        let wider = complexity * order.number() as f64;
        [(Label::Input(order), wider), (Label::Output(order), complexity / 2.0)]
    };
    let labelled = Order::ALL.into_iter().flat_map(labelled);
    let labelled: Vec<_> = labelled.map(|(label, value)| (label, Information::new(value, 0.0))).collect();
    let layer = |layer| LayerMeasures::new(layer, 0.5, labelled.clone());
    Arc::new(Measurement {
        loss: 3.0,
        positions: 1000,
        temperature: 0.0135,
        layers: (0..3).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        convergence: Vec::new(),
        weights: None,
        sample: None,
    })
}

fn opened(counts: &[usize]) -> Event {
    Event::Opened { runs: runs(counts), recorded: vec![None; counts.len()] }
}

fn id(run: usize, checkpoint: usize) -> CheckpointId {
    CheckpointId { run, checkpoint }
}

fn measured(generation: u64, checkpoint: CheckpointId, complete: bool) -> Event {
    measured_on(generation, checkpoint, 8, complete)
}

fn measured_on(generation: u64, checkpoint: CheckpointId, documents: usize, complete: bool) -> Event {
    let measurement = measurement(0.1 + 0.01 * checkpoint.checkpoint as f64);
    Event::Measured { generation, checkpoint, measurement, documents, complete, recalled: false }
}

/// The points of the visible run number `run`.
fn points(state: &State, run: usize) -> &[crate::views::plane::PlanePoint] {
    &state.drawn().trajectories[run].points
}

fn distinctions(state: &State) -> Vec<&str> {
    state.drawn().runs.iter().map(|run| run.distinction.as_str()).collect()
}

/// What the plane on screen is exported as.
fn exported(state: &State) -> String {
    crate::figure::svg(&state.scene().expect("something is measured"))
}

/// All that a figure says, its lines joined.
fn said(svg: &str) -> String {
    let texts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn results(run: &str, settings: Settings, corpus: &str, documents: usize) -> Arc<Results> {
    let settings = ResultSettings {
        settings,
        corpus: PathBuf::from(corpus),
        documents,
        skipped_documents: 1,
        device: "CPU".to_owned(),
        version: "0".to_owned(),
    };
    let checkpoint = |outcome| CheckpointResult {
        run: run.to_owned(),
        name: "step".to_owned(),
        step: Some(1),
        tokens: None,
        path: PathBuf::from("/gone/step"),
        outcome,
    };
    let measured = Outcome::Measured(Box::new((*measurement(0.2)).clone()));
    let outcomes = [measured, Outcome::Failed { error: "cut short".to_owned() }];
    Arc::new(Results { settings, checkpoints: outcomes.map(checkpoint).into() })
}

fn request(commands: Vec<Command>) -> Request {
    match <[Command; 1]>::try_from(commands) {
        Ok([Command::Measure(request)]) => request,
        other => panic!("expected one measurement, not {other:?}"),
    }
}

/// A state with `counts` checkpoints open and the first request on its way.
fn open(counts: &[usize]) -> State {
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus("c.txt".into())));
    state.update(UiCommand::Open(vec!["runs".into()]));
    request(state.apply(opened(counts)));
    state
}

#[test]
fn opening_measures_once_a_text_is_known() {
    let mut state = State::new(Settings::default(), None);
    assert!(matches!(state.update(UiCommand::Open(vec!["a".into()]))[..], [Command::Open { .. }]));
    assert!(state.opening);
    assert!(state.apply(opened(&[2])).is_empty());
    assert!(!state.opening && !state.busy);
    let text = TextSource::Corpus("c.txt".into());
    let request = request(state.update(UiCommand::ChooseText(text.clone())));
    assert_eq!((request.generation, request.text), (state.generation, text));
    assert_eq!(request.focus, Some(id(0, 1)), "what the scrubber stands on comes first");
    assert!(request.interactive && state.busy);
}

#[test]
fn a_checkpoint_goes_from_waiting_to_complete() {
    let mut state = open(&[2]);
    let generation = state.generation;
    assert_eq!(state.status(id(0, 0)), Status::Waiting);
    let left = Some(Duration::from_secs(9));
    state.apply(Event::Progress {
        generation,
        checkpoint: id(0, 0),
        checkpoint_share: 0.5,
        total_share: 0.2,
        left,
    });
    assert_eq!(state.status(id(0, 0)), Status::Measuring(0.5));
    state.apply(measured(generation, id(0, 1), false));
    assert_eq!(state.status(id(0, 1)), Status::Preview);
    state.apply(measured(generation, id(0, 1), true));
    assert_eq!(state.status(id(0, 1)), Status::Complete);
    assert_eq!(state.done(), (1, 2));
    state.apply(Event::Idle { generation, cancelled: false, costs: None });
    assert!(!state.busy && state.progress.is_none());
}

#[test]
fn a_new_request_keeps_old_points_and_takes_old_answers_until_replaced() {
    let mut state = open(&[2]);
    let old = state.generation;
    state.apply(measured(old, id(0, 0), true));
    let settings = Settings { points: 50, ..Settings::default() };
    let request = request(state.update(UiCommand::Settings(settings.clone())));
    assert!(request.generation > old);
    assert_eq!(request.settings, settings);
    assert_eq!(state.status(id(0, 0)), Status::Waiting);
    assert!(points(&state, 0)[0].basis.stale);
    state.apply(measured(old, id(0, 1), true));
    assert!(points(&state, 0)[1].basis.stale, "an answer to an older request is better than none");
    state.apply(measured(request.generation, id(0, 0), true));
    assert!(!points(&state, 0)[0].basis.stale);
    state.apply(measured(old, id(0, 0), true));
    assert!(!points(&state, 0)[0].basis.stale, "but not better than a newer one");
    assert!(state.update(UiCommand::Settings(settings)).is_empty(), "nothing changed, nothing is measured");
}

#[test]
fn answers_about_replaced_runs_are_dropped() {
    let mut state = open(&[3]);
    let old = state.generation;
    state.update(UiCommand::Open(vec!["b".into()]));
    state.apply(opened(&[1]));
    state.apply(measured(old, id(0, 0), true));
    state.apply(measured(old, id(7, 7), true));
    assert_eq!(state.status(id(0, 0)), Status::Waiting);
}

#[test]
fn a_failed_checkpoint_says_why_and_a_new_request_tries_again() {
    let mut state = open(&[2]);
    let error = Error::new(Kind::Weights, "header truncated").at("model.safetensors");
    let generation = state.generation;
    state.apply(Event::CheckpointFailed { generation, checkpoint: id(0, 1), error: error.clone() });
    assert_eq!(state.status(id(0, 1)), Status::Failed(error));
    assert_eq!(state.done(), (1, 2));
    request(state.update(UiCommand::Resume));
    assert_eq!(state.status(id(0, 1)), Status::Waiting);
}

#[test]
fn a_failed_request_is_said_and_ends_the_work() {
    let mut state = open(&[2]);
    let error = Error::new(Kind::Corpus, "no text").at("c.txt");
    state.apply(Event::Failed { generation: None, error });
    assert!(!state.busy);
    let message = state.messages[0].clone();
    assert_eq!((message.severity, message.text.as_str()), (Severity::Error, "no text: c.txt"));
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
fn a_folder_that_cannot_be_opened_leaves_the_open_runs() {
    let mut state = open(&[2]);
    let before = state.generation;
    state.update(UiCommand::Open(vec!["/nowhere".into()]));
    let error = Error::new(Kind::Folder, "no such folder").at("/nowhere");
    let asked = request(state.apply(Event::Failed { generation: None, error }));
    assert!(asked.generation > before && state.busy && !state.opening);
    assert_eq!(state.runs.len(), 1);
}

#[test]
fn order_and_layer_need_no_measurement() {
    let mut state = open(&[1]);
    let generation = state.generation;
    state.apply(measured(generation, id(0, 0), true));
    let view = PlaneView { order: Order::Trigram, layers: LayerChoice::Layer(1) };
    assert!(state.update(UiCommand::View(view)).is_empty());
    assert_eq!((state.view, state.generation), (view, generation));
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
    assert!(state.update(UiCommand::Draft(settings.clone())).is_empty());
    assert_eq!((state.draft.samples, state.settings.samples), (7, 500));
    assert_eq!(request(state.update(UiCommand::Settings(settings))).settings.samples, 7);
}

#[test]
fn the_scrubber_marks_current_and_later_points() {
    let mut state = open(&[3, 2]);
    let generation = state.generation;
    for checkpoint in state.ids().collect::<Vec<_>>() {
        state.apply(measured(generation, checkpoint, true));
    }
    state.update(UiCommand::Focus(id(0, 1)));
    assert_eq!(state.current().collect::<Vec<_>>(), [id(0, 1), id(1, 1)]);
    assert_eq!(state.focus(), Some(id(0, 1)));
    let moments = [0, 1, 2].map(|checkpoint| Moment::of(checkpoint, state.current_of(0)));
    assert_eq!(moments, [Moment::Past, Moment::Current, Moment::Later]);
    state.update(UiCommand::SetVisible { run: 0, visible: false });
    assert_eq!(state.drawn().trajectories.iter().map(|t| t.run).collect::<Vec<_>>(), [1]);
    assert_eq!(state.current().collect::<Vec<_>>(), [id(1, 1)]);
}

#[test]
fn what_is_drawn_is_computed_once_after_a_change() {
    let mut state = open(&[3, 2]);
    let generation = state.generation;
    state.apply(measured(generation, id(0, 1), true));
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
    state.apply(measured(generation, id(1, 1), true));
    assert_eq!((state.done(), state.drawn().marks[1]), ((2, 5), Mark::Measured));
    for command in [
        UiCommand::View(PlaneView { order: Order::Bigram, ..state.view }),
        UiCommand::SetVisible { run: 1, visible: false },
        UiCommand::Settings(Settings { points: 50, ..Settings::default() }),
    ] {
        let before = state.drawn().trajectories.clone();
        state.update(command.clone());
        assert_ne!(state.drawn().trajectories, before, "{command:?}");
    }
}

#[test]
fn no_line_leaves_out_a_checkpoint_still_to_come() {
    let mut state = open(&[4]);
    let generation = state.generation;
    for checkpoint in [0, 1, 3] {
        state.apply(measured(generation, id(0, checkpoint), false));
    }
    let joined = |state: &State| points(state, 0).iter().map(|p| p.joined).collect::<Vec<_>>();
    assert_eq!(joined(&state), [false, true, false]);
    // One that failed never comes.
    let error = Error::new(Kind::Weights, "header truncated");
    state.apply(Event::CheckpointFailed { generation, checkpoint: id(0, 2), error });
    assert_eq!(joined(&state), [false, true, true]);
}

#[test]
fn cancelling_keeps_what_is_finished() {
    let mut state = open(&[2]);
    let generation = state.generation;
    state.apply(measured(generation, id(0, 0), true));
    assert!(matches!(state.update(UiCommand::Cancel)[..], [Command::Cancel]));
    let cancelled = Event::CheckpointFailed { generation, checkpoint: id(0, 1), error: Error::cancelled() };
    state.apply(cancelled);
    state.apply(Event::Idle { generation, cancelled: true, costs: None });
    assert_eq!((state.status(id(0, 0)), state.status(id(0, 1))), (Status::Complete, Status::Waiting));
    assert!(state.update(UiCommand::Cancel).is_empty(), "nothing is left to cancel");
}

#[test]
fn recorded_runs_are_shown_without_being_measured() {
    let settings = Settings { max_order: 2, points: 50, ..Settings::default() };
    let results = results("run", settings, "/gone/text.jsonl", 40);
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus(PathBuf::from("/text"))));
    let commands = state.apply(Event::Opened { runs: runs(&[2]), recorded: vec![Some(results)] });
    assert!(commands.is_empty() && !state.busy);
    assert_eq!(state.status(id(0, 0)), Status::Complete);
    assert!(matches!(state.status(id(0, 1)), Status::Failed(_)));
    assert!(!points(&state, 0)[0].basis.stale);
    // Its settings are the ones on screen, and moving them measures nothing but says so.
    assert_eq!((state.settings.max_order, state.settings.points), (2, 50));
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/text.jsonl"));
    assert!(state.shown_device().contains("CPU") && state.run_states[0].prepared == Some((40, 1, 1000)));
    let moved = Settings { points: 60, ..state.settings.clone() };
    assert!(state.update(UiCommand::Settings(moved)).is_empty());
    assert_eq!(state.settings.points, 50);
    assert!(state.messages.iter().any(|message| message.text.contains("recorded")));
    assert_eq!(points(&state, 0).len(), 1);

    // Beside a run that can be measured, only that one is.
    let recorded = vec![None, state.run_states[0].recorded.clone()];
    let commands = state.apply(Event::Opened { runs: runs(&[1, 2]), recorded });
    assert_eq!(commands.len(), 1);
    assert_eq!(state.status(id(1, 0)), Status::Complete);
    assert_eq!(state.status(id(0, 0)), Status::Waiting);
}

#[test]
fn what_comes_on_screen_is_told_to_a_worker_that_measures() {
    let mut state = open(&[4, 2]);
    let focus =
        |checkpoint, hidden: &[usize]| Focus { checkpoint: Some(checkpoint), hidden: hidden.to_vec() };
    let told = |commands: Vec<Command>| match <[Command; 1]>::try_from(commands) {
        Ok([Command::Focus(focus)]) => focus,
        other => panic!("expected the focus, not {other:?}"),
    };
    assert_eq!(told(state.update(UiCommand::Focus(id(0, 2)))), focus(id(0, 2), &[]));
    assert!(state.update(UiCommand::Focus(id(0, 2))).is_empty(), "nothing moved");
    assert_eq!(told(state.update(UiCommand::Time(TimeCommand::Home))), focus(id(0, 0), &[]));
    // Playing moves it too.
    state.update(UiCommand::Time(TimeCommand::TogglePlay));
    assert_eq!(told(state.advance(0.25)), focus(id(0, 1), &[]));
    assert!(state.advance(0.01).is_empty());
    assert_eq!(told(state.update(UiCommand::SetVisible { run: 0, visible: false })), focus(id(1, 1), &[0]));
    // A new request names its checkpoint itself, but not what is hidden.
    let asked = state.update(UiCommand::Settings(Settings { points: 50, ..Settings::default() }));
    assert!(matches!(&asked[..], [Command::Measure(request), Command::Focus(sent)]
        if request.focus == Some(id(1, 1)) && *sent == focus(id(1, 1), &[0])));
    // A worker that rests has no order to keep.
    state.apply(Event::Idle { generation: state.generation, cancelled: false, costs: None });
    assert!(state.update(UiCommand::Time(TimeCommand::Home)).is_empty());
}

#[test]
fn what_failed_can_be_resumed_when_the_rest_is_complete() {
    let mut state = open(&[2]);
    let generation = state.generation;
    assert!(!state.can_resume(), "it is being measured");
    state.apply(measured(generation, id(0, 0), true));
    state.apply(Event::Idle { generation, cancelled: true, costs: None });
    assert!(state.can_resume() && !state.only_failures_left());
    request(state.update(UiCommand::Resume));
    let generation = state.generation;
    state.apply(measured(generation, id(0, 0), true));
    let error = Error::new(Kind::Weights, "header truncated");
    state.apply(Event::CheckpointFailed { generation, checkpoint: id(0, 1), error });
    state.apply(Event::Idle { generation, cancelled: false, costs: None });
    assert!(state.can_resume() && state.only_failures_left());
    request(state.update(UiCommand::Resume));
    let generation = state.generation;
    for checkpoint in [id(0, 0), id(0, 1)] {
        state.apply(measured(generation, checkpoint, true));
    }
    state.apply(Event::Idle { generation, cancelled: false, costs: None });
    assert!(!state.can_resume());
}

#[test]
fn settings_of_results_go_with_them() {
    let own = Settings { samples: 64, points: 70, text_field: "body".to_owned(), ..Settings::default() };
    let mut state = State::new(own.clone(), Some(TextSource::Corpus("c.txt".into())));
    let result = |points: usize| {
        let settings = ResultSettings {
            settings: Settings { points, max_order: 1, ..Settings::default() },
            corpus: PathBuf::new(),
            documents: 1,
            skipped_documents: 0,
            device: String::new(),
            version: String::new(),
        };
        Some(Arc::new(Results { settings, checkpoints: Vec::new() }))
    };
    let recorded = vec![result(50), result(300), result(50)];
    assert!(state.apply(Event::Opened { runs: runs(&[0, 0, 0]), recorded }).is_empty());
    assert_eq!(state.recorded_settings().iter().map(|s| s.points).collect::<Vec<_>>(), [50, 300]);
    assert_eq!(state.settings.points, 50);
    // An order that any of them has can be shown, whichever comes first.
    let wide = Results {
        settings: ResultSettings { settings: Settings::default(), ..ResultSettings::default() },
        checkpoints: Vec::new(),
    };
    let recorded = vec![result(50), Some(Arc::new(wide))];
    state.apply(Event::Opened { runs: runs(&[0, 0]), recorded });
    state.update(UiCommand::View(PlaneView { order: Order::Quadgram, ..state.view }));
    assert_eq!(state.view.order, Order::Quadgram);
    assert_eq!([0, 1].map(|run| state.settings_of(run).max_order), [1, 4]);
    // Models opened after them are measured under what was asked for, not under what was read.
    assert_eq!(request(state.apply(opened(&[1]))).settings, own);
    assert!(state.recorded_settings().is_empty() && *state.initial() == own);
    // Beside a run that can be measured, settings are its own.
    assert_eq!(
        request(state.apply(Event::Opened { runs: runs(&[1, 0]), recorded: vec![None, result(9)] })).settings,
        own
    );
}

#[test]
fn no_line_joins_points_on_different_numbers_of_documents() {
    let mut state = open(&[5]);
    let generation = state.generation;
    for (checkpoint, documents, complete) in
        [(0, 64, true), (1, 64, true), (2, 16, false), (3, 16, false), (4, 64, false)]
    {
        state.apply(measured_on(generation, id(0, checkpoint), documents, complete));
    }
    let joined = |state: &State| points(state, 0).iter().map(|p| p.joined).collect::<Vec<_>>();
    assert_eq!(joined(&state), [false, true, false, true, false]);
    for checkpoint in 2..5 {
        state.apply(measured_on(generation, id(0, checkpoint), 64, true));
    }
    assert_eq!(joined(&state), [false, true, true, true, true]);
    // Checkpoints done at a tolerance need not have read as many documents as each other.
    state.apply(measured_on(generation, id(0, 2), 16, true));
    assert_eq!(joined(&state), [false, true, true, true, true]);
}

#[test]
fn a_figure_exported_while_measuring_tells_first_estimates_from_final_points() {
    let mut state = open(&[4]);
    let generation = state.generation;
    for checkpoint in 0..4 {
        state.apply(measured_on(generation, id(0, checkpoint), 16, false));
    }
    let svg = exported(&state);
    let words = said(&svg);
    assert!(words.contains("first estimates on 16 documents training progress"), "in the legend: {words}");
    assert!(words.contains("Open marks: first estimates on 16 documents"), "in the caption: {words}");
    assert!(!words.contains("500 documents"), "what is not read yet is not claimed");
    assert_eq!(svg.matches(" · first estimate on 16 documents</title>").count(), 4);
    for checkpoint in 0..4 {
        state.apply(measured_on(generation, id(0, checkpoint), 480, true));
    }
    let words = said(&exported(&state));
    assert!(!words.contains("first estimate"));
    assert!(words.contains("c.txt, 480 documents, up to 512 tokens each, n = 100"), "{words}");
}

#[test]
fn a_figure_exported_after_a_change_tells_stale_answers() {
    let mut state = open(&[3]);
    let generation = state.generation;
    for checkpoint in 0..3 {
        state.apply(measured(generation, id(0, checkpoint), true));
    }
    assert!(!exported(&state).contains("stroke-dasharray=\"3 3\""));
    request(state.update(UiCommand::Settings(Settings { points: 50, ..Settings::default() })));
    let svg = exported(&state);
    assert!(svg.contains("stroke-dasharray=\"3 3\""));
    let words = said(&svg);
    assert!(words.contains("measured under earlier settings training progress"), "in the legend: {words}");
    assert!(
        words.contains("Open marks with dashed lines: measured under earlier settings"),
        "in the caption: {words}"
    );
    assert_eq!(svg.matches(" · measured under earlier settings</title>").count(), 3);
    // A stale point and a fresh one are not to be compared.
    let generation = state.generation;
    state.apply(measured(generation, id(0, 1), true));
    assert!(points(&state, 0).iter().all(|point| !point.joined));
}

#[test]
fn asking_the_same_again_makes_nothing_stale() {
    let mut state = open(&[2]);
    let generation = state.generation;
    state.apply(measured(generation, id(0, 0), true));
    state.update(UiCommand::Cancel);
    let asked = request(state.update(UiCommand::Resume)).generation;
    assert!(asked > generation);
    assert_eq!(state.status(id(0, 0)), Status::Complete);
    state.apply(measured(asked, id(0, 1), true));
    assert!(points(&state, 0)[1].joined && !points(&state, 0)[0].basis.stale);
}

#[test]
fn failed_checkpoints_are_counted_apart_and_shown_with_their_error() {
    let mut state = open(&[2, 1]);
    let generation = state.generation;
    let error = Error::new(Kind::Weights, "header truncated").at("model.safetensors");
    state.apply(Event::CheckpointFailed { generation, checkpoint: id(0, 1), error: error.clone() });
    state.apply(measured(generation, id(0, 0), true));
    assert_eq!((state.done(), state.drawn().counts().failed), ((2, 3), 1));
    state.update(UiCommand::Time(TimeCommand::End));
    let shown = state.at_scrubber();
    assert_eq!(shown[0], (id(0, 1), AtScrubber::Failed(error.to_string())));
    assert_eq!(shown[1], (id(1, 0), AtScrubber::Nothing("Being measured…".to_owned())));
    state.update(UiCommand::Time(TimeCommand::Home));
    assert!(matches!(&state.at_scrubber()[0].1, AtScrubber::Point(shown) if shown.id == id(0, 0)));
}

#[test]
fn a_run_without_the_layer_says_so() {
    let mut state = open(&[1, 1]);
    let generation = state.generation;
    state.apply(measured(generation, id(0, 0), true));
    let mut deep = (*measurement(0.1)).clone();
    deep.layers.extend((3..6).map(|layer| LayerMeasures { layer: Some(layer), ..deep.mean.clone() }));
    let (measurement, checkpoint) = (Arc::new(deep), id(1, 0));
    let (documents, complete, recalled) = (8, true, false);
    state.apply(Event::Measured { generation, checkpoint, measurement, documents, complete, recalled });
    assert_eq!((state.last_layer(), state.last_common_layer()), (Some(5), Some(2)));
    state.update(UiCommand::View(PlaneView { order: Order::Token, layers: LayerChoice::Layer(4) }));
    assert_eq!(
        (state.drawn().trajectories[0].absence.as_deref(), state.drawn().trajectories[1].absence.as_deref()),
        (Some("no layer 4"), None)
    );
    assert_eq!(state.at_scrubber()[0].1, AtScrubber::Nothing("no layer 4".to_owned()));
    let words = said(&exported(&state));
    assert!(words.contains("run 0 no layer 4 run 1"), "in the legend: {words}");
    assert!(words.contains("Not drawn: run 0, no layer 4"), "in the caption: {words}");
    state.update(UiCommand::View(PlaneView { order: Order::Token, layers: LayerChoice::Last }));
    assert!(state.drawn().trajectories.iter().all(|t| t.points.len() == 1), "every model has a last layer");
}

#[test]
fn results_under_different_conditions_are_told_apart() {
    let n = |points, documents| {
        results("run", Settings { points, ..Settings::default() }, "/gone/t.txt", documents)
    };
    let mut state = State::new(Settings::default(), None);
    state.apply(Event::Opened { runs: runs(&[2, 2]), recorded: vec![Some(n(50, 40)), Some(n(100, 40))] });
    assert_eq!(distinctions(&state), ["n = 50", "n = 100"]);
    assert_eq!(state.drawn().label(1), "run 1, n = 100");
    let words = said(&exported(&state));
    assert!(
        words.contains("run 0 n = 50 1 checkpoint") && words.contains("run 1 n = 100 1 checkpoint"),
        "{words}"
    );
    assert!(words.contains("run 0: n = 50; run 1: n = 100"), "in the caption: {words}");
    assert!(!words.contains("each, n = 50") && words.contains("t.txt, 40 documents"));

    // Beside a run that is measured here a recorded one is marked, and says under what.
    let mut state = State::new(Settings::default(), Some(TextSource::Corpus("/books/c.txt".into())));
    state.apply(Event::Opened { runs: runs(&[1, 2]), recorded: vec![None, Some(n(50, 40))] });
    state.apply(measured_on(state.generation, id(0, 0), 500, true));
    assert_eq!(
        distinctions(&state),
        ["c.txt, 500 documents, n = 100", "recorded, t.txt, 40 documents, n = 50"]
    );
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
fn text_and_device_are_those_of_the_recorded_run_in_focus() {
    let of = |corpus| results("run", Settings::default(), corpus, 40);
    let mut state = State::new(Settings::default(), None);
    let recorded = vec![Some(of("/gone/a.txt")), Some(of("/gone/b.txt"))];
    state.apply(Event::Opened { runs: runs(&[1, 2]), recorded });
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/b.txt"));
    state.update(UiCommand::SetVisible { run: 1, visible: false });
    assert_eq!(state.shown_text().unwrap().path(), &PathBuf::from("/gone/a.txt"));
}
