//! The panels: every view by its name, options, layouts kept in a file.

use std::path::PathBuf;

use eframe::egui::{self, Key, Modifiers, Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use infoplane::measures::{Label, Order};
use infoplane::results::Outcome;
use infoplane::settings::Settings;
use infoplane::state::Severity;
use infoplane::views::{self, View};

use super::harness::Window;
use super::stand_in::recorded_results;

pub fn view(kind: &str) -> &'static View {
    View::of_kind(kind).expect("there is such a view")
}

fn is_open(window: &Window, view: &View) -> bool {
    window.harness.query_by_role_and_label(Role::Button, &format!("Close {}", view.title)).is_some()
}

/// Opens a view as one does who knows its name.
pub fn open(window: &mut Window, view: &View) {
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.harness.run_steps(3);
    assert!(window.has("Find a view or a command"));
    window.harness.event(egui::Event::Text(view.title.to_owned()));
    window.harness.run_steps(2);
    window.press(Key::Enter);
    window.harness.run_steps(3);
}

pub fn layout(window: &mut Window, name: &str) {
    window.click("Views");
    window.click(&format!("Layout: {name}"));
}

#[test]
fn every_view_is_opened_by_its_name() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    for view in views::ALL {
        open(&mut window, view);
        assert!(is_open(&window, view), "{}", view.kind);
        window.click(&format!("Maximise {}", view.title));
        // A chart that says what it shows, or what it lacks.
        let images = window.harness.query_all_by_role(Role::Image).count();
        assert!(images > 0 || window.harness.query_all_by_role(Role::Label).count() > 0, "{}", view.kind);
        window.harness.check_accessibility();
        window.click(&format!("Restore {}", view.title));
        window.click(&format!("Close {}", view.title));
        assert!(!is_open(&window, view), "{}", view.kind);
    }
    for preset in ["Layers", "Compare models", "Paper figures", "Trajectory"] {
        layout(&mut window, preset);
        assert!(window.harness.query_all_by_label_contains("Options of ").next().is_some(), "{preset}");
        window.harness.check_accessibility();
    }
}

#[test]
fn closed_panels_come_back_by_name() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    let mut closed = 0;
    window.click("Close Numbers");
    while let Some(close) = views::ALL.iter().find(|view| is_open(&window, view)) {
        window.click(&format!("Close {}", close.title));
        closed += 1;
    }
    assert!(closed > 1 && window.has("All panels are closed."));
    window.click("Open a view…");
    window.harness.event(egui::Event::Text("information".to_owned()));
    window.harness.run_steps(2);
    window.press(Key::Enter);
    assert!(is_open(&window, view("plane")) && !window.has("All panels are closed."));
    window.click("Views");
    window.click("Numbers");
    assert!(window.has("AT THE SCRUBBER") && window.has("Close Numbers"));
    // Escape leaves the list and opens nothing; keys of time are not the window's while it is open.
    let position = window.position();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.harness.run_steps(2);
    window.press(Key::Home);
    window.press(Key::Escape);
    assert_eq!(window.position(), position);
    assert!(!window.has("Find a view or a command"));
}

#[test]
fn a_narrow_window_shows_the_panel_that_is_opened() {
    let mut window = Window::with(super::stand_in::start(), (860.0, 560.0), Theme::Dark, usize::MAX);
    window.until("everything is measured", Window::is_measured);
    assert!(is_open(&window, view("plane")));
    for kind in ["convergence", "loss"] {
        open(&mut window, view(kind));
        assert!(is_open(&window, view(kind)) && !is_open(&window, view("plane")), "{kind} is seen");
    }
    window.click("Close Loss");
    assert!(is_open(&window, view("plane")));
}

#[test]
fn a_panel_has_options_of_its_own() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    let plane = |window: &Window, text: &str| window.has(&format!("Information plane, {text}"));
    assert!(plane(&window, "token, mean of layers: 27 checkpoints"));
    window.click("Options of Information plane");
    window.click("Own order and layers");
    window.press(Key::Escape);
    // What holds for all does not hold for it.
    window.press(Key::Num2);
    assert!(plane(&window, "token, mean of layers: 27 checkpoints"));
    window.click("Options of Information plane");
    window.click("Another panel of it");
    assert_eq!(window.harness.query_all_by_label("Close Information plane").count(), 2);
}

