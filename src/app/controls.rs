//! The panel of settings: how the plane is viewed, and what and how is measured.
//!
//! A value is shown as it is, however it came about: a rail may cover less than what is legal, but only someone
//! who drags it moves the value there. Settings of results are text, which nothing can change.

use std::ops::RangeInclusive;

use eframe::egui::{
    self, ComboBox, DragValue, Label, Margin, Response, Slider, SliderClamping, Ui, emath::Numeric,
};

use super::Action;
use super::theme;
use super::widgets::{own_keys, row_ui, segmented_ui};
use crate::settings::{
    BACKEND_HELP, Backend, CONTEXT, EPSILON, LARGEST_ORDER, MAX_ORDER, MIN_COUNT, Number, ORDER_NAMES,
    POINTS, REFERENCE_SEEDS, SAMPLES, SEED, Settings, TEMPERATURE_FACTOR, TEMPERATURE_HELP, TEXT_FIELD_HELP,
    TOLERANCE, Temperature, Value,
};
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
pub(super) fn controls_panel_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let frame = theme::panel_frame(ui, Margin { left: 14, right: 4, top: 12, bottom: 0 });
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        egui::ScrollArea::vertical().id_salt("controls").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.label(theme::section(ui, "View"));
            view_ui(ui, state, actions);
            ui.add_space(14.0);
            match state.recorded_settings() {
                recorded if recorded.is_empty() => measured_ui(ui, state, actions),
                recorded => recorded_ui(ui, &recorded),
            }
            ui.add_space(12.0);
        });
    });
}

/// Settings to measure under.
fn measured_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut settings = state.draft.clone();
    ui.label(theme::section(ui, "Estimator"));
    let estimator = estimator_ui(ui, state, &mut settings);
    ui.add_space(14.0);
    ui.label(theme::section(ui, "Sample"));
    let sample = sample_ui(ui, &mut settings);
    ui.add_space(14.0);
    match estimator.or(sample) {
        Edit::Draft => actions.push(UiCommand::Draft(settings).into()),
        Edit::Commit => actions.push(UiCommand::Settings(settings).into()),
        Edit::None => {}
    }
    let initial = state.initial();
    let reset = ui.add_enabled(state.draft != *initial, egui::Button::new("Reset settings"));
    let help = "Every setting of the estimator and the sample, back to what the window was started with";
    if reset.on_hover_text(help).clicked() {
        actions.push(UiCommand::Settings(initial.clone()).into());
    }
}

/// The settings that results were measured under; where results differ, all their values.
fn recorded_ui(ui: &mut Ui, recorded: &[&Settings]) {
    let row = |ui: &mut Ui, label: &str, help: &str, value: &dyn Fn(&Settings) -> String| {
        let mut values: Vec<String> = Vec::new();
        for value in recorded.iter().map(|settings| value(settings)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        ui.horizontal(|ui| {
            let size = egui::vec2(theme::LABEL_WIDTH, ui.spacing().interact_size.y);
            ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.set_min_width(theme::LABEL_WIDTH);
                ui.add(Label::new(theme::weak(ui, label)).truncate()).on_hover_text(help);
            });
            ui.add(Label::new(theme::number(ui, values.join(", "))).truncate());
        });
    };
    ui.label(theme::section(ui, "Estimator"));
    row(ui, "Temperature", TEMPERATURE_HELP, &|s| s.temperature.to_string());
    row(ui, "ε factor", TEMPERATURE_FACTOR.help, &|s| text_of(s.temperature_factor));
    row(ui, "Ref. points", POINTS.help, &|s| text_of(s.points));
    row(ui, "Seed", SEED.help, &|s| text_of(s.seed));
    row(ui, "Ref. seeds", REFERENCE_SEEDS.help, &|s| text_of(s.reference_seeds));
    row(ui, "Min. count", MIN_COUNT.help, &|s| text_of(s.min_count));
    ui.add_space(14.0);
    ui.label(theme::section(ui, "Sample"));
    row(ui, "Documents", SAMPLES.help, &|s| text_of(s.samples));
    row(ui, "Context", CONTEXT.help, &|s| text_of(s.context));
    row(ui, "Widest n-gram", MAX_ORDER.help, &|s| order_text(s.max_order));
    row(ui, "Tolerance", TOLERANCE.help, &|s| text_of(s.tolerance));
    row(ui, "Text field", TEXT_FIELD_HELP, &|s| s.text_field.clone());
    ui.add_space(10.0);
    let text = "Recorded results: open their models to measure under other settings.";
    ui.add(Label::new(theme::weak(ui, text).small()).wrap());
}

