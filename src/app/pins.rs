//! The conditions pinned beside the present one: what tells each from the others, to go back to it or unpin it.

use std::sync::Arc;

use eframe::egui::{self, Align, Layout, RichText, Role, Ui, WidgetInfo};

use super::Action;
use super::chart::swatch_ui;
use super::theme;
use super::widgets::{Icon, icon_button};
use crate::chart::{Color, Dash, Line, Marker};
use crate::condition::Condition;
use crate::state::{MOST_PINS, State, UiCommand, no_more_pins};

/// The button that pins the present settings, or unpins them.
pub(super) fn pin_button_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let pinned = state.is_pinned();
    let room = pinned || state.pins().len() < MOST_PINS;
    let name = if pinned { "Unpin settings" } else { "Pin settings" };
    let button = ui.add_enabled(room && state.asked().condition().is_some(), egui::Button::new(name));
    let help = match pinned {
        true => "Drop their trajectories once other settings are measured (P)",
        false => "Leave their trajectories on the plane beside those of the settings you choose next (P)",
    };
    let why_not = match room {
        true => "Choose a text first".to_owned(),
        false => no_more_pins(),
    };
    if button.on_hover_text(help).on_disabled_hover_text(why_not).clicked() {
        actions.push(UiCommand::TogglePin.into());
    }
}

/// The list of what is pinned.
pub(super) fn pins_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    if state.pins().is_empty() {
        return;
    }
    ui.add_space(14.0);
    ui.label(theme::section(ui, "Pinned"));
    let words = state.condition_words();
    for pin in state.pins() {
        let words = words.iter().find(|(condition, _)| condition == pin).map_or("", |(_, words)| words);
        pin_ui(ui, state, pin, if words.is_empty() { "these settings" } else { words }, actions);
    }
}

fn pin_ui(ui: &mut Ui, state: &State, pin: &Arc<Condition>, words: &str, actions: &mut Vec<Action>) {
    let present = state.asked().condition() == Some(pin);
    ui.horizontal(|ui| {
        let line = Line { dash: Dash::Style(state.style_of(pin)), is_thin: false };
        swatch_ui(ui, Color::Text, Some(line), Some(Marker::Dot), false);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let unpin = icon_button(ui, Icon::Close, &format!("Unpin {words}"), false);
            if unpin.on_hover_text("Unpin").clicked() {
                actions.push(UiCommand::Unpin(Arc::clone(pin)).into());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(words).size(12.5);
                let row = ui.add(egui::Button::selectable(present, text).truncate());
                let (enabled, name) = (ui.is_enabled(), format!("Measure under {words}"));
                row.widget_info(|| WidgetInfo::selected(Role::Button, enabled, present, &name));
                if row.on_hover_text(format!("{words}: back to these settings")).clicked() && !present {
                    actions.push(UiCommand::Ask(Arc::clone(pin)).into());
                }
            });
        });
    });
}