#[test]
fn less_null_holds_for_all_panels_at_once() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    let shown = |window: &Window| {
        use egui_kittest::kittest::NodeT as _;
        let images = window.harness.query_all_by_role(Role::Image);
        images.filter_map(|node| node.accesskit_node().label()).collect::<Vec<_>>()
    };
    let before = shown(&window);
    window.click_role(Role::CheckBox, "Less null");
    window.harness.run_steps(3);
    let after = shown(&window);
    let differing = before.iter().filter(|label| !after.contains(label)).count();
    assert!(differing > 1, "{before:?} {after:?}");
}

#[test]
fn the_layout_is_kept_in_a_file_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("of its own").join("layout.json");
    let mut window = Window::with_layout(&path);
    assert!(window.app().state().messages.is_empty(), "there is no file yet");
    layout(&mut window, "Layers");
    open(&mut window, view("loss"));
    window.until("it is written", |_| path.exists());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"heatmap\"") && text.contains("\"version\": 1"), "{text}");
    drop(window);
    let window = Window::with_layout(&path);
    assert!(is_open(&window, view("heatmap")) && is_open(&window, view("loss")));
    assert!(window.app().state().messages.is_empty());
}

#[test]
fn a_layout_that_cannot_be_read_is_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout.json");
    for (text, said) in [
        ("{\"version\": 1, \"panels\": {\"ro", "it is not JSON"),
        ("{\"version\": 99}", "it was written by a newer version"),
        ("{\"version\": 1, \"panels\": {\"row\": 3}}", "it is damaged"),
    ] {
        std::fs::write(&path, text).unwrap();
        let window = Window::with_layout(&path);
        let message = window.app().state().messages.last().expect("it is said");
        assert_eq!(message.severity, Severity::Error);
        assert!(message.text.contains(said), "{}", message.text);
        assert!(is_open(&window, view("plane")), "the panels stand as they come");
        drop(window);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "nobody asked for another layout");
    }
    // A view of another version is left out, and said.
    std::fs::write(&path, "{\"version\": 1, \"panels\": {\"grid\": [{\"panel\": {\"view\": \"plane\"}}, {\"panel\": {\"view\": \"of-tomorrow\"}}]}}").unwrap();
    let window = Window::with_layout(&path);
    assert!(window.has("of-tomorrow") && is_open(&window, view("plane")));
}

/// Where the plane is drawn.
fn plane_of(window: &Window) -> egui::Rect {
    window.harness.get_by_label_contains("Information plane, token").rect()
}

fn drag(window: &mut Window, from: egui::Pos2, to: egui::Pos2, modifiers: Modifiers) {
    window.harness.event(egui::Event::ModifiersChanged(modifiers));
    window.harness.hover_at(from);
    window.harness.run_steps(1);
    window.harness.event(egui::Event::PointerButton {
        pos: from,
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers,
    });
    for step in 1..=6 {
        window.harness.hover_at(from + (to - from) * (step as f32 / 6.0));
        window.harness.run_steps(1);
    }
    window.harness.event(egui::Event::PointerButton {
        pos: to,
        button: egui::PointerButton::Primary,
        pressed: false,
        modifiers,
    });
    window.harness.run_steps(2);
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
}

#[test]
fn a_box_a_wheel_and_a_drag_change_what_is_seen_and_a_double_click_shows_all() {
    let mut window = Window::measured();
    let fit = |window: &Window| window.harness.query_by_role_and_label(Role::Button, "Fit").is_some();
    let plane = plane_of(&window);
    let (a, b) = (plane.lerp_inside(egui::vec2(0.2, 0.3)), plane.lerp_inside(egui::vec2(0.5, 0.6)));
    assert!(!fit(&window), "all is seen, and no button says so");
    drag(&mut window, a, b, Modifiers::NONE);
    assert!(fit(&window), "a box was zoomed into");
    window.press(Key::F);
    assert!(!fit(&window));
    drag(&mut window, a, b, Modifiers::SHIFT);
    assert!(fit(&window), "the plane was moved");
    window.click("Fit");
    assert!(!fit(&window));
    window.harness.hover_at(a);
    window.harness.run_steps(1);
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 60.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(5);
    assert!(fit(&window), "the wheel zooms");
    for pressed in [true, false, true, false] {
        let (pos, button, modifiers) = (a, egui::PointerButton::Primary, Modifiers::NONE);
        window.harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
    }
    window.harness.run_steps(3);
    assert!(!fit(&window), "a double click shows all");
    // Moved until nothing is left in sight, the plane says how to come back.
    for _ in 0..3 {
        let (from, to) = (plane.lerp_inside(egui::vec2(0.1, 0.9)), plane.lerp_inside(egui::vec2(0.9, 0.1)));
        drag(&mut window, from, to, Modifiers::SHIFT);
    }
    assert!(fit(&window));
}

