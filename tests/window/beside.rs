//! What is seen beside the numbers: documents, hidden states and benchmark scores.

use eframe::egui::{Key, Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use infoplane::engine::{Command, Look, Sight};
use infoplane::state::Severity;

use super::harness::Window;
use super::panels::{layout, open, view};
use super::stand_in::{LAYERS, start};

/// What the window looks at by its newest command, once it sends one.
fn looks(window: &mut Window) -> Vec<Look> {
    let mut newest = None;
    while newest.is_none() {
        window.harness.step();
        newest = window
            .seen
            .try_iter()
            .filter_map(|command| match command {
                Command::Look(looks) => Some(looks),
                _ => None,
            })
            .last();
    }
    newest.unwrap_or_default()
}

/// A window with one panel alone, everything measured.
fn with_panel(kind: &str) -> Window {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    open(&mut window, view(kind));
    window.click(&format!("Maximise {}", view(kind).title));
    window
}

#[test]
fn the_documents_that_panels_show_are_asked_for_and_drawn() {
    let mut window = with_panel("labels");
    window.until("the document is drawn", |window| window.has("Labels, document 0, position 6"));
    assert!(looks(&mut window).iter().any(|look| look.sight == Sight::Document(0)));
    window.forget_commands();
    window.click("Options of Labels");
    let choose = |window: &mut Window, document: f64| {
        window.harness.get_by_role_and_label(Role::SpinButton, "Document").set_value_accesskit(document);
        window.harness.run_steps(2);
    };
    choose(&mut window, 1.0);
    window.until("the next is drawn", |window| window.has("Labels, document 1, position 6"));
    choose(&mut window, 2.0);
    window.until("there is none behind it", |window| window.has("There is no document 2"));
    let shown: Vec<Sight> = looks(&mut window).into_iter().map(|look| look.sight).collect();
    assert_eq!(shown, [Sight::Document(2)], "what is on screen alone");
}

#[test]
fn hidden_states_of_the_layer_on_screen_are_shown_on_the_sphere() {
    let mut window = with_panel("estimator");
    window.until("the last layer is drawn", |window| window.has("states of layer L"));
    let before = looks(&mut window)[0].clone();
    assert_eq!(before.sight, Sight::States(None));
    window.click_role(Role::RadioButton, "one layer");
    let layer = LAYERS - 1;
    window.until("another layer is drawn", |window| window.has(&format!("states of layer {layer}")));
    window.forget_commands();
    window.press(Key::Home);
    let after = looks(&mut window)[0].clone();
    assert_eq!(after.sight, Sight::States(Some(layer)));
    assert_ne!(after.checkpoint, before.checkpoint, "of the checkpoint at the scrubber");
}

#[test]
fn nothing_is_looked_at_that_no_panel_shows() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    window.harness.run_steps(3);
    assert!(!window.seen.try_iter().any(|command| matches!(command, Command::Look(_))));
}

#[test]
fn scores_are_opened_and_drawn_beside_the_measures() {
    let mut window =
        Window::with_dialogs(start(), (1280.0, 800.0), Theme::Dark, usize::MAX, |answers| answers);
    window.until("everything is measured", |window| window.is_measured());
    layout(&mut window, "Trajectory");
    open(&mut window, view("benchmarks"));
    assert!(window.has("No scores of benchmarks are given"));
    let table =
        "model,step,mmlu\ngutenberg-1m,0,0.25\ngutenberg-1m,900,0.3\ngutenberg-1m,3000,0.4\nother,10,0.2\n";
    std::fs::write(window.folder.path().join("scores.csv"), table).unwrap();
    window.click("Views");
    window.click("Open benchmark scores…");
    window
        .until("the scores are read", |window| window.app().state().drawn().snapshot.benchmarks().is_some());
    window.until("they are drawn", |window| window.has("Measures and benchmarks"));
    assert!(!window.has("No scores of benchmarks are given"));
    std::fs::write(window.folder.path().join("scores.csv"), "a,b\n1,2\n").unwrap();
    window.click("Views");
    window.click("Open benchmark scores…");
    window.until("what is wrong is said", |window| {
        let last = window.app().state().messages.last();
        last.is_some_and(|message| message.severity == Severity::Error && message.text.contains("models"))
    });
    assert!(window.app().state().drawn().snapshot.benchmarks().is_some(), "those before stay");
}
