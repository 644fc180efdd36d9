//! Preference pairs in the window: chosen, measured beside a text or alone, and looked at in their tokens.

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Color32, Key, Modifiers, Shape};
use egui_kittest::kittest::Queryable as _;
use infoplane::app::Start;
use infoplane::condition::TextSource;
use infoplane::engine::{Command, Sight};
use infoplane::settings::Settings;

use super::harness::Window;
use super::panels::{layout, open, view};
use super::stand_in::start;

fn settings() -> Settings {
    Settings { pairs: "/books/pairs.jsonl".to_owned(), ..Settings::default() }
}

/// A window with everything measured, on what it starts with.
fn measured(start: Start) -> Window {
    let mut window = Window::open(start);
    window.until("everything is measured", Window::is_measured);
    window
}

/// Opens the panel of a pair, alone in the window.
fn open_pair(window: &mut Window) {
    layout(window, "Trajectory");
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.harness.run_steps(3);
    window.harness.event(egui::Event::Text("Preference pair".to_owned()));
    window.harness.run_steps(2);
    window.press(Key::Enter);
    window.harness.run_steps(3);
    window.click("Maximise Preference pair");
}

#[test]
fn a_pair_is_shown_in_its_tokens_and_the_next_is_asked_for() {
    let mut window = measured(Start { settings: settings(), ..start() });
    open_pair(&mut window);
    window.until("the pair is read", |window| window.has("pair 1 (line 2), by chat_template.jinja"));
    assert!(window.has("of 3") && window.has("1 of 4 pairs is empty on one side"));
    assert!(window.has("chosen: 8 tokens, 5 labelled, cut to the context"));
    assert!(window.has("rejected: 6 tokens, 3 labelled, cut to the context"));
    assert!(window.has("<|user|>why?↵\n<|assistant|>because of reason 0<|end|>"), "the text itself");
    window.forget_commands();
    window.click("Next pair");
    window.until("the next pair is read", |window| window.has("pair 2 (line 3)"));
    let looked = |command: &Command| matches!(command, Command::Look(looks) if looks.iter().any(|look| look.sight == Sight::Pair(1)));
    assert!(window.seen.try_iter().any(|command| looked(&command)));
    assert!(window.has("rejected: left out, its last message lies wholly beyond the context"));
    window.click("Next pair");
    window.until("the last pair is read", |window| window.has("pair 3 (line 4)"));
    window.click("Next pair");
    assert!(window.has("pair 3 (line 4)"), "there is none behind it");
    window.click("Pair before");
    window.until("the pair before is read", |window| window.has("pair 2 (line 3)"));
}

#[test]
fn labelled_tokens_are_told_by_more_than_their_colour() {
    let mut window = measured(Start { settings: settings(), ..start() });
    open_pair(&mut window);
    window.until("the pair is read", |window| window.has("chosen: "));
    window.harness.run_steps(3);
    let mut formats = Vec::new();
    for clipped in &window.harness.output().shapes {
        if let Shape::Text(text) = &clipped.shape
            && text.galley.text().starts_with("<|user|>")
        {
            let job = &text.galley.job;
            let of = |section: &egui::text::LayoutSection| {
                let format = &section.format;
                let is_lined = format.underline != egui::Stroke::NONE;
                (is_lined, format.italics, format.background != Color32::TRANSPARENT)
            };
            formats.push(job.sections.iter().map(of).collect::<Vec<_>>());
        }
    }
    assert_eq!(formats.len(), 2, "both sides");
    let (read, labelled) = formats[0].split_at(3);
    assert!(read.iter().all(|(is_lined, ..)| !is_lined));
    assert!(labelled.iter().all(|(is_lined, _, is_filled)| *is_lined && *is_filled));
    let slanted: Vec<bool> = formats[0].iter().map(|(_, is_slanted, _)| *is_slanted).collect();
    assert_eq!(slanted, [true, false, true, false, false, false, false, true]);
}

#[test]
fn the_panel_says_why_there_is_no_pair() {
    let mut window = Window::measured();
    open_pair(&mut window);
    assert!(window.has("No file of preference pairs is chosen."));
    window.forget_commands();
    window.click("Choose preference pairs…");
    let chosen = window.folder.path().join("pairs.jsonl");
    window.until("the pairs are measured", |window| {
        window.app().state().asked().settings().pairs == chosen.to_str().unwrap()
    });
    window.until("a pair is shown", |window| window.has("pair 1 (line 2)"));

    let results = super::stand_in::recorded_results("a", 0, &Settings::default());
    let mut window = Window::recorded(vec![("/results/a.json".into(), results)], (1280.0, 800.0));
    open_pair(&mut window);
    assert!(window.has("Recorded results hold no pairs"));
}

