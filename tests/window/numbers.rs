//! The numbers at the scrubber: a table that scrolls, is sorted, and lights up with what is hovered.

use std::path::PathBuf;

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::settings::Settings;

use super::harness::Window;
use super::stand_in::{COUNT, results};

#[test]
fn numbers_tell_whether_to_believe_them() {
    let window = Window::measured();
    let state = window.app().state();
    let (points, current) = (&state.drawn().trajectories[0].points, state.current_of(0));
    let current = points.iter().find(|point| Some(point.checkpoint) == current).unwrap();
    for [x, y] in [current.null.unwrap(), current.less_null().unwrap()] {
        assert!(window.has(&format!("{x:.3}/{y:.3}")), "{x} {y}");
    }
    assert!(window.has("16 documents: 0.1300, 0.0500; 64 documents: 0.1000, 0.0500"));
}

#[test]
fn every_run_has_a_row_and_no_number_lies_over_another() {
    for count in [1, 4, 12] {
        let file = |run: usize| {
            let results = results(&format!("a-run-with-quite-a-long-name-{run}"), Settings::default());
            (PathBuf::from(format!("/results/{run}.json")), results)
        };
        // As high as the list of all runs: what that scrolls out of sight would be laid out behind the table.
        let window = Window::recorded((0..count).map(file).collect(), (1280.0, 1600.0));
        let header = window.harness.get_by_label("AT THE SCRUBBER").rect();
        let timeline = window.harness.get_by_role_and_label(Role::Slider, "Checkpoint").rect();
        let mut rows = Vec::new();
        for run in 0..count {
            let name = format!("a-run-with-quite-a-long-name-{run} · step-1");
            rows.push(window.harness.get_by_label(&name).rect());
        }
        assert!(
            rows.windows(2).all(|pair| pair[0].bottom() <= pair[1].top()),
            "{count} runs: rows follow each other"
        );
        // Every text of the rows in sight beside every other.
        let texts: Vec<(String, egui::Rect)> = window
            .harness
            .query_all_by_role(Role::Label)
            .filter(|node| node.rect().top() >= header.bottom())
            .filter(|node| rows.iter().take(5).any(|row| row.y_range().contains(node.rect().center().y)))
            .map(|node| (node.accesskit_node().value().unwrap_or_default(), node.rect()))
            .collect();
        assert!(texts.len() >= 12 * count.min(5), "{count} runs: {} texts", texts.len());
        for (index, (text, rect)) in texts.iter().enumerate() {
            for (other, beside) in &texts[..index] {
                assert!(!rect.shrink(0.5).intersects(*beside), "{count} runs: {text} over {other}");
            }
        }
        assert!(header.bottom() < timeline.top());
    }
}

/// The first word of each row, in the order of rows.
fn order(window: &Window) -> Vec<String> {
    let rows = window.harness.query_all_by_label_contains("Numbers of ");
    let mut rows: Vec<(f32, String)> =
        rows.map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default())).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = |label: String| label["Numbers of ".len()..].split(' ').next().unwrap_or_default().to_owned();
    rows.into_iter().map(|(_, label)| name(label)).collect()
}

#[test]
fn a_click_on_a_header_sorts_and_the_order_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout.json");
    let mut window = Window::with_layout(&path);
    assert_eq!(order(&window), ["gutenberg-1m", "gutenberg-4m"], "as they were opened");
    // The larger run has the larger complexity.
    window.click("Sort by I(X;Z)");
    assert_eq!(order(&window), ["gutenberg-4m", "gutenberg-1m"], "the largest first");
    window.click("Sort by I(X;Z)");
    assert_eq!(order(&window), ["gutenberg-1m", "gutenberg-4m"]);
    window.click("Sort by name");
    window.click("Sort by name");
    assert_eq!(order(&window), ["gutenberg-4m", "gutenberg-1m"]);
    // The order after the first click may be written before that after the second.
    let last = ["\"sort\": \"name\"", "\"descending\": true"];
    window.until("it is written", |_| {
        std::fs::read_to_string(&path).is_ok_and(|text| last.iter().all(|words| text.contains(words)))
    });
    drop(window);
    let mut window = Window::with_layout(&path);
    assert_eq!(order(&window), ["gutenberg-4m", "gutenberg-1m"], "as it was left");
    window.click("Sort by name");
    assert_eq!(order(&window), ["gutenberg-1m", "gutenberg-4m"], "a third click ends it");
}

