//! Narrow and low windows: the sides are drawers, the timeline is a row, and the plane has room.

use std::path::PathBuf;

use eframe::egui::{Key, Rect, Theme, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use infoplane::settings::Settings;

use super::harness::Window;
use super::stand_in::{COUNT, results, start};

fn window((width, height): (f32, f32)) -> Window {
    let mut window = Window::with(start(), (width, height), Theme::Dark, usize::MAX);
    window.until("everything is measured", Window::is_measured);
    window
}

fn has_runs(window: &Window) -> bool {
    window.has("Checkpoints of gutenberg-1m")
}

fn has_settings(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::RadioButton, "trigram").is_some()
}

fn plane(window: &Window) -> Rect {
    window.harness.get_by_label_contains("Information plane, token").rect()
}

#[test]
fn the_sides_of_a_narrow_window_are_drawers_that_open_over_the_panels() {
    let mut window = window((860.0, 560.0));
    let before = plane(&window);
    let button =
        |window: &Window, name: &str| window.harness.query_by_role_and_label(Role::Button, name).is_some();
    assert!(!has_runs(&window) && !has_settings(&window));
    window.click_role(Role::Button, "Runs");
    assert!(has_runs(&window) && !has_settings(&window));
    assert_eq!(plane(&window), before, "it takes no room from the panels");
    window.harness.check_accessibility();
    // It is used as the list of a wide window is.
    window.click("Show gutenberg-4m");
    assert!(!window.app().state().is_visible(1) && has_runs(&window));
    window.click("Show gutenberg-4m");
    window.click_role(Role::Button, "Settings");
    assert!(has_settings(&window) && !has_runs(&window), "one at a time");
    window.harness.check_accessibility();
    window.click_role(Role::Button, "Settings");
    assert!(!has_settings(&window), "a second press closes it");
    window.press(Key::R);
    assert!(has_runs(&window));
    window.press(Key::Comma);
    assert!(has_settings(&window) && !has_runs(&window));
    window.press(Key::Escape);
    assert!(!has_settings(&window) && button(&window, "Settings"));
    window.press(Key::Home);
    assert_eq!(window.position(), 0);

    // A window as wide as was: both stand, and there is nothing to open.
    let mut wide = self::window((1000.0, 700.0));
    assert!(has_runs(&wide) && has_settings(&wide));
    assert!(!button(&wide, "Runs") && !button(&wide, "Settings"));
    wide.press(Key::R);
    wide.press(Key::Escape);
    assert!(has_runs(&wide) && has_settings(&wide));
}

#[test]
fn a_field_in_a_drawer_is_left_before_the_drawer() {
    let mut window = window((860.0, 700.0));
    window.press(Key::Comma);
    window.harness.get_by_role_and_label(Role::TextInput, "Text field").scroll_to_me();
    window.harness.run_steps(3);
    window.harness.get_by_role_and_label(Role::TextInput, "Text field").click();
    window.harness.run_steps(3);
    window.harness.event(eframe::egui::Event::Text("r,".to_owned()));
    window.harness.run_steps(2);
    assert!(has_settings(&window), "what is typed is no key");
    window.press(Key::Escape);
    assert!(has_settings(&window));
    window.press(Key::Escape);
    assert!(!has_settings(&window));
}

#[test]
fn a_drawer_takes_the_focus_and_gives_it_back() {
    let mut window = window((860.0, 560.0));
    let play = Some((Role::Button, "Play".to_owned()));
    let drawer = |name: &str| Some((Role::Group, name.to_owned()));
    for close in [Key::R, Key::Escape] {
        window.tab_to(Role::Button, "Play");
        window.press(Key::R);
        assert_eq!(window.focused(), drawer("Runs"));
        window.press(Key::Tab);
        let first = window.focused().expect("Tab goes on within");
        assert!(first.1.contains("gutenberg") || first.0 == Role::TextInput, "{first:?}");
        window.press(Key::Comma);
        assert_eq!(window.focused(), drawer("Settings"), "one is opened in place of the other");
        window.press(Key::R);
        assert_eq!(window.focused(), drawer("Runs"));
        window.press(close);
        window.harness.run_steps(2);
        assert!(!has_runs(&window) && !has_settings(&window));
        assert_eq!(window.focused(), play, "{close:?}");
    }
    // What was clicked elsewhere meanwhile keeps it.
    window.press(Key::R);
    window.tab_to(Role::Button, "Open folder…");
    window.press(Key::R);
    assert_eq!(window.focused(), Some((Role::Button, "Open folder…".to_owned())));
}

#[test]
fn a_list_in_a_drawer_lights_up_the_charts() {
    let mut window = window((860.0, 560.0));
    window.press(Key::R);
    let rings = |window: &Window| {
        let is_ring = |shape: &eframe::egui::Shape| {
            matches!(shape, eframe::egui::Shape::Circle(circle)
                if circle.fill == eframe::egui::Color32::TRANSPARENT && circle.stroke.width >= 2.0)
        };
        window.harness.output().shapes.iter().filter(|clipped| is_ring(&clipped.shape)).count()
    };
    assert_eq!(rings(&window), 0);
    let row = window.harness.get_by_label_contains("gutenberg-1m / step-40,").rect().center();
    window.harness.hover_at(row);
    window.harness.run_steps(4);
    assert!(rings(&window) > 0);
}

#[test]
fn a_low_window_has_a_timeline_of_one_row_and_the_plane_keeps_its_room() {
    let mut window = window((860.0, 560.0));
    let rect = |window: &Window, role, label: &str| window.harness.get_by_role_and_label(role, label).rect();
    let (track, play) = (rect(&window, Role::Slider, "Checkpoint"), rect(&window, Role::Button, "Play"));
    assert!(track.height() <= 36.0 && track.y_range().contains(play.center().y), "one row");
    assert!(track.left() > play.right() && track.width() > 300.0, "{track:?}");
    assert!(track.right() <= 860.0);
    // The panel of the plane reaches from below its header to the timeline.
    let header = rect(&window, Role::Button, "Close Information plane");
    let panel = Rect::from_x_y_ranges(0.0..=header.right(), header.bottom()..=track.top());
    assert!(panel.width() >= 400.0 && panel.height() >= 400.0, "{panel:?}");
    assert!(panel.contains_rect(plane(&window)), "{panel:?} {:?}", plane(&window));
    window.set_slider("Checkpoint", 3.0);
    assert_eq!(window.position(), 2);
    window.press(Key::End);
    assert_eq!(window.position(), COUNT - 1);
    // All that is named stands within the window.
    let all = Rect::from_min_size(Default::default(), eframe::egui::vec2(860.0, 560.0));
    for node in window.harness.query_all_by(|node| node.role() == Role::Button) {
        assert!(all.contains_rect(node.rect()), "{:?}", node.accesskit_node().label());
    }
    let tall = self::window((1280.0, 800.0));
    let (track, play) = (rect(&tall, Role::Slider, "Checkpoint"), rect(&tall, Role::Button, "Play"));
    assert!(track.top() >= play.bottom(), "two rows");
}

#[test]
fn a_dozen_runs_leave_the_plane_of_a_small_window_its_room() {
    let file = |run: usize| {
        let results = results(&format!("a-run-of-many-{run}"), Settings::default());
        (PathBuf::from(format!("/results/{run}.json")), results)
    };
    let side = |count: usize| {
        let mut window = Window::recorded((0..count).map(file).collect(), (860.0, 560.0));
        window.harness.run_steps(5);
        plane(&window).width()
    };
    let (two, twelve) = (side(2), side(12));
    assert!(two >= 400.0 && twelve >= 400.0, "{two} {twelve}");
}
