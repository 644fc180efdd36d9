//! The panel of settings: how all is viewed, and what and how is measured.
//!
//! A value is shown as it is, however it came about: a rail may cover less than what is legal, but only someone
//! who drags it moves the value there. Settings of results are text, which nothing can change.

use std::ops::RangeInclusive;

use eframe::egui::{
    self, ComboBox, DragValue, Label, Margin, Response, Slider, SliderClamping, Ui, emath::Numeric,
};

use super::Action;
use super::pins::{pin_button_ui, pins_ui};
use super::theme;
use super::widgets::{own_keys, row_ui, segmented_ui};
use crate::chart::ColorBy;
use crate::measures::Order;
use crate::settings::{self, Descriptor, EPSILON, Kind, Number, Section, Settings, Temperature, Value};
use crate::state::{State, UiCommand};
use crate::views::plane::{LayerChoice, PlaneView};

/// The temperature to start from where none has been measured yet.
const USUAL_TEMPERATURE: f64 = 0.0135;

/// What a row did to its setting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// Nothing.
    None,
    /// It changed and may change further before the field is let go.
    Draft,
    /// It holds now.
    Commit,
}

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
            edit = edit.or(setting_ui(ui, state, entry, &mut settings));
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

/// What a setting means, the flag that sets it, and what it may be.
fn hint(entry: &Descriptor) -> String {
    entry.hint(&Settings::of_window())
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

/// The row of a setting.
fn setting_ui(ui: &mut Ui, state: &State, entry: &Descriptor, settings: &mut Settings) -> Edit {
    match &entry.kind {
        Kind::Usize(number) => number_ui(ui, entry, number, settings),
        Kind::U32(number) => number_ui(ui, entry, number, settings),
        Kind::U64(number) => number_ui(ui, entry, number, settings),
        Kind::F64(number) => number_ui(ui, entry, number, settings),
        Kind::Named(named) => {
            let values = (1..)
                .zip(named.names)
                .map(|(value, name): (usize, _)| ((*name).to_owned(), value.to_string(), None));
            choice_ui(ui, entry, values.collect(), settings)
        }
        Kind::Choice(choice) => {
            let values = choice.values().into_iter().map(|value| {
                let name = value.get_name().to_owned();
                (name.clone(), name, value.get_help().map(ToString::to_string))
            });
            choice_ui(ui, entry, values.collect(), settings)
        }
        Kind::Temperature(_) => temperature_ui(ui, state, entry, settings),
        Kind::Text(text) => {
            let field = row_ui(ui, entry.label, &hint(entry), |ui| {
                ui.add(egui::TextEdit::singleline(text.value(settings)).desired_width(f32::INFINITY))
            });
            match (field.lost_focus(), field.changed()) {
                (true, _) => Edit::Commit,
                (false, true) => Edit::Draft,
                (false, false) => Edit::None,
            }
        }
    }
}

/// The temperature in use, and of which run it is: models of other widths have others.
fn temperature_text_ui(ui: &mut Ui, state: &State, measured: Option<f64>) {
    let mut lines = Vec::new();
    let run = state.focus().and_then(|key| state.run_of(key));
    let factor = run.map_or(1.0, |run| state.settings_of(run).temperature_factor);
    match measured {
        Some(epsilon) if factor == 1.0 => lines.push(format!("ε = {epsilon:.6}")),
        Some(epsilon) => {
            let chosen = epsilon / factor;
            lines.extend([format!("ε = {epsilon:.6}"), format!("without the factor {chosen:.6}")]);
        }
        None => lines.push("ε = …".to_owned()),
    }
    let open = run.and_then(|run| state.open_runs().get(run)).filter(|_| measured.is_some());
    lines.extend(open.map(|open| format!("of {}", open.run.name)));
    ui.horizontal_top(|ui| {
        ui.add_space(theme::LABEL_WIDTH + ui.spacing().item_spacing.x);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            for line in lines {
                ui.add(Label::new(theme::weak(ui, line).small()).truncate());
            }
        });
    });
}

/// The choice of a temperature, its value where it is fixed, and below the one in use.
fn temperature_ui(ui: &mut Ui, state: &State, entry: &Descriptor, settings: &mut Settings) -> Edit {
    let focus = state.focus();
    let condition = focus.and_then(|key| state.present_of(state.run_of(key)?));
    let numbers = focus.and_then(|key| state.known(key)?.numbers(condition?));
    let measured = numbers.map(|numbers| numbers.measurement.temperature);
    let mut edit = preset_ui(ui, entry, measured, &mut settings.temperature);
    if let Temperature::Fixed(epsilon) = &mut settings.temperature {
        let field = row_ui(ui, "ε", "The temperature ε itself", |ui| field_ui(ui, EPSILON, 1e-4, epsilon));
        edit = edit.or(drag_edit(&field));
    }
    temperature_text_ui(ui, state, measured);
    edit
}

fn preset_ui(ui: &mut Ui, entry: &Descriptor, measured: Option<f64>, temperature: &mut Temperature) -> Edit {
    let before = *temperature;
    let fixed = match before {
        Temperature::Fixed(epsilon) => epsilon,
        _ => measured.unwrap_or(USUAL_TEMPERATURE),
    };
    let choices = [
        (Temperature::Root, "root", "The root of the Amos bound: the default"),
        (Temperature::Leading, "leading", "1/√(2 h ln n), the leading order"),
        (Temperature::Grid, "grid", "The smallest of 100 on a grid: the paper's wording"),
        (Temperature::Exact, "exact", "By Bessel functions, for small hidden sizes"),
        (Temperature::Fixed(fixed), "fixed", "A value of your own"),
    ];
    let name = |temperature: Temperature| {
        let same =
            |other: &Temperature| std::mem::discriminant(other) == std::mem::discriminant(&temperature);
        choices.iter().find(|(choice, ..)| same(choice)).map_or("", |(_, name, _)| name)
    };
    row_ui(ui, entry.label, &hint(entry), |ui| {
        let width = ui.available_width();
        ComboBox::from_id_salt(entry.name)
            .width(width)
            .selected_text(name(before))
            .show_ui(ui, |ui| {
                for (choice, label, help) in choices {
                    let selected = name(before) == label;
                    if ui.selectable_label(selected, label).on_hover_text(help).clicked() && !selected {
                        *temperature = choice;
                    }
                }
            })
            .response
    });
    if *temperature == before { Edit::None } else { Edit::Commit }
}