#[test]
fn a_pinned_condition_stays_below_its_run() {
    let mut window = Window::measured();
    window.click("Pin settings");
    window.set_slider("ε factor", 2.0);
    window.until("both are measured", |window| !window.app().state().is_busy());
    let runs = ["gutenberg-4m,", "gutenberg-4m,", "gutenberg-1m,", "gutenberg-1m,"];
    window.click("Sort by I(X;Z)");
    assert_eq!(order(&window), runs);
}

/// What is said to be selected: rows that light up are.
fn lit(window: &Window) -> Vec<bool> {
    let rows = window.harness.query_all_by_label_contains("Numbers of ");
    rows.map(|row| row.accesskit_node().toggled() == Some(Toggled::True)).collect()
}

#[test]
fn a_row_lights_up_with_its_run_and_a_click_goes_to_its_checkpoint() {
    let mut window = Window::measured();
    // In the list of runs.
    let listed = window.harness.get_by_label_contains("gutenberg-1m / step-40,").rect().center();
    window.harness.hover_at(listed);
    window.harness.run_steps(3);
    assert_eq!(lit(&window), [true, false]);
    // On the row itself, and with it on all charts.
    let thick = |window: &Window| {
        let shapes = &window.harness.output().shapes;
        let is_thick =
            |shape: &egui::Shape| matches!(shape, egui::Shape::Path(path) if path.stroke.width > 2.0);
        shapes.iter().filter(|clipped| is_thick(&clipped.shape)).count()
    };
    let row = window.harness.get_by_label_contains("Numbers of gutenberg-4m").rect().center();
    window.harness.hover_at(egui::pos2(5.0, 5.0));
    window.harness.run_steps(3);
    let before = thick(&window);
    window.harness.hover_at(row);
    window.harness.run_steps(3);
    assert_eq!(lit(&window), [false, true]);
    assert!(thick(&window) > before, "its lines stand out");

    // Between two checkpoints of the other run, the row's own is gone to.
    window.set_slider("Checkpoint", 4.0);
    let place = window.app().state().scrubber.position();
    window.harness.hover_at(row);
    window.harness.run_steps(2);
    window.harness.drag_at(row);
    window.harness.run_steps(1);
    window.harness.drop_at(row);
    window.harness.run_steps(3);
    let state = window.app().state();
    assert_eq!((state.scrubber.position(), state.current_of(1)), (place, Some(3)));
    assert!(place < COUNT - 1);
}

#[test]
fn names_stay_in_sight_when_the_table_is_scrolled() {
    let mut window = Window::measured();
    let name = |window: &Window| window.harness.get_by_label("gutenberg-1m · step-3000").rect();
    let column = |window: &Window| window.harness.get_by_label("Sort by I(X;Z)").rect();
    let (before, at) = (name(&window), column(&window).left());
    window.harness.hover_at(before.center());
    window.harness.run_steps(1);
    let (delta, modifiers) = (egui::vec2(-300.0, 0.0), Modifiers::NONE);
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta,
        modifiers,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(20);
    assert_eq!(name(&window), before);
    assert!(window.has("Sort by documents"), "the last column came into sight");
    let is_gone = window.harness.query_by_label("Sort by I(X;Z)").is_none_or(|node| node.rect().left() < at);
    assert!(is_gone, "the first has gone under the names");
}

#[test]
fn the_arrows_walk_through_the_rows() {
    let mut window = Window::measured();
    window.tab_to(Role::ListBox, "Numbers at the scrubber");
    window.press(Key::ArrowDown);
    window.harness.run_steps(2);
    assert_eq!(lit(&window), [true, false]);
    window.press(Key::ArrowDown);
    window.harness.run_steps(2);
    assert_eq!(lit(&window), [false, true]);
    let position = window.position();
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), position - 1, "time is still moved by the keys of time");
    assert_eq!(window.focused().map(|(_, name)| name).as_deref(), Some("Numbers at the scrubber"));
}
