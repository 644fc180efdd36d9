//! The window with no display: a stand-in for the worker answers on the channels, egui_kittest presses the
//! keys and reads the accessibility tree. No pixels are compared: fonts and drivers differ.
//!
//! `INFOPLANE_SCREENSHOTS=FOLDER cargo test --test window` also writes what the window looks like.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod beside;
mod desktops;
mod drawers;
mod export;
mod files;
mod gestures;
mod harness;
mod keyboard;
mod looks;
mod many;
mod numbers;
mod pairs;
mod panels;
mod pins;
mod settings;
mod stand_in;

use std::path::{Path, PathBuf};

use eframe::egui::{self, Key, Modifiers, Theme, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::app::Start;
use infoplane::condition::TextSource;
use infoplane::engine::Command;
use infoplane::measures::Order;
use infoplane::settings::{Backend, Settings, Temperature};
use infoplane::state::Status;
use infoplane::views::plane::LayerChoice;

use harness::Window;
use stand_in::{BROKEN, COUNT, LAYERS, results, start};

#[test]
fn opens_what_it_is_told_and_measures_it() {
    let mut window = Window::measured();
    assert!(matches!(&window.seen.try_recv(), Ok(Command::Open { paths }) if paths[0] == Path::new("/runs")));
    assert!(matches!(window.seen.try_recv(), Ok(Command::Want(wants)) if wants.len() == 3 * 2 * COUNT));
    assert!(window.has("CPU (stand-in, 2 threads)"));
    assert!(window.has("27 measured, 1 failed"));
    assert!(window.has("Information plane, token, mean of layers: 27 checkpoints"));
    assert!(window.has("gutenberg-1m / step-3000, measured"));
    window.harness.step();
}

#[test]
fn a_failed_checkpoint_at_the_scrubber_says_why() {
    let mut window = Window::measured();
    window.set_slider("Checkpoint", (BROKEN.1 + 1) as f64);
    assert!(window.has("× tensor model.norm.weight is missing"));
    assert!(!window.has("Not measured yet."));
    assert!(window.has("13 measured, 1 failed") && window.has("27 measured, 1 failed"));
}

#[test]
fn results_under_different_settings_are_told_apart_on_screen_and_on_paper() {
    let file = |path: &str, points| {
        (PathBuf::from(path), results("gutenberg-1m", Settings { points, ..Settings::default() }))
    };
    let mut window = Window::recorded(vec![file("/r/a.json", 50), file("/r/b.json", 100)], (1280.0, 800.0));
    for text in ["n = 50", "gutenberg-1m, n = 50 · step-1", "gutenberg-1m, n = 100 · step-1"] {
        assert!(window.has(text), "{text}");
    }
    let svg = window.exported();
    for text in
        ["gutenberg-1m, n = 50 2 ", "gutenberg-1m, n = 100 2 ", "gutenberg-1m: n = 50; gutenberg-1m: n = 100"]
    {
        assert!(svg.contains(text), "{text} is missing");
    }
}

#[test]
fn a_figure_exported_while_measuring_says_what_is_a_first_estimate() {
    let mut window = Window::with(start(), (1280.0, 800.0), Theme::Dark, 12);
    window.until("progress is shown", |window| window.has("1 min 14 s left"));
    assert!(window.has("first estimates on 16 documents"), "the plane says so too");
    let svg = window.exported();
    assert!(svg.contains("first estimates on 16 documents"), "{svg}");
    assert!(svg.contains("held-out.txt, 64 documents") && !svg.contains("500 documents"));
}

#[test]
fn an_empty_window_says_what_to_do() {
    let mut window = Window::open(Start::default());
    assert!(window.has("Training on the information plane"));
    window.click("Open a folder of checkpoints");
    window.until("the runs are open", |window| !window.app().state().open_runs().is_empty());
    assert!(
        matches!(window.seen.try_recv(), Ok(Command::Open { paths }) if paths[0].ends_with("other runs"))
    );
    assert_eq!(window.harness.query_all_by_label("Choose a text corpus").count(), 1);
    window.click("Choose a text to measure on");
    let condition = window.next_condition();
    assert!(matches!(&condition.text, TextSource::Corpus(path) if path.ends_with("held-out.txt")));
}

#[test]
fn keys_and_buttons_scrub_through_training() {
    let mut window = Window::measured();
    assert_eq!(window.position(), COUNT - 1);
    window.press(Key::Home);
    assert_eq!(window.position(), 0);
    window.press(Key::ArrowRight);
    window.click("Step forward");
    assert_eq!(window.position(), 2);
    assert!(window.has("gutenberg-1m at step-20"));
    window.set_slider("Checkpoint", 6.0);
    assert_eq!(window.position(), 5);
    // The list scrolls to where the scrubber went; only then does the row stand still.
    window.harness.run_steps(20);
    window.harness.get_by_label_contains("gutenberg-1m / step-40,").click();
    window.harness.run_steps(3);
    assert_eq!(window.position(), 3);
    window.press(Key::End);
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 2);
    // Two presses within a frame are two steps.
    for pressed in [true, false, true, false] {
        let (key, modifiers) = (Key::ArrowLeft, Modifiers::NONE);
        window.harness.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
    }
    window.harness.run_steps(3);
    assert_eq!(window.position(), COUNT - 4);
}