/// A choice of values: the name of each, its text and what it means.
fn choice_ui(
    ui: &mut Ui,
    entry: &Descriptor,
    values: Vec<(String, String, Option<String>)>,
    settings: &mut Settings,
) -> Edit {
    let before = entry.text(settings);
    row_ui(ui, entry.label, &hint(entry), |ui| {
        let width = ui.available_width();
        ComboBox::from_id_salt(entry.name)
            .width(width)
            .selected_text(entry.shown(settings))
            .show_ui(ui, |ui| {
                for (name, text, help) in values {
                    let selected = text == before;
                    let mut label = ui.selectable_label(selected, name);
                    if let Some(help) = help {
                        label = label.on_hover_text(help);
                    }
                    if label.clicked() && !selected {
                        // All of these are legal.
                        let _ = entry.set(settings, &text);
                    }
                }
            })
            .response
    });
    if entry.text(settings) == before { Edit::None } else { Edit::Commit }
}

/// A number, along a rail over the values in common use or dragged and typed. It takes any legal value, and
/// shows one that is not as it is.
fn number_ui<T: Value + Numeric>(
    ui: &mut Ui,
    entry: &Descriptor,
    number: &Number<T>,
    settings: &mut Settings,
) -> Edit {
    let value = number.value(settings);
    // Large numbers are far apart.
    let speed = number.step.max(0.002 * value.to_f64().abs());
    match &number.common {
        Some(common) => rail_ui(ui, entry, number, common.clone(), value),
        None => drag_edit(&row_ui(ui, entry.label, &hint(entry), |ui| {
            field_ui(ui, number.legal.clone(), speed, value)
        })),
    }
}

/// A number along a rail over the values in common use; the field beside it takes any legal one.
fn rail_ui<T: Value + Numeric>(
    ui: &mut Ui,
    entry: &Descriptor,
    number: &Number<T>,
    common: RangeInclusive<T>,
    value: &mut T,
) -> Edit {
    let mut edit = Edit::None;
    row_ui(ui, entry.label, &hint(entry), |ui| {
        // A long number takes room from the rail, not from the panel.
        let digits = value.text().chars().count() as f32;
        let width = (8.0 * digits + 16.0).clamp(theme::VALUE_WIDTH, (ui.available_width() - 48.0).max(60.0));
        ui.spacing_mut().interact_size.x = width;
        ui.spacing_mut().slider_width =
            (ui.available_width() - width - ui.spacing().item_spacing.x).max(24.0);
        let slider = Slider::new(value, common).clamping(SliderClamping::Edits).show_value(false);
        let slider = if T::INTEGRAL { slider } else { slider.logarithmic(true).max_decimals(2) };
        let rail = ui.add(slider);
        own_keys(ui, &rail);
        edit = live_edit(&rail);
        let field = field_ui(ui, number.legal.clone(), number.step, value).labelled_by(rail.id);
        edit = edit.or(drag_edit(&field));
        rail
    });
    edit
}

/// The field of a number.
fn field_ui<T: Value + Numeric>(
    ui: &mut Ui,
    legal: RangeInclusive<T>,
    speed: f64,
    value: &mut T,
) -> Response {
    let before = *value;
    let (shown, exact) = (before.to_f64(), before.text());
    // Digits that have no room in the panel are drawn smaller: left out they would be another number.
    let room = (ui.available_width() - 2.0 * ui.spacing().button_padding.x).max(1.0);
    let size = (room / (0.62 * exact.chars().count().max(1) as f32)).clamp(6.0, 12.0);
    ui.style_mut().text_styles.insert(egui::TextStyle::Monospace, egui::FontId::monospace(size));
    let field = DragValue::new(value)
        .range(legal.clone())
        .clamp_existing_to_range(false)
        .speed(speed)
        .custom_formatter(
            move |value, _| {
                if value == shown { exact.clone() } else { T::from_f64(value).text() }
            },
        )
        .update_while_editing(false);
    let response = ui.add(field);
    // The field counts in f64, which the largest seeds are no values of.
    if value.to_f64() == before.to_f64() {
        *value = before;
    } else if *value < *legal.start() {
        // What an assistive device sets is not held to the range.
        *value = *legal.start();
    } else if *value > *legal.end() {
        *value = *legal.end();
    }
    response
}

impl Edit {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Commit, _) | (_, Self::Commit) => Self::Commit,
            (Self::Draft, _) | (_, Self::Draft) => Self::Draft,
            (Self::None, Self::None) => Self::None,
        }
    }
}

/// A setting that is cheap to measure anew: every change counts, the newest wins.
fn live_edit(response: &Response) -> Edit {
    if response.changed() { Edit::Commit } else { Edit::None }
}

/// A setting that starts the models anew: only where the field is let go counts.
fn drag_edit(response: &Response) -> Edit {
    match (response.changed(), response.dragged()) {
        _ if response.drag_stopped() || response.lost_focus() => Edit::Commit,
        (true, true) => Edit::Draft,
        (true, false) => Edit::Commit,
        (false, _) => Edit::None,
    }
}
