//! The panel of settings: how all is viewed, and what and how is measured.
//!
//! | file | duty |
//! |---|---|
//! | `fields` | a row a setting, by the kind of its value |
//!
//! A value is shown as it is, however it came about: a rail may cover less than what is legal, but only someone
//! who drags it moves the value there. Settings of results are text, which nothing can change.

mod fields;

use eframe::egui::{self, ComboBox, Label, Margin, Slider, SliderClamping, Ui};

use super::Action;
use super::pins::{pin_button_ui, pins_ui};
use super::theme;
use super::widgets::{own_keys, row_ui, segmented_ui};
use crate::chart::ColorBy;
use crate::measures::Order;
use crate::settings::{self, Descriptor, Section, Settings};
use crate::state::{State, UiCommand};
use crate::views::plane::{LayerChoice, PlaneView};
use fields::{Edit, hint, setting_ui};

/// Draws the whole panel.
pub(super) fn controls_panel_ui(ui: &mut Ui, state: &State, less_null: bool, actions: &mut Vec<Action>) {
    let frame = theme::panel_frame(ui, Margin { left: 14, right: 4, top: 12, bottom: 0 });
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        egui::ScrollArea::vertical().id_salt("controls").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.label(theme::section(ui, "View"));
            view_ui(ui, state, actions);
            let mut less = less_null;
            let help =
                "Values less what shuffled labels give, in all panels: what the labels themselves tell";
            if ui.checkbox(&mut less, "Less null").on_hover_text(help).changed() {
                actions.push(Action::LessNull(less));
            }
            colors_ui(ui, state, actions);
            ui.add_space(14.0);
            match state.recorded_settings() {
                recorded if recorded.is_empty() => measured_ui(ui, state, actions),
                recorded => recorded_ui(ui, &recorded),
            }
            ui.add_space(12.0);
        });
    });
}

/// What decides the colours of runs.
fn colors_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut by = state.color_by;
    row_ui(ui, "Colors by", "What decides the colours of runs", |ui| {
        let choose = |ui: &mut Ui| {
            for &other in ColorBy::ALL {
                ui.selectable_value(&mut by, other, other.name());
            }
        };
        ComboBox::from_id_salt("colors").selected_text(state.color_by.name()).show_ui(ui, choose).response
    });
    if by != state.color_by {
        actions.push(UiCommand::ColorBy(by).into());
    }
}

/// The settings of a section.
fn entries(section: Section) -> impl Iterator<Item = &'static Descriptor> {
    settings::ALL.into_iter().filter(move |entry| entry.section == section)
}

/// Settings to measure under.
fn measured_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut settings = state.draft.clone();
    let mut edit = Edit::None;
    for section in Section::ALL {
        ui.label(theme::section(ui, section.name()));
        for entry in entries(section) {
            edit = edit.or(setting_ui(ui, state, entry, &mut settings, actions));
        }
        ui.add_space(14.0);
    }
    match edit {
        Edit::Draft => actions.push(UiCommand::Draft(settings).into()),
        Edit::Commit => actions.push(UiCommand::Settings(settings).into()),
        Edit::None => {}
    }
    let initial = state.initial();
    ui.horizontal(|ui| {
        let reset = ui.add_enabled(state.draft != *initial, egui::Button::new("Reset settings"));
        let help = "Every setting, back to what the window was started with";
        if reset.on_hover_text(help).clicked() {
            actions.push(UiCommand::Settings(initial.clone()).into());
        }
        pin_button_ui(ui, state, actions);
    });
    pins_ui(ui, state, actions);
}

/// The settings that results were measured under; where results differ, all their values.
fn recorded_ui(ui: &mut Ui, recorded: &[&Settings]) {
    for section in Section::ALL {
        ui.label(theme::section(ui, section.name()));
        for entry in entries(section) {
            let mut values: Vec<String> = Vec::new();
            for value in recorded.iter().map(|settings| entry.shown(settings)) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            ui.horizontal(|ui| {
                let size = egui::vec2(theme::LABEL_WIDTH, ui.spacing().interact_size.y);
                ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.set_min_width(theme::LABEL_WIDTH);
                    ui.add(Label::new(theme::weak(ui, entry.label)).truncate()).on_hover_text(hint(entry));
                });
                ui.add(Label::new(theme::number(ui, values.join(", "))).truncate());
            });
        }
        ui.add_space(14.0);
    }
    let text = "Recorded results: open their models to measure under other settings.";
    ui.add(Label::new(theme::weak(ui, text).small()).wrap());
}

fn view_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let view = state.view;
    let largest = state.largest_order();
    let why = "Not measured: raise the widest n-gram below";
    let measured = |index: usize| index < largest.number();
    if let Some(index) =
        segmented_ui(ui, view.order.number() - 1, &Order::ALL.map(Order::name), measured, why)
    {
        actions.push(UiCommand::View(PlaneView { order: Order::ALL[index], ..view }).into());
    }
    let last = state.last_layer();
    ui.add_space(1.0);
    let selected = match view.layers {
        LayerChoice::Mean => 0,
        LayerChoice::Last => 1,
        LayerChoice::Layer(_) | LayerChoice::Depth(_) => 2,
    };
    let choice = segmented_ui(
        ui,
        selected,
        &["mean of layers", "last layer", "one layer"],
        |index| index == 0 || last.is_some(),
        "Known once a checkpoint is measured",
    );
    let top = last.unwrap_or(0);
    if let Some(index) = choice {
        let layers = match index {
            0 => LayerChoice::Mean,
            1 => LayerChoice::Last,
            // The deepest that every run has, so that none leaves the plane.
            _ => LayerChoice::Layer(state.last_common_layer().unwrap_or(0)),
        };
        actions.push(UiCommand::View(PlaneView { layers, ..view }).into());
    }
    if let LayerChoice::Layer(mut layer) = view.layers {
        let help = "0 is the embedding, the largest the last block after the final norm";
        let response = row_ui(ui, "Layer", help, |ui| {
            let response = ui.add(Slider::new(&mut layer, 0..=top).clamping(SliderClamping::Edits));
            own_keys(ui, &response);
            response
        });
        if response.changed() {
            actions.push(UiCommand::View(PlaneView { layers: LayerChoice::Layer(layer), ..view }).into());
        }
    }
}