#[test]
fn the_number_of_the_pair_is_kept_in_the_layout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout.json");
    let panel = "{\"version\": 1, \"panels\": {\"panel\": {\"view\": \"pair\", \"options\": {\"pair\": 3}}}}";
    std::fs::write(&path, panel).unwrap();
    let mut window = Window::with_layout(&path);
    window.click("Choose preference pairs…");
    window.until("the third pair is shown", |window| window.has("pair 3 (line 4)"));
    window.click("Pair before");
    window.until("it is written", |_| {
        std::fs::read_to_string(&path).is_ok_and(|text| text.contains("\"pair\": 2"))
    });
}

#[test]
fn pairs_are_browsed_for_beside_the_setting_that_names_them() {
    let mut window = Window::measured();
    window.click("Browse for preference pairs");
    let chosen = window.folder.path().join("pairs.jsonl");
    let named = |window: &Window| window.app().state().asked().settings().pairs.clone();
    window.until("they are named", |window| named(window) == chosen.to_str().unwrap());
    let text = window.app().state().asked().text().cloned();
    assert_eq!(text, start().text, "the text stays");
}

#[test]
fn pairs_alone_are_measured_without_a_text_and_one_may_be_added() {
    let mut window = Window::open(Start { text: None, ..start() });
    let text = |window: &Window| window.app().state().asked().text().cloned();
    assert_eq!(text(&window), None);
    window.click("Browse for preference pairs");
    let chosen = window.folder.path().join("pairs.jsonl");
    let alone = Some(TextSource::Pairs(chosen.clone()));
    window.until("they are measured alone", |window| text(window) == alone);
    window.until("everything is measured", Window::is_measured);
    // The plane has nothing to show, and says what would help.
    layout(&mut window, "Trajectory");
    window.click("Maximise Information plane");
    assert!(window.has("Only preference pairs were measured, which have no n-grams"));
    let preference = view("preference");
    window.click(&format!("Open {}", preference.title));
    assert!(window.has(&format!("Close {}", preference.title)));
    open(&mut window, view("plane"));
    window.click("Maximise Information plane");
    window.harness.query_all_by_label("Choose corpus…").last().unwrap().click();
    window.harness.run_steps(3);
    let added = Some(TextSource::Corpus(window.folder.path().join("held-out.txt")));
    window.until("a text is measured too", |window| text(window) == added);
    let settings = window.app().state().asked().settings();
    assert_eq!(Path::new(&settings.pairs), chosen, "the pairs stay beside it");
}

#[test]
fn the_table_has_a_column_of_preference() {
    let has_column = |window: &Window| window.harness.query_by_label("Sort by preference").is_some();
    assert!(!has_column(&Window::measured()), "nothing of it was measured");
    let mut window = measured(Start { settings: settings(), ..start() });
    layout(&mut window, "Trajectory");
    assert!(has_column(&window) && window.has("preference 0.0042(4) !"), "most of it is its null");
    // With pairs alone there is nothing else to order by.
    let text = Some(TextSource::Pairs("/books/pairs.jsonl".into()));
    let mut window = measured(Start { text, ..start() });
    layout(&mut window, "Trajectory");
    assert!(window.has("preference 0.0052(4) !") && !window.has("I(X;Z)"));
    window.click("Sort by preference");
    let rows = window.harness.query_all_by_label_contains("Numbers of ");
    let mut tops: Vec<(f32, bool)> =
        rows.map(|row| (row.rect().top(), row.rect().is_positive() && is_larger(&row))).collect();
    tops.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(tops.iter().map(|(_, is)| *is).collect::<Vec<_>>(), [true, false]);
}

fn is_larger(row: &egui_kittest::Node<'_>) -> bool {
    use egui_kittest::kittest::NodeT as _;
    row.accesskit_node().label().is_some_and(|label| label.contains("gutenberg-4m"))
}

#[test]
fn ctrl_tab_comes_to_the_number_of_the_pair() {
    let mut window = measured(Start { settings: settings(), ..start() });
    open_pair(&mut window);
    window.click("Restore Preference pair");
    let is_at_number = |window: &Window| window.focused().is_some_and(|(role, _)| role == Role::SpinButton);
    let reached = (0..8).any(|_| {
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Tab);
        window.harness.run_steps(3);
        is_at_number(&window)
    });
    assert!(reached, "{:?}", window.focused());
    open(&mut window, view("plane"));
}
