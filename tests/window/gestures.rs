//! What keys and pointer do on charts and on the timeline.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{
    self, Color32, Key, Modifiers, OutputCommand, PointerButton, Pos2, Rect, Shape, Theme, vec2,
};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use infoplane::engine::{Event, Quality};
use infoplane::settings::Settings;

use super::harness::Window;
use super::stand_in::{COUNT, measurement, opened, runs, start};

const PLANE: &str = "Information plane, token";
const COURSE: &str = "Time course";

/// The whole name of the first picture whose name has a part.
fn image(window: &Window, part: &str) -> String {
    let mut images = window.harness.query_all_by_role(Role::Image);
    let found = images.find_map(|node| node.accesskit_node().label().filter(|label| label.contains(part)));
    found.unwrap_or_else(|| panic!("no picture of {part}"))
}

fn rect_of(window: &Window, part: &str) -> Rect {
    window.harness.get_by_role_and_label(Role::Image, &image(window, part)).rect()
}

/// Walks by Tab until a picture has the focus whose name has a part.
fn tab_to(window: &mut Window, part: &str) {
    for _ in 0..100 {
        if focused_picture(window).is_some_and(|label| label.contains(part)) {
            return;
        }
        window.press(Key::Tab);
    }
    panic!("Tab never comes to {part}");
}

fn focused_picture(window: &Window) -> Option<String> {
    window.focused().filter(|(role, _)| *role == Role::Image).map(|(_, label)| label)
}

fn press_with(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.harness.key_press_modifiers(modifiers, key);
    window.harness.run_steps(2);
}

fn click_at(window: &mut Window, at: Pos2, button: PointerButton, modifiers: Modifiers) {
    window.harness.event(egui::Event::ModifiersChanged(modifiers));
    window.harness.hover_at(at);
    window.harness.run_steps(2);
    for pressed in [true, false] {
        window.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        window.harness.run_steps(1);
    }
    window.harness.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    window.harness.run_steps(3);
}

fn scroll(window: &mut Window, at: Pos2, lines: f32) {
    window.harness.hover_at(at);
    window.harness.run_steps(1);
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, lines),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    window.harness.run_steps(8);
}

/// Zooms into the middle of a picture by a box.
fn zoom(window: &mut Window, part: &str) {
    let rect = rect_of(window, part);
    let (from, to) = (rect.lerp_inside(vec2(0.3, 0.3)), rect.lerp_inside(vec2(0.6, 0.6)));
    window.harness.hover_at(from);
    window.harness.run_steps(1);
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(button(from, true));
    for step in 1..=5 {
        window.harness.hover_at(from + (to - from) * (step as f32 / 5.0));
        window.harness.run_steps(1);
    }
    window.harness.event(button(to, false));
    window.harness.run_steps(2);
}

fn fits(window: &Window) -> usize {
    window
        .harness
        .query_all_by(|node| node.role() == Role::Button && node.label() == Some("Fit".into()))
        .count()
}

/// Where a point of the plane is met by the pointer.
fn point_of(window: &mut Window, said: &str) -> Pos2 {
    let plane = rect_of(window, PLANE);
    let rows = (0..20).map(|row| plane.bottom() - 10.0 - 20.0 * row as f32);
    let columns = (0..(plane.width() / 20.0) as usize).map(|column| plane.left() + 20.0 * column as f32);
    let found = rows.flat_map(|y| columns.clone().map(move |x| egui::pos2(x, y))).find(|at| {
        window.harness.hover_at(*at);
        window.harness.run_steps(2);
        window.has(said)
    });
    found.expect("a point is met")
}