#[test]
fn playing_moves_by_time_and_stops_at_the_end() {
    let mut window = Window::measured();
    window.press(Key::Space);
    assert!(window.app().state().scrubber.is_playing());
    assert!(window.position() <= 1, "playing from the end starts over");
    // 20 frames of 1/20 s at 4 checkpoints a second.
    window.harness.run_steps(20);
    assert!((3..=6).contains(&window.position()), "{}", window.position());
    window.click("Pause");
    let position = window.position();
    window.harness.run_steps(20);
    assert_eq!(window.position(), position);
    window.set_slider("Playback speed", 20.0);
    window.press(Key::Space);
    window.harness.run_steps(40);
    assert!(!window.app().state().scrubber.is_playing());
    assert_eq!(window.position(), COUNT - 1);
}

#[test]
fn every_setting_asks_for_a_new_measurement() {
    let mut window = Window::measured();
    window.forget_commands();

    window.set_slider("Ref. points", 50.0);
    assert_eq!(window.next_settings().points, 50);

    window.set_slider("ε factor", 2.0);
    let settings = window.next_settings();
    assert!((settings.temperature_factor - 2.0).abs() < 1e-6);
    assert_eq!(settings.points, 50, "what was set before still holds");

    window.choose("Temperature", "grid");
    assert_eq!(window.next_settings().temperature, Temperature::Grid);

    window.choose("Temperature", "fixed");
    assert!(matches!(window.next_settings().temperature, Temperature::Fixed(_)));

    for (label, value) in [("Documents", 20.0), ("Context", 64.0), ("Seed", 3.0), ("ε", 0.02)] {
        window.harness.get_by_role_and_label(Role::SpinButton, label).set_value_accesskit(value);
        window.harness.run_steps(3);
    }
    let mut settings = window.next_settings();
    while settings.temperature != Temperature::Fixed(0.02) {
        settings = window.next_settings();
    }
    assert_eq!((settings.samples, settings.context, settings.seed), (20, 64, 3));

    window.harness.get_by_role_and_label(Role::SpinButton, "Ref. seeds").set_value_accesskit(5.0);
    window.harness.run_steps(3);
    assert_eq!(window.next_settings().reference_seeds, 5);
    window.set_slider("Min. count", 4.0);
    assert_eq!(window.next_settings().min_count, 4);
    window.harness.get_by_role_and_label(Role::SpinButton, "Tolerance").set_value_accesskit(0.01);
    window.harness.run_steps(3);
    assert_eq!(window.next_settings().tolerance, 0.01);

    window.choose("Backend", "cpu");
    assert_eq!(window.next_settings().backend, Backend::Cpu);

    window.choose("Widest n-gram", "bigram");
    assert_eq!(window.next_settings().max_order, 2);

    window.click("Reset settings");
    assert_eq!(window.next_settings(), Settings::default(), "this window was started with the defaults");
}

