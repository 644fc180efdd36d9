//! A row a setting, by the kind of its value: fields, rails and choices.

use std::ops::RangeInclusive;
use std::sync::Arc;

use eframe::egui::{self, ComboBox, DragValue, Label, Response, Slider, SliderClamping, Ui, emath::Numeric};

use crate::app::Action;
use crate::app::theme;
use crate::app::widgets::{Icon, icon_button, own_keys, row_ui};
use crate::condition::TextSource;
use crate::corpus::{self, Field};
use crate::settings::{
    self, Descriptor, EPSILON, FieldNames, Kind, Number, Parsed, Settings, Temperature, Value,
};
use crate::state::State;

/// The temperature to start from where none has been measured yet.
const USUAL_TEMPERATURE: f64 = 0.0135;

/// The margins of a line of text, left and right together.
const MARGINS: f32 = 8.0;

/// What a row did to its setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    /// Nothing.
    None,
    /// It changed and may change further before the field is let go.
    Draft,
    /// It holds now.
    Commit,
}

/// What a setting means, the flag that sets it, and what it may be.
pub(super) fn hint(entry: &Descriptor) -> String {
    entry.hint(&Settings::of_window())
}

/// The row of a setting.
pub(super) fn setting_ui(
    ui: &mut Ui,
    state: &State,
    entry: &Descriptor,
    settings: &mut Settings,
    actions: &mut Vec<Action>,
) -> Edit {
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
        Kind::Names(names) => names_ui(ui, state, entry, names, settings),
        Kind::Text(text) => {
            let (value, browse) = (text.value(settings), browse(entry));
            let hint_text = alone(state, entry);
            let field = row_ui(ui, entry.label, &hint(entry), |ui| {
                // A line takes no more than is left, its margins included.
                let button = theme::icon_size(ui).x + ui.spacing().item_spacing.x;
                let width =
                    if browse.is_some() { ui.available_width() - button - MARGINS } else { f32::INFINITY };
                let line = egui::TextEdit::singleline(value).desired_width(width.max(24.0));
                let field = ui.add(line.hint_text(hint_text));
                if let Some((name, action)) = browse
                    && icon_button(ui, Icon::More, name, false).on_hover_text(name).clicked()
                {
                    actions.push(action);
                }
                field
            });
            match (field.lost_focus(), field.changed()) {
                (true, _) => Edit::Commit,
                (false, true) => Edit::Draft,
                (false, false) => Edit::None,
            }
        }
    }
}

/// How a file is looked for that a setting names: what that is called, and how it is asked for; `None` of other settings.
fn browse(entry: &Descriptor) -> Option<(&'static str, Action)> {
    (entry.name == settings::PAIRS.name).then_some(("Browse for preference pairs", Action::AskPairs))
}

/// The name of the file of pairs that are measured alone, which no setting names; else nothing.
fn alone(state: &State, entry: &Descriptor) -> String {
    match state.asked().text() {
        Some(TextSource::Pairs(path)) if entry.name == settings::PAIRS.name => {
            path.file_name().unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => String::new(),
    }
}

/// A line for names, and a menu of those that the text has. What is typed is kept as it is until it is entered: names are
/// parted anew then.
fn names_ui(
    ui: &mut Ui,
    state: &State,
    entry: &Descriptor,
    names: &Parsed<FieldNames>,
    settings: &mut Settings,
) -> Edit {
    let id = ui.make_persistent_id(entry.name);
    let mut typed = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_else(|| entry.text(settings));
    let mut toggled = None;
    let field = row_ui(ui, entry.label, &hint(entry), |ui| {
        ui.horizontal(|ui| {
            let menu = ui.spacing().interact_size.y + ui.spacing().item_spacing.x;
            let width = (ui.available_width() - menu).max(24.0);
            let line = egui::TextEdit::singleline(&mut typed).desired_width(width);
            let field = ui.add(line.hint_text(entry.placeholder));
            let menu = ui.menu_button("+", |ui| toggled = known_names_ui(ui, state, names.value(settings)));
            menu.response.on_hover_text("Fields of the text");
            field
        })
        .inner
    });
    if let Some(name) = toggled {
        names.value(settings).toggle(&name);
        ui.data_mut(|data| data.remove::<String>(id));
        return Edit::Commit;
    }
    if field.lost_focus() {
        ui.data_mut(|data| data.remove::<String>(id));
        // Any text is a list of names.
        return if entry.set(settings, &typed).is_ok() { Edit::Commit } else { Edit::None };
    }
    if field.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, typed));
    }
    Edit::None
}

/// The fields that the text has, read once when they are first looked at. Returns the one that is toggled.
fn known_names_ui(ui: &mut Ui, state: &State, chosen: &FieldNames) -> Option<String> {
    let Some(TextSource::Corpus(path)) = state.asked().text() else {
        ui.label("there is no text with fields");
        return None;
    };
    let id = egui::Id::unique(("fields of the text", path));
    let known = ui.data(|data| data.get_temp::<Arc<Result<Vec<String>, String>>>(id));
    let known = known.unwrap_or_else(|| {
        let read = corpus::field_names(path, Field::usual(&state.asked().settings().text_field));
        let read = Arc::new(read.map_err(|error| error.to_string()));
        ui.data_mut(|data| data.insert_temp(id, Arc::clone(&read)));
        read
    });
    match &*known {
        Err(error) => _ = ui.label(error),
        Ok(names) if names.is_empty() => _ = ui.label("the text has no fields beside itself"),
        Ok(names) => {
            for name in names {
                let mut is_chosen = chosen.contains(name);
                if ui.checkbox(&mut is_chosen, name).clicked() {
                    return Some(name.clone());
                }
            }
        }
    }
    None
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
    pub fn or(self, other: Self) -> Self {
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
