//! The timeline at the foot of the window: reads the scrubber, emits commands.

use eframe::egui::{
    self, Align, Layout, Rect, Response, Role, Sense, Slider, Stroke, StrokeKind, Ui, WidgetInfo, accesskit,
    pos2, vec2,
};

use super::Action;
use super::theme::{self, palette};
use super::widgets::{Icon, icon_button, own_keys, short_count};
use crate::state::timeline::{SPEED_RANGE, TimeCommand, TimeUnit};
use crate::state::{Mark, State, UiCommand};
use crate::words::thousands;

/// So far the wheel is turned for a step, in points of the screen, and so many of these a notch is.
const WHEEL_STEP: f32 = 40.0;
/// The width of the words beside the track, where both stand in one row.
const WORDS: f32 = 190.0;

/// Draws transport, track and speed.
pub(super) fn timeline_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    wheel(ui, actions);
    let scrubber = &state.scrubber;
    ui.add_enabled_ui(!scrubber.times().is_empty(), |ui| {
        ui.horizontal(|ui| {
            let mut time = |command: TimeCommand| actions.push(UiCommand::Time(command).into());
            transport_ui(ui, state, &mut time);
            let looping = scrubber.is_looping();
            let repeat = icon_button(ui, Icon::Loop, "Loop", looping);
            if repeat.on_hover_text("Start over at the end").clicked() {
                time(TimeCommand::SetLooping(!looping));
            }
            ui.add_space(12.0);
            ui.spacing_mut().item_spacing.x = 8.0;
            label_ui(ui, state);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let mut speed = scrubber.speed();
                ui.spacing_mut().slider_width = 80.0;
                // Right to left: the unit stands last and is added first.
                ui.label(theme::weak(ui, "per second").small());
                ui.label(theme::number(ui, format!("{speed:.1}")));
                let slider =
                    Slider::new(&mut speed, SPEED_RANGE).logarithmic(true).max_decimals(1).show_value(false);
                let response = ui.add(slider).on_hover_text("Playback speed");
                let enabled = ui.is_enabled();
                response.widget_info(|| WidgetInfo::slider(enabled, f64::from(speed), "Playback speed"));
                own_keys(ui, &response);
                if response.changed() {
                    time(TimeCommand::SetSpeed(speed));
                }
            });
        });
        ui.add_space(2.0);
        if let Some(position) = track_ui(ui, state) {
            actions.push(UiCommand::Time(TimeCommand::MoveTo(position)).into());
        }
    });
}

/// Draws transport and track in one row, where there is no room for more.
pub(super) fn low_timeline_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    wheel(ui, actions);
    let mut time = |command: TimeCommand| actions.push(UiCommand::Time(command).into());
    ui.add_enabled_ui(!state.scrubber.times().is_empty(), |ui| {
        ui.horizontal_centered(|ui| {
            transport_ui(ui, state, &mut time);
            ui.add_space(6.0);
            let words = vec2(WORDS.min(ui.available_width() / 2.0), ui.available_height());
            ui.allocate_ui_with_layout(words, Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                ui.set_min_width(words.x);
                label_ui(ui, state);
            });
            if let Some(position) = track_ui(ui, state) {
                time(TimeCommand::MoveTo(position));
            }
        });
    });
}