#[test]
fn arrows_walk_through_a_chart_that_tab_has_come_to() {
    let mut window = Window::measured();
    window.press(Key::Home);
    tab_to(&mut window, PLANE);
    let at = |window: &Window, run: &str, step: usize| window.has(&format!("{run} · step-{step}"));
    assert!(window.has("step 0 · 0 tokens"), "it begins at the scrubber");
    window.press(Key::ArrowRight);
    window.press(Key::ArrowRight);
    assert!(at(&window, "gutenberg-1m", 20) && window.has("step 20 · 1.3M tokens"));
    assert_eq!(window.position(), 0, "the scrubber stays");
    window.harness.event(egui::Event::Copy);
    window.harness.step();
    let text = copied(&window).expect("Ctrl+C copies it");
    assert!(text.starts_with("gutenberg-1m · step-20\nstep 20 · 1.3M tokens\ncomplexity"), "{text}");
    window.press(Key::ArrowLeft);
    assert!(at(&window, "gutenberg-1m", 10));
    window.press(Key::ArrowDown);
    assert!(at(&window, "gutenberg-4m", 10), "the same place of the next run");
    window.press(Key::ArrowUp);
    window.press(Key::End);
    assert!(at(&window, "gutenberg-1m", 3000));
    assert_eq!(window.position(), 0);
    window.press(Key::Home);
    window.press(Key::ArrowRight);
    window.press(Key::Enter);
    assert_eq!(window.position(), 1, "Enter is a click");
    // What is walked to lights up elsewhere too, and ten steps and playing are time's even here.
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(window.position(), 11);
    window.press(Key::Space);
    assert!(window.app().state().scrubber.is_playing());
    window.press(Key::Space);
    window.press(Key::Escape);
    assert!(focused_picture(&window).is_none() && !at(&window, "gutenberg-1m", 10));
    let position = window.position();
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), position - 1, "the arrows move the scrubber again");
}

#[test]
fn no_frame_need_pass_between_one_key_and_the_next() {
    let mut window = Window::measured();
    let key = |window: &mut Window, key, modifiers| {
        let pressed = true;
        window.harness.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        window.harness.step();
    };
    key(&mut window, Key::Tab, Modifiers::COMMAND);
    window.harness.step();
    for expected in ["gutenberg-1m · step-2400", "gutenberg-1m · step-1800"] {
        key(&mut window, Key::ArrowLeft, Modifiers::NONE);
        // A tooltip is laid out before it is shown.
        window.harness.step();
        assert!(window.has(expected), "{expected}");
        assert!(focused_picture(&window).is_some_and(|label| label.contains(PLANE)), "the focus stays");
    }
    assert_eq!(window.position(), COUNT - 1);
}

#[test]
fn what_is_walked_to_lights_up_in_the_list_wherever_the_pointer_rests() {
    let mut window = Window::measured();
    let row = |window: &Window, step: usize| {
        window.harness.get_by_label_contains(&format!("gutenberg-1m / step-{step},")).rect()
    };
    let resting = row(&window, 40).center();
    window.harness.hover_at(resting);
    window.harness.run_steps(3);
    press_with(&mut window, Modifiers::COMMAND, Key::Tab);
    window.press(Key::ArrowLeft);
    window.harness.run_steps(2);
    let place = row(&window, 2400);
    let is_outlined = window.harness.output().shapes.iter().any(|clipped| match &clipped.shape {
        Shape::Rect(rect) => rect.stroke.width == 1.0 && rect.rect == place,
        _ => false,
    });
    assert!(is_outlined);
    // And on the time course, near its end, where the pointer's row is not.
    let course = rect_of(&window, COURSE);
    let rings = window.harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
        Shape::Circle(circle) if circle.stroke.width >= 2.0 => Some(circle.center),
        _ => None,
    });
    let on_course: Vec<Pos2> = rings.filter(|at| course.contains(*at)).collect();
    assert!(!on_course.is_empty());
    assert!(on_course.iter().all(|at| at.x > course.center().x), "{on_course:?}");
}

#[test]
fn a_chart_that_was_clicked_leaves_the_arrows_to_time_until_it_is_walked_on() {
    let mut window = Window::measured();
    let empty = rect_of(&window, PLANE).lerp_inside(vec2(0.1, 0.1));
    click_at(&mut window, empty, PointerButton::Primary, Modifiers::NONE);
    assert!(focused_picture(&window).is_some_and(|label| label.contains(PLANE)), "a click gives the focus");
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 2);
    window.press(Key::ArrowDown);
    assert!(window.has("step 2\u{a0}400 · 157M tokens"), "at the scrubber");
    window.press(Key::ArrowLeft);
    assert!(window.has("gutenberg-1m · step-1800"));
    assert_eq!(window.position(), COUNT - 2);
    // The pointer takes over.
    window.harness.hover_at(empty + vec2(5.0, 5.0));
    window.harness.run_steps(3);
    assert!(!window.has("gutenberg-1m · step-1800"));
    window.press(Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 3);
}

