//! The panel of settings: every legal value is shown and measured as it is, and recorded ones are text.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::app::Start;
use infoplane::chart::Color;
use infoplane::engine::Command;
use infoplane::settings::{Backend, Dtype, Precision, Settings, Temperature};

use super::harness::Window;
use super::stand_in::{far_settings, start};

/// What a field of the panel shows.
fn shown(window: &Window, label: &str) -> String {
    let field = window.harness.get_by_role_and_label(Role::SpinButton, label);
    field.accesskit_node().value().unwrap_or_default()
}

#[test]
fn legal_values_beyond_the_rails_are_shown_and_measured_as_they_are() {
    let mut window = Window::open(Start { settings: far_settings(), ..start() });
    assert_eq!(window.next_settings(), far_settings());
    window.until("everything is measured", Window::is_measured);
    window.harness.run_steps(10);
    window.asked_nothing();
    for (label, value) in [
        ("Documents", "2000000"),
        ("Context", "200000"),
        ("Ref. points", "1000"),
        ("Seed", "18446744073709551615"),
        ("Ref. seeds", "50"),
        ("ε factor", "7.123456789"),
        ("Min. count", "50"),
        ("Tolerance", "0.50000125"),
    ] {
        assert_eq!(shown(&window, label), value, "{label}");
    }
    // Nor do long numbers make the panel wider.
    let usual = Window::measured();
    let edge =
        |window: &Window| window.harness.get_by_role_and_label(Role::TextInput, "Text field").rect().left();
    assert_eq!(edge(&window), edge(&usual));
    // One setting changes and no other does.
    window.choose("Backend", "cpu");
    assert_eq!(window.next_settings(), Settings { backend: Backend::Cpu, ..far_settings() });
}

#[test]
fn a_field_that_is_only_passed_by_changes_nothing() {
    let mut window = Window::open(Start { settings: far_settings(), ..start() });
    window.until("everything is measured", Window::is_measured);
    window.forget_commands();
    for label in
        ["Documents", "Context", "Ref. points", "Seed", "Ref. seeds", "ε factor", "Min. count", "Tolerance"]
    {
        window.tab_to(Role::SpinButton, label);
    }
    window.press(eframe::egui::Key::Tab);
    window.harness.run_steps(5);
    window.asked_nothing();
    assert_eq!(window.app().state().draft, far_settings());
}

#[test]
fn a_number_beyond_its_rail_can_be_typed() {
    let mut window = Window::measured();
    window.forget_commands();
    window.harness.get_by_role_and_label(Role::SpinButton, "Ref. points").set_value_accesskit(5000.0);
    window.harness.run_steps(3);
    assert_eq!(window.next_settings(), Settings { points: 5000, ..Settings::default() });
    window.harness.get_by_role_and_label(Role::SpinButton, "Min. count").set_value_accesskit(3.0);
    window.harness.run_steps(3);
    assert_eq!(window.next_settings().min_count, 3);
    // What is not legal becomes the nearest that is.
    window.harness.get_by_role_and_label(Role::SpinButton, "Min. count").set_value_accesskit(0.0);
    window.harness.run_steps(3);
    assert_eq!(window.next_settings().min_count, 1);
}

#[test]
fn recorded_settings_are_text_that_asks_for_nothing() {
    let mut window = Window::open(Start { paths: vec!["recorded.json".into()], ..start() });
    window.until("the results are open", Window::is_measured);
    window.harness.run_steps(30);
    let delays = window.harness.output().viewport_output.values().map(|output| output.repaint_delay);
    for delay in delays {
        assert!(
            delay > std::time::Duration::from_secs(1),
            "a window nobody touches draws again in {delay:?}"
        );
    }
    let commands: Vec<Command> = window.seen.try_iter().collect();
    assert!(matches!(commands[..], [Command::Open { .. }]), "{commands:?}");
    assert!(window.app().state().messages.is_empty(), "{:?}", window.app().state().messages);
    for text in ["300", "25", "200000", "2000000", "7.123456789", "18446744073709551615"] {
        assert_eq!(window.harness.query_all_by_label(text).count(), 1, "{text}");
    }
    for label in ["Documents", "Ref. points", "Ref. seeds", "Context", "Tolerance"] {
        assert!(window.harness.query_by_role_and_label(Role::SpinButton, label).is_none(), "{label}");
    }
    assert!(!window.has("Reset settings"));
}

#[test]
fn reset_goes_back_to_what_the_window_was_started_with() {
    let settings = Settings {
        samples: 64,
        text_field: "body".to_owned(),
        backend: Backend::Cpu,
        dtype: Dtype::Bf16,
        scores: Precision::F16,
        temperature: Temperature::Grid,
        ..Settings::default()
    };
    let mut window = Window::open(Start { settings: settings.clone(), ..start() });
    window.until("everything is measured", Window::is_measured);
    let reset = |window: &Window| {
        let button = window.harness.get_by_label("Reset settings");
        !button.accesskit_node().is_disabled()
    };
    assert!(!reset(&window), "nothing is changed yet");
    window.forget_commands();
    window.set_slider("Ref. points", 50.0);
    window.next_settings();
    assert!(reset(&window));
    window.click("Reset settings");
    assert_eq!(window.next_settings(), settings);
    assert!(!reset(&window));
}

#[test]
fn the_temperature_names_its_run_and_leaves_the_panel_as_wide_as_it_is() {
    let mut window = Window::measured();
    assert!(window.has("ε = 0.031600") && window.has("of gutenberg-1m"));
    let left =
        |window: &Window| window.harness.get_by_role_and_label(Role::Slider, "Ref. points").rect().left();
    let before = left(&window);
    window.forget_commands();
    window.set_slider("ε factor", 2.0);
    window.next_settings();
    window.until("it is measured", Window::is_measured);
    assert!(window.has("ε = 0.063200") && window.has("without the factor 0.031600"));
    assert_eq!(left(&window), before);
}

#[test]
fn runs_are_colored_by_what_they_are() {
    let mut window = Window::measured();
    let colors = |window: &Window| {
        let snapshot = &window.app().state().drawn().snapshot;
        snapshot.runs().map(|run| run.subject.color()).collect::<Vec<_>>()
    };
    let own = colors(&window);
    assert_ne!(own[0], own[1]);
    window.choose("Colors by", "family");
    let families = colors(&window);
    assert_eq!(families[0], families[1], "both are of one family");
    window.choose("Colors by", "size");
    let sizes = colors(&window);
    assert_eq!(sizes, [Color::Progress(0.0), Color::Progress(1.0)]);
    assert!(
        window.has("parameters, log") && window.has("1M") && window.has("4M"),
        "their scale is in the legend"
    );
    window.click("Show gutenberg-1m");
    assert_eq!(colors(&window), [Color::Progress(1.0)], "the same when another is hidden");
    window.choose("Colors by", "run");
    assert_eq!(colors(&window), own[1..]);
}