#[test]
fn order_and_layer_are_views_of_what_is_measured() {
    let mut window = Window::measured();
    window.forget_commands();
    window.click_role(Role::RadioButton, "trigram");
    assert_eq!(window.app().state().view.order, Order::Trigram);
    window.press(Key::Num2);
    assert_eq!(window.app().state().view.order, Order::Bigram);
    window.click_role(Role::RadioButton, "last layer");
    assert_eq!(window.app().state().view.layers, LayerChoice::Last);
    window.click_role(Role::RadioButton, "one layer");
    assert_eq!(window.app().state().view.layers, LayerChoice::Layer(LAYERS - 1));
    window.set_slider("Layer", 1.0);
    assert_eq!(window.app().state().view.layers, LayerChoice::Layer(1));
    window.asked_nothing();
}

#[test]
fn an_order_that_is_not_measured_cannot_be_chosen() {
    let settings = Settings { max_order: 1, ..Settings::default() };
    let mut window = Window::open(Start { settings, ..start() });
    window.until("everything is measured", |window| window.app().state().done() == (28, 28));
    assert!(window.harness.get_by_role_and_label(Role::RadioButton, "bigram").accesskit_node().is_disabled());
    window.press(Key::Num2);
    assert_eq!(window.app().state().view.order, Order::Token);
}

#[test]
fn keys_do_not_fire_into_a_field_being_typed_in() {
    let mut window = Window::measured();
    window.harness.get_by_role_and_label(Role::TextInput, "Text field").click();
    window.harness.run_steps(3);
    window.press(Key::Home);
    window.press(Key::Num3);
    window.press(Key::Space);
    let state = window.app().state();
    assert_eq!((state.scrubber.position(), state.view.order), (COUNT - 1, Order::Token));
    assert!(!state.scrubber.is_playing());
}

#[test]
fn a_point_under_the_pointer_shows_its_numbers_and_takes_the_scrubber() {
    let mut window = Window::measured();
    let plane = window.harness.get_by_label_contains("Information plane, token").rect();
    // Rows from the bottom up, as close as the pointer must come to a point: the first one is met soon.
    let rows = (0..20).map(|row| plane.bottom() - 10.0 - 20.0 * row as f32);
    let columns = (0..(plane.width() / 20.0) as usize).map(|column| plane.left() + 20.0 * column as f32);
    let hit = rows.flat_map(|y| columns.clone().map(move |x| egui::pos2(x, y))).find(|at| {
        window.harness.hover_at(*at);
        // A tooltip is laid out before it is shown.
        window.harness.run_steps(2);
        window.has("step 0 · 0 tokens")
    });
    let hit = hit.expect("a point is met");
    window.harness.run_steps(3);
    for text in [
        "gutenberg-1m · step-0",
        "step 0 · 0 tokens",
        "complexity I(X;Z), token input 0.0500 ± 0.0012 nats / ln n",
        "expressivity I(Y;Z), token output 0.0100 ± 0.0009 nats / ln n",
        "φ 0.2",
    ] {
        assert!(window.has(text), "{text} is missing");
    }
    if let Some(folder) = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from) {
        let image = window.harness.render().expect("an image");
        image.save(folder.join("hover.png")).expect("the image is written");
    }
    window.harness.drag_at(hit);
    window.harness.run_steps(1);
    window.harness.drop_at(hit);
    window.harness.run_steps(3);
    assert_eq!(window.position(), 0);
}

#[test]
fn a_hidden_run_is_not_drawn() {
    let mut window = Window::measured();
    window.click("Show gutenberg-4m");
    assert!(window.has("Information plane, token, mean of layers: 14 checkpoints"));
    assert!(!window.has("gutenberg-4m / step-40,"));
}

#[test]
fn a_failed_checkpoint_shows_its_error_where_it_stands() {
    let window = Window::measured();
    assert!(matches!(window.app().state().status(window.key(BROKEN)), Status::Failed(_)));
    assert!(window.has("gutenberg-4m / step-900, failed"));
    assert!(window.has("tensor model.norm.weight is missing"));
}

#[test]
fn a_folder_that_cannot_be_opened_is_said_and_dismissed() {
    let mut window = Window::open(Start { paths: vec!["/missing".into()], ..start() });
    window.until("the error is said", |window| !window.app().state().messages.is_empty());
    let text = "no such folder; check the spelling: /missing";
    assert!(window.has(text));
    window.click(&format!("Dismiss: {text}"));
    assert!(!window.has(text));
}

#[test]
fn the_plane_is_exported_as_it_is_seen() {
    let mut window = Window::measured();
    window.click_role(Role::RadioButton, "bigram");
    let svg = window.exported();
    for text in ["bigram", "gutenberg-4m", "step-3000"] {
        assert!(svg.contains(text), "{text} is missing");
    }
}