#[test]
fn a_chart_with_the_focus_has_a_ring() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = Window::with(start(), (1280.0, 800.0), theme, usize::MAX);
        window.until("everything is measured", Window::is_measured);
        tab_to(&mut window, PLANE);
        let place = rect_of(&window, PLANE);
        let has_ring = window.harness.output().shapes.iter().any(|clipped| match &clipped.shape {
            Shape::Rect(rect) => {
                let is_seen = clipped.clip_rect.contains_rect(rect.rect);
                is_seen
                    && rect.stroke.width >= 2.0
                    && rect.stroke.color != Color32::TRANSPARENT
                    && rect.rect.contains_rect(place)
                    && place.expand(4.0).contains_rect(rect.rect)
            }
            _ => false,
        });
        assert!(has_ring, "{theme:?}");
    }
}

#[test]
fn ctrl_tab_goes_from_panel_to_panel_and_keys_are_for_the_one_in_use() {
    let mut window = Window::measured();
    let mut seen = Vec::new();
    for _ in 0..5 {
        press_with(&mut window, Modifiers::COMMAND, Key::Tab);
        seen.push(window.focused().expect("a panel has the focus").1);
    }
    assert!(seen[0].contains(PLANE) && seen[1].contains(COURSE), "{seen:?}");
    assert!(seen[2] != seen[1] && seen[2] != seen[0]);
    assert_eq!(seen[3], "Numbers at the scrubber");
    assert!(seen[4].contains(PLANE), "after the last comes the first");
    for _ in 0..3 {
        press_with(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Tab);
    }
    assert!(focused_picture(&window).is_some_and(|label| label.contains(COURSE)));
    // The arrows are the table's where that has the focus.
    for _ in 0..2 {
        press_with(&mut window, Modifiers::COMMAND, Key::Tab);
    }
    window.press(Key::Home);
    assert_eq!(window.position(), 0);
    window.press(Key::ArrowDown);
    assert_eq!(window.focused().map(|(_, name)| name).as_deref(), Some("Numbers at the scrubber"));
    // Alone, a panel makes room for the next.
    window.click("Maximise Information plane");
    press_with(&mut window, Modifiers::COMMAND, Key::Tab);
    assert!(focused_picture(&window).is_some_and(|label| !label.contains(PLANE)));
    assert_eq!(window.harness.query_all_by_label_contains("Restore ").count(), 1);
    assert!(!window.has("Restore Information plane"));
}

#[test]
fn escape_leaves_one_thing_at_a_press_and_the_zoom_last() {
    let mut window = Window::measured();
    zoom(&mut window, PLANE);
    assert_eq!(fits(&window), 1);
    window.press(Key::ArrowDown);
    window.press(Key::ArrowLeft);
    let walked = "gutenberg-1m · step-2400";
    assert!(window.has(walked));
    window.press(Key::Escape);
    assert!(!window.has(walked) && fits(&window) == 1, "the point first");
    window.tab_to(Role::Button, "Play");
    window.press(Key::Escape);
    assert!(window.focused().is_none() && fits(&window) == 1, "a control is left, and nothing else");
    window.press(Key::F1);
    window.press(Key::Escape);
    assert!(!window.has("Keys and gestures") && fits(&window) == 1, "a page is closed, and nothing else");
    window.press(Key::Escape);
    assert_eq!(fits(&window), 0);
    // Of the panel used last alone.
    zoom(&mut window, PLANE);
    zoom(&mut window, COURSE);
    assert_eq!(fits(&window), 2);
    window.press(Key::Escape);
    assert_eq!(fits(&window), 1);
    window.press(Key::F);
    assert_eq!(fits(&window), 0);
}

