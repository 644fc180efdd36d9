//! The panel of settings: how the plane is viewed, and what and how is measured.

use eframe::egui::{self, ComboBox, DragValue, Margin, Response, Slider, Ui};

use super::Action;
use super::state::{State, UiCommand};
use super::theme;
use super::widgets::{row_ui, segmented_ui};
use crate::settings::{Backend, LARGEST_ORDER, ORDER_NAMES, Settings, Temperature};
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
            let mut settings = state.draft.clone();
            ui.label(theme::section(ui, "Estimator"));
            let estimator = estimator_ui(ui, state, &mut settings);
            ui.add_space(14.0);
            ui.label(theme::section(ui, "Sample"));
            let sample = sample_ui(ui, &mut settings);
            ui.add_space(14.0);
            let edit = if estimator == Edit::None { sample } else { estimator };
            match edit {
                Edit::Draft => actions.push(UiCommand::Draft(settings).into()),
                Edit::Commit => actions.push(UiCommand::Settings(settings).into()),
                Edit::None => {}
            }
            let changed = state.draft != Settings::default();
            let reset = ui.add_enabled(changed, egui::Button::new("Reset to defaults"));
            if reset.on_hover_text("Every setting of the estimator and the sample").clicked() {
                actions.push(UiCommand::Settings(Settings::default()).into());
            }
            ui.add_space(12.0);
        });
    });
}

fn view_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let view = state.view;
    let largest = state.settings.max_order;
    let why = "Not measured: raise the widest n-gram below";
    let order = segmented_ui(ui, view.order - 1, &ORDER_NAMES, |index| index < largest, why);
    if let Some(index) = order {
        actions.push(UiCommand::View(PlaneView { order: index + 1, ..view }).into());
    }
    let last = state.last_layer();
    ui.add_space(1.0);
    let by_layer = matches!(view.layers, LayerChoice::Layer(_));
    let choice = segmented_ui(
        ui,
        usize::from(by_layer),
        &["mean of layers", "one layer"],
        |index| index == 0 || last.is_some(),
        "Known once a checkpoint is measured",
    );
    let top = last.unwrap_or(0);
    if let Some(index) = choice {
        let layers = if index == 0 { LayerChoice::Mean } else { LayerChoice::Layer(top) };
        actions.push(UiCommand::View(PlaneView { layers, ..view }).into());
    }
    if let LayerChoice::Layer(mut layer) = view.layers {
        let help = "0 is the embedding, the largest the last block after the final norm";
        let response = row_ui(ui, "Layer", help, |ui| ui.add(Slider::new(&mut layer, 0..=top)));
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
        let response = row_ui(ui, "ε", "The temperature itself", |ui| {
            ui.add(
                DragValue::new(epsilon)
                    .range(1e-5..=1.0)
                    .speed(1e-4)
                    .max_decimals(6)
                    .update_while_editing(false),
            )
        });
        edit = edit.or(drag_edit(&response));
    }
    let help = "Multiplies the calibrated temperature; 1 is the calibrated value itself";
    let factor = row_ui(ui, "ε factor", help, |ui| {
        ui.add(Slider::new(&mut settings.temperature_factor, 0.25..=4.0).logarithmic(true).fixed_decimals(2))
    });
    edit = edit.or(live_edit(&factor));
    let used = match measured {
        Some(epsilon) if state.settings.temperature_factor == 1.0 => format!("ε = {epsilon:.6}, calibrated"),
        Some(epsilon) => {
            let calibrated = epsilon / state.settings.temperature_factor;
            format!("ε = {epsilon:.4}, calibrated {calibrated:.4}")
        }
        None => "ε = …".to_owned(),
    };
    ui.horizontal(|ui| {
        ui.add_space(theme::LABEL_WIDTH + ui.spacing().item_spacing.x);
        ui.label(theme::weak(ui, used).small()).on_hover_text("Of the checkpoint under the scrubber");
    });
    let help = "The number n of reference points on the unit sphere";
    let points = row_ui(ui, "Ref. points", help, |ui| ui.add(Slider::new(&mut settings.points, 2..=256)));
    edit = edit.or(live_edit(&points));
    let seed = row_ui(ui, "Seed", "Of the reference points, as NumPy's default_rng takes it", |ui| {
        ui.add(DragValue::new(&mut settings.seed).speed(0.1).update_while_editing(false))
    });
    edit = edit.or(drag_edit(&seed));
    let help = "How many seeds are scored; beyond the first they tell the spread of every measure";
    let seeds = row_ui(ui, "Ref. seeds", help, |ui| {
        ui.add(
            DragValue::new(&mut settings.reference_seeds)
                .range(1..=20)
                .speed(0.05)
                .update_while_editing(false),
        )
    });
    edit = edit.or(drag_edit(&seeds));
    let help = "Labels seen fewer times are dropped, their positions with them";
    let count = row_ui(ui, "Min. count", help, |ui| ui.add(Slider::new(&mut settings.min_count, 1..=20)));
    edit.or(live_edit(&count))
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
    row_ui(ui, "Temperature", "How the temperature ε of the soft binning is chosen", |ui| {
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
    let mut edit = Edit::None;
    let samples = row_ui(ui, "Documents", "How many documents are read at the most", |ui| {
        let speed = (settings.samples as f64 * 0.01).max(0.2);
        ui.add(
            DragValue::new(&mut settings.samples)
                .range(1..=1_000_000)
                .speed(speed)
                .update_while_editing(false),
        )
    });
    edit = edit.or(drag_edit(&samples));
    let context = row_ui(ui, "Context", "Documents are cut to this many tokens", |ui| {
        ui.add(DragValue::new(&mut settings.context).range(4..=131_072).update_while_editing(false))
    });
    edit = edit.or(drag_edit(&context));
    let help = "The largest n-gram order measured; it also decides which positions are labelled";
    let order = row_ui(ui, "Widest n-gram", help, |ui| {
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
    let help = "A checkpoint is done once four times as many documents moved no complexity and no expressivity \
                by more than this; 0 reads them all";
    let tolerance = row_ui(ui, "Tolerance", help, |ui| {
        let value = DragValue::new(&mut settings.tolerance).range(0.0..=0.1).speed(1e-4).max_decimals(4);
        ui.add(value.update_while_editing(false))
    });
    edit = edit.or(drag_edit(&tolerance));
    let field = row_ui(ui, "Text field", "The field of a JSON line that holds the text", |ui| {
        ui.add(egui::TextEdit::singleline(&mut settings.text_field).desired_width(f32::INFINITY))
    });
    if field.lost_focus() {
        edit = edit.or(Edit::Commit);
    } else if field.changed() {
        edit = edit.or(Edit::Draft);
    }
    let backends = [(Backend::Auto, "auto"), (Backend::Gpu, "gpu"), (Backend::Cpu, "cpu")];
    let help = "auto takes a real GPU where there is one, the CPU otherwise";
    let backend = row_ui(ui, "Backend", help, |ui| {
        let width = ui.available_width();
        combo_ui(ui, "backend", width, &mut settings.backend, backends.into_iter())
    });
    edit.or(live_edit(&backend))
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