/// The strongest strokes around a mark anywhere: rings of what stands out.
fn rings(window: &Window) -> usize {
    let is_ring = |shape: &egui::Shape| {
        matches!(shape, egui::Shape::Circle(circle)
            if circle.fill == egui::Color32::TRANSPARENT && circle.stroke.width >= 2.0)
    };
    window.harness.output().shapes.iter().filter(|clipped| is_ring(&clipped.shape)).count()
}

#[test]
fn what_is_hovered_in_the_list_lights_up_on_every_chart() {
    let mut window = Window::measured();
    let row = window.harness.get_by_label_contains("gutenberg-1m / step-40,").rect().center();
    assert_eq!(rings(&window), 0);
    window.harness.hover_at(row);
    window.harness.run_steps(3);
    assert!(rings(&window) > 1, "on the plane and on the time course");
}

/// Draws every view and every layout on results named, or on those of the stand-in; written only where
/// `INFOPLANE_SCREENSHOTS` names a folder.
#[test]
fn views_can_be_rendered() {
    let Some(folder) = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from) else { return };
    let only = std::env::var("INFOPLANE_VIEWS").unwrap_or_default();
    let size = std::env::var("INFOPLANE_SIZE").ok();
    let size = size.and_then(|size| size.split_once('x').map(|(w, h)| (w.parse(), h.parse())));
    let size = match size {
        Some((Ok(width), Ok(height))) => (width, height),
        _ => (1280.0, 800.0),
    };
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = Window::to_look_at(size, theme);
        let name = if theme == Theme::Dark { "dark" } else { "light" };
        let shot = |window: &mut Window, what: &str| {
            window.harness.run_steps(6);
            let image = window.harness.render().expect("an image");
            image.save(folder.join(format!("{what}-{name}.png"))).expect("the image is written");
        };
        window.press(Key::ArrowLeft);
        for (index, preset) in ["Trajectory", "Layers", "Compare models", "Paper figures"].iter().enumerate()
        {
            if only.is_empty() || only.contains(preset) {
                layout(&mut window, preset);
                shot(&mut window, &format!("layout{index}"));
            }
        }
        layout(&mut window, "Trajectory");
        for view in views::ALL.iter().filter(|view| only.is_empty() || only.contains(view.kind)) {
            open(&mut window, view);
            // A narrow window shows one panel at a time anyhow.
            let is_one_of_many = window.has(&format!("Maximise {}", view.title));
            if is_one_of_many {
                window.click(&format!("Maximise {}", view.title));
            }
            shot(&mut window, view.kind);
            if is_one_of_many {
                window.click(&format!("Restore {}", view.title));
            }
            window.click(&format!("Close {}", view.title));
        }
    }
}

#[test]
fn the_gap_is_offered_where_nearly_all_points_lie_along_the_bound() {
    let file = |name: &str, along: bool| {
        let mut results = recorded_results(name, 0, &Settings::default());
        for checkpoint in results.checkpoints.iter_mut().filter(|_| along) {
            let Outcome::Measured(measurement) = &mut checkpoint.outcome else { continue };
            let information = &mut measurement.mean.information;
            let value = information[&Label::Input(Order::Token)].value;
            information.get_mut(&Label::Output(Order::Token)).unwrap().value = 0.99 * value;
        }
        vec![(PathBuf::from(format!("/results/{name}.json")), results)]
    };
    let offer = "Gap to the bound";
    let mut window = Window::recorded(file("apart", false), (1280.0, 800.0));
    window.harness.run_steps(3);
    assert!(!window.has(offer));
    let mut window = Window::recorded(file("along", true), (1280.0, 800.0));
    window.until("it is offered", |window| window.has(offer));
    let shows_gap = |window: &Window| window.has("Information plane, gap to the bound, token");
    assert!(!shows_gap(&window));
    window.click_role(Role::Button, offer);
    assert!(shows_gap(&window));
    window.click_role(Role::Button, offer);
    assert!(!shows_gap(&window) && window.has(offer), "and back");
}

#[test]
fn the_time_course_shows_differences_to_the_first_run_where_that_is_asked_for() {
    let mut window = Window::measured();
    layout(&mut window, "Trajectory");
    window.click("Options of Time course");
    window.click_role(Role::CheckBox, "Differences to the first run");
    window.press(Key::Escape);
    assert!(window.has("Time course, differences to gutenberg-1m, token"));
    assert!(window.has("differences to the first run"), "in the header");
}