fn order_text(order: usize) -> String {
    let name = order.checked_sub(1).and_then(|index| ORDER_NAMES.get(index));
    name.map_or_else(|| order.to_string(), |name| (*name).to_owned())
}

fn view_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let view = state.view;
    let largest = state.largest_order();
    let why = "Not measured: raise the widest n-gram below";
    let order = segmented_ui(ui, view.order - 1, &ORDER_NAMES, |index| index < largest, why);
    if let Some(index) = order {
        actions.push(UiCommand::View(PlaneView { order: index + 1, ..view }).into());
    }
    let last = state.last_layer();
    ui.add_space(1.0);
    let selected = match view.layers {
        LayerChoice::Mean => 0,
        LayerChoice::Last => 1,
        LayerChoice::Layer(_) => 2,
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

fn estimator_ui(ui: &mut Ui, state: &State, settings: &mut Settings) -> Edit {
    let measured = state
        .focus()
        .and_then(|id| state.checkpoint_state(id))
        .and_then(|checkpoint| checkpoint.shown.as_ref())
        .filter(|shown| state.focus().is_some_and(|id| state.is_fresh(id.run, shown)))
        .map(|shown| shown.measurement.temperature);
    let mut edit = temperature_ui(ui, measured, settings);
    if let Temperature::Fixed(epsilon) = &mut settings.temperature {
        edit = edit.or(number_ui(ui, "ε", &EPSILON, 1e-4, epsilon));
    }
    let factor = &mut settings.temperature_factor;
    edit = edit.or(rail_ui(ui, "ε factor", &TEMPERATURE_FACTOR, 0.25..=4.0, factor));
    temperature_text_ui(ui, state, measured);
    edit = edit.or(rail_ui(ui, "Ref. points", &POINTS, 2..=256, &mut settings.points));
    edit = edit.or(number_ui(ui, "Seed", &SEED, 0.1, &mut settings.seed));
    edit = edit.or(number_ui(ui, "Ref. seeds", &REFERENCE_SEEDS, 0.05, &mut settings.reference_seeds));
    edit.or(rail_ui(ui, "Min. count", &MIN_COUNT, 1..=20, &mut settings.min_count))
}

/// The temperature in use, and of which run it is: models of other widths have others.
fn temperature_text_ui(ui: &mut Ui, state: &State, measured: Option<f64>) {
    let mut lines = Vec::new();
    let factor = state.focus().map_or(1.0, |id| state.settings_of(id.run).temperature_factor);
    match measured {
        Some(epsilon) if factor == 1.0 => lines.push(format!("ε = {epsilon:.6}")),
        Some(epsilon) => {
            let chosen = epsilon / factor;
            lines.extend([format!("ε = {epsilon:.6}"), format!("without the factor {chosen:.6}")]);
        }
        None => lines.push("ε = …".to_owned()),
    }
    let run = state.focus().and_then(|id| state.runs.get(id.run));
    lines.extend(run.filter(|_| measured.is_some()).map(|run| format!("of {}", run.name)));
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

fn temperature_ui(ui: &mut Ui, measured: Option<f64>, settings: &mut Settings) -> Edit {
    let before = settings.temperature;
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
    row_ui(ui, "Temperature", TEMPERATURE_HELP, |ui| {
        let width = ui.available_width();
        ComboBox::from_id_salt("temperature")
            .width(width)
            .selected_text(name(before))
            .show_ui(ui, |ui| {
                for (choice, label, help) in choices {
                    let selected = name(before) == label;
                    if ui.selectable_label(selected, label).on_hover_text(help).clicked() && !selected {
                        settings.temperature = choice;
                    }
                }
            })
            .response
    });
    if settings.temperature == before { Edit::None } else { Edit::Commit }
}

fn sample_ui(ui: &mut Ui, settings: &mut Settings) -> Edit {
    let speed = (settings.samples as f64 * 0.01).max(0.2);
    let mut edit = number_ui(ui, "Documents", &SAMPLES, speed, &mut settings.samples);
    edit = edit.or(number_ui(ui, "Context", &CONTEXT, 1.0, &mut settings.context));
    let order = row_ui(ui, "Widest n-gram", MAX_ORDER.help, |ui| {
        let width = ui.available_width();
        combo_ui(
            ui,
            "widest",
            width,
            &mut settings.max_order,
            (1..=LARGEST_ORDER).map(|k| (k, ORDER_NAMES[k - 1])),
        )
    });
    edit = edit.or(live_edit(&order));
    edit = edit.or(number_ui(ui, "Tolerance", &TOLERANCE, 1e-4, &mut settings.tolerance));
    let field = row_ui(ui, "Text field", TEXT_FIELD_HELP, |ui| {
        ui.add(egui::TextEdit::singleline(&mut settings.text_field).desired_width(f32::INFINITY))
    });
    if field.lost_focus() {
        edit = edit.or(Edit::Commit);
    } else if field.changed() {
        edit = edit.or(Edit::Draft);
    }
    let backends = [(Backend::Auto, "auto"), (Backend::Gpu, "gpu"), (Backend::Cpu, "cpu")];
    let backend = row_ui(ui, "Backend", BACKEND_HELP, |ui| {
        let width = ui.available_width();
        combo_ui(ui, "backend", width, &mut settings.backend, backends.into_iter())
    });
    edit.or(live_edit(&backend))
}

/// A number that is dragged or typed. It takes any legal value, and shows one that is not as it is.
fn number_ui<T: Value + Numeric>(
    ui: &mut Ui,
    label: &str,
    number: &Number<T>,
    speed: f64,
    value: &mut T,
) -> Edit {
    let response = row_ui(ui, label, &help(number), |ui| field_ui(ui, number, speed, value));
    drag_edit(&response)
}

/// A number along a rail over the values in common use; the field beside it takes any legal one.
fn rail_ui<T: Value + Numeric>(
    ui: &mut Ui,
    label: &str,
    number: &Number<T>,
    common: RangeInclusive<T>,
    value: &mut T,
) -> Edit {
    let mut edit = Edit::None;
    row_ui(ui, label, &help(number), |ui| {
        // A long number takes room from the rail, not from the panel.
        let digits = text_of(*value).chars().count() as f32;
        let width = (8.0 * digits + 16.0).clamp(theme::VALUE_WIDTH, (ui.available_width() - 48.0).max(60.0));
        ui.spacing_mut().interact_size.x = width;
        ui.spacing_mut().slider_width =
            (ui.available_width() - width - ui.spacing().item_spacing.x).max(24.0);
        let speed = if T::INTEGRAL { 0.25 } else { 0.01 };
        let slider = Slider::new(value, common).clamping(SliderClamping::Edits).show_value(false);
        let slider = if T::INTEGRAL { slider } else { slider.logarithmic(true).max_decimals(2) };
        let rail = ui.add(slider);
        own_keys(ui, &rail);
        edit = live_edit(&rail);
        let field = field_ui(ui, number, speed, value).labelled_by(rail.id);
        edit = edit.or(drag_edit(&field));
        rail
    });
    edit
}

/// The field of a number.
fn field_ui<T: Value + Numeric>(ui: &mut Ui, number: &Number<T>, speed: f64, value: &mut T) -> Response {
    let before = *value;
    let (shown, exact) = (before.to_f64(), text_of(before));
    // Digits that have no room in the panel are drawn smaller: left out they would be another number.
    let room = (ui.available_width() - 2.0 * ui.spacing().button_padding.x).max(1.0);
    let size = (room / (0.62 * exact.chars().count().max(1) as f32)).clamp(6.0, 12.0);
    ui.style_mut().text_styles.insert(egui::TextStyle::Monospace, egui::FontId::monospace(size));
    let field = DragValue::new(value)
        .range(number.legal.clone())
        .clamp_existing_to_range(false)
        .speed(speed)
        .custom_formatter(move |value, _| if value == shown { exact.clone() } else { text_of(value) })
        .update_while_editing(false);
    let response = ui.add(field);
    // The field counts in f64, which the largest seeds are no values of.
    if value.to_f64() == before.to_f64() {
        *value = before;
    }
    response
}

/// A value in full: reading it gives the same value again.
fn text_of<T: Numeric + std::fmt::Display>(value: T) -> String {
    let size = value.to_f64().abs();
    match T::INTEGRAL || size == 0.0 || (1e-6..1e15).contains(&size) {
        true => value.to_string(),
        false => format!("{:e}", value.to_f64()),
    }
}

/// What a setting means, and the flag that sets it.
fn help<T>(number: &Number<T>) -> String {
    format!("{} (--{})", number.help, number.name)
}

/// A combo box over named values; its response says whether the value changed.
fn combo_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    id: &str,
    width: f32,
    value: &mut T,
    choices: impl Iterator<Item = (T, &'static str)> + Clone,
) -> Response {
    let name = choices.clone().find(|(choice, _)| choice == value).map_or("", |(_, name)| name);
    let mut changed = false;
    let mut response = ComboBox::from_id_salt(id)
        .width(width)
        .selected_text(name)
        .show_ui(ui, |ui| {
            for (choice, name) in choices {
                changed |= ui.selectable_value(value, choice, name).changed();
            }
        })
        .response;
    if changed {
        response.mark_changed();
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