#[test]
fn looks_are_undone_and_done_again_panel_by_panel() {
    let mut window = Window::measured();
    let redo = Modifiers::COMMAND | Modifiers::SHIFT;
    let plane = image(&window, PLANE);
    zoom(&mut window, PLANE);
    let middle = rect_of(&window, PLANE).center();
    scroll(&mut window, middle, 1.0);
    window.click("Fit");
    assert_eq!(fits(&window), 0);
    for fitted in [1, 1, 0, 0] {
        press_with(&mut window, Modifiers::COMMAND, Key::Z);
        assert_eq!(fits(&window), fitted, "fit, wheel and box, and nothing before");
    }
    press_with(&mut window, redo, Key::Z);
    assert_eq!(fits(&window), 1);
    for _ in 0..3 {
        press_with(&mut window, redo, Key::Z);
    }
    assert_eq!(fits(&window), 0, "up to where it was fitted");
    // Another panel has looks of its own.
    zoom(&mut window, COURSE);
    press_with(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(fits(&window), 0);
    assert_eq!(image(&window, PLANE), plane);
}

/// What was put on the clipboard in the last frame.
fn copied(window: &Window) -> Option<String> {
    window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

/// Where the round marks of the plane stand.
fn mark_places(window: &Window) -> Vec<Pos2> {
    let plane = rect_of(window, PLANE);
    let circle = |shape: &Shape| match shape {
        Shape::Circle(circle) if plane.contains(circle.center) => Some(circle.center),
        _ => None,
    };
    window.harness.output().shapes.iter().filter_map(|clipped| circle(&clipped.shape)).collect()
}

#[test]
fn fitting_moves_there_in_a_moment_and_nowhere_where_nothing_may_move() {
    for moves in [true, false] {
        let mut window = Window::measured();
        // Tests move nothing by themselves.
        window.harness.ctx.all_styles_mut(|style| style.animation_time = if moves { 0.1 } else { 0.0 });
        window.harness.run_steps(10);
        let fitted = mark_places(&window);
        zoom(&mut window, PLANE);
        window.harness.hover_at(egui::pos2(4.0, 4.0));
        window.harness.run_steps(10);
        assert_ne!(mark_places(&window), fitted);
        let zoomed = mark_places(&window);
        window.harness.key_press(Key::F);
        let mut is_between = false;
        for _ in 0..10 {
            window.harness.run_steps(1);
            let places = mark_places(&window);
            is_between |= places != zoomed && places != fitted;
        }
        assert_eq!(is_between, moves, "on its way");
        assert_eq!(mark_places(&window), fitted);
    }
}

#[test]
fn axes_only_grow_while_measuring_and_settle_once_at_its_end() {
    let (mut window, say) = Window::told();
    say.send(opened(runs().into_iter().map(|run| (run, None)))).unwrap();
    let condition = window.next_condition();
    let tell = |window: &mut Window, checkpoint: usize, temperature_factor: f64| {
        let settings = Settings { temperature_factor, ..Settings::default() };
        let measured = Event::Measured {
            condition: Arc::clone(&condition),
            checkpoint: window.key((0, checkpoint)),
            measurement: Arc::new(measurement((0, checkpoint), &settings)),
            documents: 16,
            quality: Quality::Preview,
            recalled: false,
        };
        say.send(measured).unwrap();
        window.harness.run_steps(6);
    };
    (0..6).for_each(|checkpoint| tell(&mut window, checkpoint, 1.0));
    window.harness.hover_at(egui::pos2(4.0, 4.0));
    window.harness.run_steps(3);
    let first = |window: &Window| {
        let places = mark_places(window);
        places.into_iter().min_by(|a, b| a.x.total_cmp(&b.x)).expect("there are marks").x
    };
    let before = first(&window);
    tell(&mut window, 3, 0.05);
    let grown = first(&window);
    assert!(grown < before - 5.0, "the axes reach further: {grown} {before}");
    tell(&mut window, 3, 1.0);
    tell(&mut window, 4, 1.0);
    assert!(window.app().state().is_busy());
    assert_eq!(first(&window), grown, "they hold what they held");
    press_with(&mut window, Modifiers::COMMAND, Key::Period);
    assert!(!window.app().state().is_busy());
    window.harness.run_steps(3);
    assert_eq!(first(&window), before, "no more news come");
}

#[test]
fn the_menu_of_a_point_copies_its_values_and_hides_and_solos_its_run() {
    let mut window = Window::measured();
    let at = point_of(&mut window, "step 0 · 0 tokens");
    let solo = |window: &Window| [0, 1].map(|run| window.app().state().is_visible(run));
    click_at(&mut window, at, PointerButton::Secondary, Modifiers::NONE);
    assert_eq!(window.position(), COUNT - 1, "a menu moves no time");
    window.harness.check_accessibility();
    window.harness.get_by_label("Copy values").click();
    window.harness.run_steps(1);
    let copied = copied(&window).expect("something was copied");
    assert!(copied.starts_with("gutenberg-1m · step-0\nstep 0 · 0 tokens\n"), "{copied}");
    assert!(copied.contains("complexity I(X;Z), token input 0.0500 ± 0.0012 nats / ln n"), "{copied}");

    click_at(&mut window, at, PointerButton::Secondary, Modifiers::NONE);
    window.click("Solo this run");
    assert_eq!(solo(&window), [true, false]);
    let at = point_of(&mut window, "step 0 · 0 tokens");
    click_at(&mut window, at, PointerButton::Secondary, Modifiers::NONE);
    assert!(!window.has("Solo this run"));
    window.click("Show all runs");
    assert_eq!(solo(&window), [true, true]);
    let at = point_of(&mut window, "step 0 · 0 tokens");
    click_at(&mut window, at, PointerButton::Secondary, Modifiers::NONE);
    window.click("Hide this run");
    assert_eq!(solo(&window), [false, true]);
    window.click("Show gutenberg-1m");
    assert_eq!(solo(&window), [true, true], "the list of runs shows it again");
}

#[test]
fn the_menu_of_a_chart_fits_maximises_and_exports() {
    let mut window = Window::measured();
    let menu = |window: &mut Window| {
        let empty = rect_of(window, PLANE).lerp_inside(vec2(0.1, 0.1));
        click_at(window, empty, PointerButton::Secondary, Modifiers::NONE);
    };
    zoom(&mut window, PLANE);
    menu(&mut window);
    assert!(!window.has("Copy values") && !window.has("Hide this run"), "nothing is under the pointer");
    window.harness.get_all_by_label("Fit").last().expect("it is in the menu").click();
    window.harness.run_steps(3);
    assert_eq!(fits(&window), 0);
    menu(&mut window);
    window.press(Key::Escape);
    assert!(!window.has("Maximise panel"), "Esc closes the menu");
    menu(&mut window);
    window.click("Maximise panel");
    assert!(window.has("Restore Information plane"));
    menu(&mut window);
    assert!(window.has("Export…"));
}

#[test]
fn a_legend_solos_with_shift_hides_with_ctrl_and_does_nothing_by_itself() {
    let mut window = Window::measured();
    let shown = |window: &Window| [0, 1].map(|run| window.app().state().is_visible(run));
    let key = |window: &Window| {
        let plane = rect_of(window, PLANE);
        let keys = window.harness.query_all_by_label("gutenberg-4m").map(|node| node.rect());
        // Below or beside the frame of the plane, within its panel.
        let near = |rect: &Rect| rect.center().x > plane.left() - 60.0 && rect.top() > plane.top();
        keys.filter(near).min_by(|a, b| a.left().total_cmp(&b.left())).expect("the legend has it").center()
    };
    let at = key(&window);
    click_at(&mut window, at, PointerButton::Primary, Modifiers::NONE);
    assert_eq!(shown(&window), [true, true]);
    click_at(&mut window, at, PointerButton::Primary, Modifiers::SHIFT);
    assert_eq!(shown(&window), [false, true]);
    let at = key(&window);
    click_at(&mut window, at, PointerButton::Primary, Modifiers::SHIFT);
    assert_eq!(shown(&window), [true, true]);
    let at = key(&window);
    click_at(&mut window, at, PointerButton::Primary, Modifiers::COMMAND);
    assert_eq!(shown(&window), [true, false]);
    window.click("Show gutenberg-4m");
    assert_eq!(shown(&window), [true, true]);
}

#[test]
fn the_wheel_on_the_timeline_steps_through_checkpoints() {
    let mut window = Window::measured();
    let track = window.harness.get_by_role_and_label(Role::Slider, "Checkpoint").rect();
    scroll(&mut window, track.center(), 1.0);
    assert_eq!(window.position(), COUNT - 2, "up is back");
    scroll(&mut window, track.center(), 1.0);
    scroll(&mut window, track.center(), -1.0);
    assert_eq!(window.position(), COUNT - 2);
    let play = window.harness.get_by_role_and_label(Role::Button, "Play").rect();
    scroll(&mut window, play.center(), 1.0);
    assert_eq!(window.position(), COUNT - 3, "anywhere on the timeline");
}

#[test]
fn ten_steps_with_shift_whatever_button_has_the_focus() {
    let mut window = Window::measured();
    for (role, label) in [(Role::Button, "Open folder…"), (Role::ListBox, "Checkpoints of gutenberg-1m")] {
        window.tab_to(role, label);
        press_with(&mut window, Modifiers::SHIFT, Key::ArrowLeft);
        assert_eq!(window.position(), COUNT - 11, "{label}");
        press_with(&mut window, Modifiers::SHIFT, Key::ArrowRight);
        assert_eq!(window.position(), COUNT - 1, "{label}");
        assert_eq!(window.focused(), Some((role, label.to_owned())));
    }
    window.tab_to(Role::Slider, "Ref. points");
    press_with(&mut window, Modifiers::SHIFT, Key::ArrowLeft);
    assert_eq!(window.position(), COUNT - 1, "a slider keeps its keys");
}
