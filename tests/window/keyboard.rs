//! The window without a mouse: keys of time, the ring of the focus, Tab through what there is.

use eframe::egui::{Color32, Key, Modifiers, Shape, Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use infoplane::engine::Command;

use super::harness::Window;
use super::stand_in::{COUNT, start};

#[test]
fn keys_of_time_work_whatever_button_or_list_has_the_focus() {
    for (role, label) in [
        (Role::Button, "Open folder…"),
        (Role::CheckBox, "Show gutenberg-1m"),
        (Role::ListBox, "Checkpoints of gutenberg-1m"),
        (Role::Button, "Play"),
    ] {
        let mut window = Window::measured();
        window.tab_to(role, label);
        window.press(Key::Home);
        assert_eq!(window.position(), 0, "{label}");
        window.press(Key::ArrowRight);
        window.press(Key::ArrowRight);
        window.press(Key::ArrowLeft);
        assert_eq!(window.position(), 1, "{label}");
        assert_eq!(window.focused(), Some((role, label.to_owned())), "the focus stays");
        window.press(Key::End);
        assert_eq!(window.position(), COUNT - 1, "{label}");
        window.press(Key::Space);
        assert!(window.app().state().scrubber.is_playing(), "{label}");
        assert!(window.app().state().is_visible(0), "Space presses no button");
    }
}

#[test]
fn enter_presses_what_has_the_focus() {
    let mut window = Window::measured();
    window.tab_to(Role::CheckBox, "Show gutenberg-1m");
    window.press(Key::Enter);
    assert!(!window.app().state().is_visible(0));
}

#[test]
fn sliders_and_fields_keep_their_keys() {
    let mut window = Window::measured();
    window.forget_commands();
    window.tab_to(Role::Slider, "Ref. points");
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 1);
    assert!(window.next_settings().points < 100);
    window.tab_to(Role::SpinButton, "Seed");
    for key in [Key::Home, Key::ArrowLeft, Key::Space] {
        window.press(key);
    }
    let scrubber = &window.app().state().scrubber;
    assert!(scrubber.position() == COUNT - 1 && !scrubber.is_playing());
}

#[test]
fn the_checkpoints_of_a_run_are_one_stop_with_arrows_inside() {
    let mut window = Window::measured();
    let mut stops = Vec::new();
    for _ in 0..60 {
        window.press(Key::Tab);
        stops.extend(window.focused());
    }
    assert!(stops.iter().all(|(role, _)| *role != Role::ListItem), "{stops:?}");
    for run in ["gutenberg-1m", "gutenberg-4m"] {
        let list = (Role::ListBox, format!("Checkpoints of {run}"));
        assert!(stops.contains(&list), "{stops:?}");
    }
    window.tab_to(Role::ListBox, "Checkpoints of gutenberg-4m");
    window.press(Key::ArrowUp);
    window.press(Key::ArrowUp);
    window.press(Key::ArrowDown);
    assert_eq!(window.position(), COUNT - 2);
    let list = (Role::ListBox, "Checkpoints of gutenberg-4m".to_owned());
    assert_eq!(window.focused(), Some(list));
    window.press(Key::Escape);
    assert_eq!(window.focused(), None);
}

#[test]
fn the_focus_has_a_ring() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = Window::with(start(), (1280.0, 800.0), theme, usize::MAX);
        window.until("everything is measured", Window::is_measured);
        for (role, label) in [
            (Role::Button, "Open folder…"),
            (Role::ListBox, "Checkpoints of gutenberg-1m"),
            (Role::Button, "Play"),
        ] {
            window.tab_to(role, label);
            let place = window.harness.get_by_role_and_label(role, label).rect();
            let ring = window.harness.output().shapes.iter().find_map(|clipped| match &clipped.shape {
                Shape::Rect(rect) if rect.stroke.width >= 2.0 && rect.rect.contains_rect(place) => {
                    Some((rect.stroke.color, rect.rect.expand(-4.0)))
                }
                _ => None,
            });
            let (color, inner) = ring.unwrap_or_else(|| panic!("{label} has no ring"));
            assert!(color != Color32::TRANSPARENT && place.contains_rect(inner), "{label}");
        }
    }
}

#[test]
fn escape_leaves_measuring_alone_and_ctrl_period_cancels_it() {
    let mut window = Window::with(start(), (1280.0, 800.0), Theme::Dark, 12);
    window.until("progress is shown", |window| window.has("1 min 14 s left"));
    window.forget_commands();
    window.press(Key::Escape);
    window.press(Key::F1);
    assert!(window.has("Ctrl+."));
    window.press(Key::Escape);
    window.harness.run_steps(5);
    assert!(window.app().state().is_busy());
    window.asked_nothing();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    window.until("the worker is told", |window| {
        window.seen.try_iter().any(|command| matches!(&command, Command::Want(wants) if wants.is_empty()))
    });
}

#[test]
fn the_first_click_on_the_theme_changes_what_is_seen() {
    // A desktop that is dark, one that is light, and one that does not say.
    for desktop in [Some(Theme::Dark), Some(Theme::Light), None] {
        let mut window = Window::with(start(), (1280.0, 800.0), Theme::Dark, usize::MAX);
        window.harness.input_mut().system_theme = desktop;
        window.harness.ctx.set_theme(eframe::egui::ThemePreference::System);
        window.harness.run_steps(3);
        let mut seen = window.harness.ctx.theme();
        for _ in 0..3 {
            window.click(if seen == Theme::Dark { "Light theme" } else { "Dark theme" });
            assert_ne!(window.harness.ctx.theme(), seen, "{desktop:?}");
            seen = window.harness.ctx.theme();
        }
    }
}

#[test]
fn the_menu_of_a_chart_is_opened_by_keys_and_gone_through_by_them() {
    for keys in [(Modifiers::SHIFT, Key::F10), (Modifiers::NONE, Key::Menu)] {
        let mut window = Window::measured();
        window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Tab);
        window.harness.run_steps(3);
        let chart = window.focused();
        assert!(chart.as_ref().is_some_and(|(role, _)| *role == Role::Image), "{chart:?}");
        window.harness.key_press_modifiers(keys.0, keys.1);
        window.harness.run_steps(3);
        assert_eq!(window.focused(), Some((Role::Button, "Copy values".to_owned())), "{keys:?}");
        for name in ["Hide this run", "Solo this run", "Fit", "Maximise panel", "Export…"] {
            assert!(
                window.harness.query_all_by_role_and_label(Role::Button, name).next().is_some(),
                "{name}"
            );
        }
        window.press(Key::Escape);
        window.harness.run_steps(2);
        assert!(!window.has("Hide this run"));
        assert_eq!(window.focused(), chart, "the chart has the focus again");
        window.harness.key_press_modifiers(keys.0, keys.1);
        window.harness.run_steps(3);
        window.press(Key::ArrowDown);
        assert_eq!(window.focused(), Some((Role::Button, "Hide this run".to_owned())));
        window.press(Key::Enter);
        window.harness.run_steps(3);
        let hidden = (0..2).filter(|run| !window.app().state().is_visible(*run)).count();
        assert_eq!(hidden, 1);
    }
}
