//! Pinning: two settings of the same runs side by side on the plane.

use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::harness::Window;
use super::stand_in::COUNT;

/// The points on the plane, a trajectory each.
fn points(window: &Window) -> Vec<usize> {
    window.app().state().drawn().trajectories.iter().map(|trajectory| trajectory.points.len()).collect()
}

fn is_disabled(window: &Window, label: &str) -> bool {
    window.harness.get_by_role_and_label(Role::Button, label).accesskit_node().is_disabled()
}

/// A window whose settings were pinned before ε was doubled.
fn pinned() -> Window {
    let mut window = Window::measured();
    window.click("Pin settings");
    window.set_slider("ε factor", 2.0);
    window.until("both are measured", |window| !window.app().state().is_busy());
    window
}

#[test]
fn two_settings_stand_side_by_side_on_screen_and_on_paper() {
    let mut window = Window::measured();
    window.forget_commands();
    window.click("Pin settings");
    assert!(window.has("Unpin settings") && window.has("PINNED"));
    assert!(
        window.has("Information plane, token, mean of layers: 27 checkpoints"),
        "what is pinned is drawn once"
    );
    // What is pinned is measured already.
    window.asked_nothing();

    window.set_slider("ε factor", 2.0);
    let settings = window.next_settings();
    assert!((settings.temperature_factor - 2.0).abs() < 1e-6);
    window.until("both are measured", |window| !window.app().state().is_busy());
    assert_eq!(points(&window), [COUNT, COUNT, COUNT - 1, COUNT - 1]);
    assert!(window.has("Information plane, token, mean of layers: 54 checkpoints"));
    // Told apart in the legend, at the scrubber and by those who do not see.
    for text in [
        "gutenberg-1m, temperature root × 2",
        "gutenberg-1m, temperature root · step-3000",
        "gutenberg-4m, temperature root × 2 · step-3000",
        "gutenberg-1m, temperature root at step-3000",
    ] {
        assert!(window.has(text), "{text}");
    }
    // The list of runs stays one of runs.
    assert!(window.has("27 measured, 1 failed") && window.has("14/14"));

    let svg = window.exported();
    for text in [
        "gutenberg-1m, temperature root 14 checkpoints",
        "gutenberg-1m, temperature root × 2 14 checkpoints",
        "gutenberg-1m, gutenberg-4m: temperature root × 2",
        "gutenberg-1m, gutenberg-4m: temperature root.",
    ] {
        assert!(svg.contains(text), "{text} is missing: {svg}");
    }
}

#[test]
fn a_click_goes_back_to_what_is_pinned_and_a_cross_unpins_it() {
    let mut window = pinned();
    window.forget_commands();
    window.click("Measure under temperature root");
    let state = window.app().state();
    assert!(state.is_pinned() && state.settings().temperature_factor == 1.0);
    assert!(window.has("27 measured, 1 failed"), "its numbers are there");
    assert_eq!(points(&window), [COUNT, COUNT - 1], "the other was not pinned");
    window.click("Unpin these settings");
    assert!(window.app().state().pins().is_empty() && !window.has("PINNED"));
    assert!(window.has("Pin settings") && !window.has("Unpin settings"));
    assert_eq!(points(&window), [COUNT, COUNT - 1], "what is measured stays");

    let mut window = pinned();
    window.click("Unpin temperature root");
    assert_eq!(points(&window), [COUNT, COUNT - 1]);
    assert!(!window.has("gutenberg-1m, temperature root"));
}

#[test]
fn p_pins_and_unpins_wherever_the_focus_is_but_in_a_field() {
    let mut window = Window::measured();
    window.tab_to(Role::Button, "Play");
    window.press(Key::P);
    assert!(window.app().state().is_pinned());
    window.press(Key::P);
    assert!(!window.app().state().is_pinned());
    window.harness.get_by_role_and_label(Role::TextInput, "Text field").click();
    window.harness.run_steps(3);
    window.press(Key::P);
    assert!(!window.app().state().is_pinned());
    window.press(Key::Escape);
    window.press(Key::F1);
    assert!(window.has("pin the settings, or unpin them"));
    window.press(Key::P);
    assert!(!window.app().state().is_pinned(), "the page of keys takes no others");
    window.press(Key::Escape);

    // The list is walked through by Tab as all else.
    window.press(Key::P);
    window.tab_to(Role::Button, "Unpin these settings");
    window.press(Key::Enter);
    assert!(window.app().state().pins().is_empty());
}

#[test]
fn the_limit_is_said_plainly() {
    let mut window = Window::measured();
    for points in 0..8 {
        window.set_slider("Ref. points", f64::from(20 + points));
        window.click("Pin settings");
    }
    window.set_slider("Ref. points", 50.0);
    assert_eq!(window.app().state().pins().len(), 8);
    assert!(is_disabled(&window, "Pin settings"));
    window.press(Key::P);
    assert!(window.has("8 settings are pinned, and more cannot be: unpin one first"));
    window.click("Unpin n = 23");
    assert!(!is_disabled(&window, "Pin settings"));
    window.harness.check_accessibility();
}