/// The buttons that move and play the scrubber.
fn transport_ui(ui: &mut Ui, state: &State, time: &mut dyn FnMut(TimeCommand)) {
    ui.spacing_mut().item_spacing.x = 2.0;
    let mut button = |ui: &mut Ui, icon, name: &str, hint: &str, command| {
        if icon_button(ui, icon, name, false).on_hover_text(hint).clicked() {
            time(command);
        }
    };
    button(ui, Icon::First, "First checkpoint", "First checkpoint (Home)", TimeCommand::Home);
    button(ui, Icon::Back, "Step back", "Step back (←, ten with Shift)", TimeCommand::Step(-1));
    let (icon, name) =
        if state.scrubber.is_playing() { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
    button(ui, icon, name, "Play or pause (Space)", TimeCommand::TogglePlay);
    button(ui, Icon::Forward, "Step forward", "Step forward (→, ten with Shift)", TimeCommand::Step(1));
    button(ui, Icon::Last, "Last checkpoint", "Last checkpoint (End)", TimeCommand::End);
}

/// Steps through the checkpoints by the wheel, down and to the right onwards.
fn wheel(ui: &Ui, actions: &mut Vec<Action>) {
    if !ui.rect_contains_pointer(ui.max_rect()) {
        return;
    }
    let turned: f32 = ui.input(|input| {
        let of = |event: &egui::Event| match event {
            egui::Event::MouseWheel { unit: egui::MouseWheelUnit::Point, delta, .. } => -delta.x - delta.y,
            // A notch is a step, however far lists scroll by it.
            egui::Event::MouseWheel { delta, .. } => -(delta.x + delta.y).signum() * WHEEL_STEP,
            _ => 0.0,
        };
        input.events.iter().map(of).sum()
    });
    let id = ui.scope_id().with("wheel");
    let left: f32 = ui.data(|data| data.get_temp(id).unwrap_or_default());
    let (steps, left) = wheel_steps(left + turned);
    ui.data_mut(|data| data.insert_temp(id, left));
    if steps != 0 {
        actions.push(UiCommand::Time(TimeCommand::Step(steps)).into());
    }
}

/// How many steps the wheel was turned, and what is left of it.
fn wheel_steps(turned: f32) -> (i64, f32) {
    let steps = (turned / WHEEL_STEP).trunc();
    (steps as i64, turned - steps * WHEEL_STEP)
}

/// Where the scrubber stands, in words.
fn label_ui(ui: &mut Ui, state: &State) {
    let scrubber = &state.scrubber;
    let Some(time) = scrubber.time() else {
        ui.label(theme::weak(ui, "No checkpoints"));
        return;
    };
    let text = match scrubber.unit() {
        TimeUnit::Tokens => format!("{} tokens", short_count(time.count)),
        TimeUnit::Steps => format!("step {}", thousands(time.count)),
        TimeUnit::Index => format!("checkpoint {}", time.count + 1),
    };
    let text = if time.past > 0 { format!("after {text}") } else { text };
    ui.label(theme::number(ui, text).size(13.0));
    let place = format!("{} of {}", scrubber.position() + 1, scrubber.times().len());
    ui.label(theme::weak(ui, place).small());
    if let Some(checkpoint) = state.focus().and_then(|key| state.checkpoint(key)) {
        ui.add(egui::Label::new(&checkpoint.name).truncate());
    }
}

/// The track with a mark a time; where the user put the handle.
fn track_ui(ui: &mut Ui, state: &State) -> Option<usize> {
    let scrubber = &state.scrubber;
    let count = scrubber.times().len();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::click_and_drag());
    let track = rect.x_range().shrink(9.0);
    let last = count.saturating_sub(1);
    let x_of = |position: usize| {
        if last == 0 { track.center() } else { track.min + track.span() * position as f32 / last as f32 }
    };
    let target = asked_position(ui, &response, scrubber.position(), last, track);
    describe(ui, &response, scrubber.position(), last);

    let palette = palette(ui.visuals());
    let painter = ui.painter();
    let y = rect.center().y;
    let rail = |from: f32, to: f32| Rect::from_min_max(pos2(from, y - 1.5), pos2(to, y + 1.5));
    painter.rect_filled(rail(track.min, track.max), 1.5, palette.raised);
    if count == 0 {
        return None;
    }
    let handle = x_of(scrubber.position());
    painter.rect_filled(rail(track.min, handle), 1.5, palette.accent.gamma_multiply(0.55));
    for (position, mark) in state.drawn().marks.iter().enumerate() {
        let center = pos2(x_of(position), y);
        let share = if last == 0 { 1.0 } else { position as f32 / last as f32 };
        let radius = if count > 120 { 2.0 } else { 3.5 };
        match mark {
            Mark::Measured => {
                painter.circle(
                    center,
                    radius,
                    theme::progress_color(ui, share),
                    Stroke::new(1.0, palette.weak),
                );
            }
            Mark::Waiting => {
                painter.circle(center, radius - 0.5, palette.panel, Stroke::new(1.0, palette.weak));
            }
            Mark::Failed => {
                painter.circle_filled(center, radius, palette.error);
            }
        }
    }
    let grip = Rect::from_center_size(pos2(handle, y), vec2(9.0, 22.0));
    let held = response.hovered() || response.dragged() || response.has_focus();
    let fill = if held { palette.accent } else { palette.strong };
    painter.rect(grip, 4.5, fill, Stroke::new(2.0, palette.panel), StrokeKind::Outside);
    target.filter(|&position| position != scrubber.position())
}

/// Where the pointer or an assistive device puts the handle.
fn asked_position(
    ui: &Ui,
    response: &Response,
    position: usize,
    last: usize,
    track: egui::Rangef,
) -> Option<usize> {
    if let Some(pointer) = response.interact_pointer_pos() {
        let share = ((pointer.x - track.min) / track.span().max(1.0)).clamp(0.0, 1.0);
        return Some((share * last as f32).round() as usize);
    }
    ui.input(|input| {
        let set = input.accesskit_action_requests(response.id, accesskit::Action::SetValue);
        let set = set.filter_map(|request| match request.data {
            Some(accesskit::ActionData::NumericValue(value)) => Some(value.max(1.0) as usize - 1),
            _ => None,
        });
        let up = input.num_accesskit_action_requests(response.id, accesskit::Action::Increment);
        let down = input.num_accesskit_action_requests(response.id, accesskit::Action::Decrement);
        set.last().or_else(|| (up != down).then(|| (position + up).saturating_sub(down)))
    })
}

/// Tells an assistive device what the track is worth, counted from 1.
fn describe(ui: &Ui, response: &Response, position: usize, last: usize) {
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo {
        enabled,
        label: Some("Checkpoint".to_owned()),
        value: Some((position + 1) as f64),
        ..WidgetInfo::new(Role::Slider)
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(1.0);
        node.set_max_numeric_value((last + 1) as f64);
        node.set_numeric_value_step(1.0);
        node.add_action(accesskit::Action::SetValue);
        node.add_action(accesskit::Action::Increment);
        node.add_action(accesskit::Action::Decrement);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_turns_of_the_wheel_add_up_to_a_step() {
        assert_eq!(wheel_steps(40.0), (1, 0.0));
        assert_eq!(wheel_steps(-90.0), (-2, -10.0));
        let (mut steps, mut left) = (0, 0.0);
        for _ in 0..10 {
            let (more, rest) = wheel_steps(left + 12.0);
            (steps, left) = (steps + more, rest);
        }
        assert_eq!((steps, left), (3, 0.0));
        assert_eq!(wheel_steps(0.0), (0, 0.0));
    }
}