#[test]
fn a_text_nobody_chose_is_said_over_the_plane() {
    let note = "Measured on the demo's books";
    let own = Start { demo_text: true, ..start() };
    let mut window = Window::open(own.clone());
    window.until("everything is measured", Window::is_measured);
    assert!(window.has(note));
    window.forget_commands();
    window.click("Choose your own text…");
    let condition = window.next_condition();
    assert!(condition.text.path().ends_with("held-out.txt") && !window.has(note));

    let mut window = Window::open(own);
    window.until("everything is measured", Window::is_measured);
    window.click("Keep the demo's text");
    assert!(!window.has(note));

    // The demo's own runs are at home there; a folder opened later is not.
    let mut window = Window::open(Start { demo_text: true, demo_runs: true, ..start() });
    window.until("everything is measured", Window::is_measured);
    assert!(!window.has(note));
    window.click("Open folder…");
    window.until("other runs are open", |window| window.has(note));
    assert!(!Window::measured().has(note), "a text that was named is the user's");
}

#[test]
fn what_failed_can_be_tried_again() {
    let mut window = Window::measured();
    window.forget_commands();
    window.click("Try again");
    window.until("the worker is told", |window| {
        window.seen.try_iter().any(|command| matches!(command, Command::Retry))
    });
    window.until("it failed again", |window| window.has("Try again"));
    assert!(window.has("27 measured, 1 failed"));
}

#[test]
fn measuring_shows_progress_and_can_be_cancelled() {
    let mut window = Window::with(start(), (1280.0, 800.0), Theme::Dark, 12);
    window.until("progress is shown", |window| window.has("1 min 14 s left"));
    assert!(window.has("measuring") && window.has("first estimate"));
    window.click("Cancel");
    window.until("the worker is told", |window| {
        window.seen.try_iter().any(|command| matches!(&command, Command::Want(wants) if wants.is_empty()))
    });
}

#[test]
fn help_lists_the_keys() {
    let mut window = Window::measured();
    window.press(Key::F1);
    assert!(window.has("Keys and gestures"));
    window.harness.check_accessibility();
    window.press(Key::Escape);
    assert!(!window.has("Keys and gestures"));
}

/// Draws the window as it is seen; written only where `INFOPLANE_SCREENSHOTS` names a folder.
#[test]
fn the_window_can_be_rendered() {
    let folder = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from);
    let shots: &[(&str, (f32, f32), Theme, usize)] = &[
        ("dark", (1280.0, 800.0), Theme::Dark, usize::MAX),
        ("light", (1280.0, 800.0), Theme::Light, usize::MAX),
        ("dark-small", (1000.0, 700.0), Theme::Dark, 12),
        ("light-small", (1000.0, 700.0), Theme::Light, 12),
    ];
    for (name, size, theme, stop_after) in shots.iter().take(if folder.is_some() { 4 } else { 1 }) {
        let mut window = Window::with(start(), *size, *theme, *stop_after);
        let shown = |window: &Window| {
            window.app().state().drawn().trajectories.iter().map(|t| t.points.len()).sum::<usize>()
        };
        window.until("the points are there", |window| shown(window) == 27);
        window.press(Key::ArrowLeft);
        window.press(Key::ArrowLeft);
        window.harness.run_steps(10);
        let image = window.harness.render().expect("an image");
        assert_eq!(image.dimensions(), (size.0 as u32, size.1 as u32));
        let first = *image.get_pixel(0, 0);
        assert!(image.pixels().any(|pixel| *pixel != first), "the image is blank");
        if let Some(folder) = &folder {
            image.save(folder.join(format!("{name}.png"))).expect("the image is written");
        }
    }
    if let Some(folder) = &folder {
        let empty = Start { text: None, ..Start::default() };
        let mut window = Window::with(empty, (1280.0, 800.0), Theme::Dark, 0);
        window.harness.run_steps(5);
        let image = window.harness.render().expect("an image");
        image.save(folder.join("empty.png")).expect("the image is written");
        window.press(Key::F1);
        window.harness.run_steps(10);
        let image = window.harness.render().expect("an image");
        image.save(folder.join("help.png")).expect("the image is written");
    }
}
