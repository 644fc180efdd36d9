//! Everything by its name: a field to type a part of it, and what it finds.

use eframe::egui::{
    self, Align2, Context, Key, Modifiers, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2,
};

use super::presets::PRESETS;
use super::spec::PanelKind;
use crate::app::Action;
use crate::app::theme::{self, palette};
use crate::state::UiCommand;

/// The width of the list, and the height of a row.
const WIDTH: f32 = 460.0;
const ROW: f32 = 26.0;

/// What was typed so far, and which of what it finds is chosen.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Palette {
    text: String,
    chosen: usize,
}

/// Something that can be asked for by name.
struct Entry {
    name: String,
    /// Another name that finds it.
    also: &'static str,
    about: String,
    action: Action,
}

/// All there is, views first.
fn entries(less_null: bool) -> Vec<Entry> {
    let entry = |name: &str, about: &str, action: Action| Entry {
        name: name.to_owned(),
        also: "",
        about: about.to_owned(),
        action,
    };
    let views = PanelKind::all().map(|kind| Entry {
        also: kind.name(),
        ..entry(kind.title(), kind.about(), Action::OpenPanel(kind))
    });
    let presets = PRESETS.iter().enumerate().map(|(index, preset)| {
        entry(&format!("Layout: {}", preset.name), "Panels as they come", Action::Arrange(index))
    });
    let null = match less_null {
        true => ("Values as they are", "With what shuffled labels give"),
        false => ("Less null", "Values less what shuffled labels give, in all panels"),
    };
    let commands = [
        entry(null.0, null.1, Action::LessNull(!less_null)),
        entry("Fit", "Show all data in all panels (F)", Action::Fit),
        entry("Open folder…", "Checkpoints, a run or several runs (Ctrl+O)", Action::AskFolder),
        entry("Choose corpus…", "The text to measure on", Action::AskText),
        entry("Choose preference pairs…", "Chosen and rejected answers to measure", Action::AskPairs),
        entry(
            "Open benchmark scores…",
            "A table of models, or results of lm-evaluation-harness",
            Action::AskScores,
        ),
        entry("Export figure…", "PDF, SVG, PNG or CSV of a panel (Ctrl+E)", Action::Export(None)),
        entry("Pin settings", "Or unpin them (P)", UiCommand::TogglePin.into()),
        entry("Cancel measuring", "Ctrl+.", UiCommand::Cancel.into()),
        entry("Keys and gestures", "F1", Action::ToggleHelp),
    ];
    views.chain(presets).chain(commands).collect()
}

/// How well typed words find an entry: the less, the better; `None` where one of them is not in it.
fn found(entry: &Entry, text: &str) -> Option<usize> {
    let (name, about) = (entry.name.to_lowercase(), entry.about.to_lowercase());
    let mut rank = 0;
    for word in text.to_lowercase().split_whitespace() {
        rank += match (name.find(word), entry.also.contains(word), about.contains(word)) {
            (Some(0), ..) => 0,
            (Some(_), ..) => 1,
            (None, true, _) => 2,
            (None, false, true) => 4,
            (None, false, false) => return None,
        };
    }
    Some(rank)
}

/// Draws the list; answers with what was chosen. `false` where it is to be closed.
pub(in crate::app) fn palette_ui(
    ctx: &Context,
    state: &mut Palette,
    less_null: bool,
) -> (bool, Option<Action>) {
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let step = i32::from(pressed(Key::ArrowDown)) - i32::from(pressed(Key::ArrowUp));
    let is_entered = pressed(Key::Enter);
    let mut listed: Vec<(usize, Entry)> = entries(less_null)
        .into_iter()
        .filter_map(|entry| Some((found(&entry, &state.text)?, entry)))
        .collect();
    listed.sort_by_key(|(rank, _)| *rank);
    let last = listed.len().saturating_sub(1);
    state.chosen = state.chosen.saturating_add_signed(step as isize).min(last);
    let visuals = ctx.global_style().visuals.clone();
    let frame = theme::card_frame(&visuals);
    let id = egui::Id::unique("palette");
    let area = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 90.0));
    let mut chosen = is_entered.then_some(state.chosen);
    let modal = egui::Modal::new(id).area(area).frame(frame).show(ctx, |ui| {
        ui.set_width(WIDTH);
        let edit = egui::TextEdit::singleline(&mut state.text)
            .hint_text("A view or a command")
            .desired_width(f32::INFINITY)
            .margin(vec2(8.0, 6.0));
        let response = ui.add(edit);
        response.widget_info(|| {
            let mut info = WidgetInfo::text_edit(true, "", &state.text, "A view or a command");
            info.label = Some("Find a view or a command".to_owned());
            info
        });
        response.request_focus();
        if response.changed() {
            state.chosen = 0;
        }
        ui.add_space(4.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        egui::ScrollArea::vertical().max_height(ROW * 12.0).show(ui, |ui| {
            for (index, (_, entry)) in listed.iter().enumerate() {
                let response = row_ui(ui, entry, index == state.chosen);
                if index == state.chosen && step != 0 {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(index);
                }
            }
            if listed.is_empty() {
                ui.label(theme::weak(ui, "Nothing is called so."));
            }
        });
        response.id
    });
    let action = chosen.filter(|index| *index < listed.len()).map(|index| listed.swap_remove(index).1.action);
    let stays = !modal.should_close() && action.is_none();
    if !stays {
        // The ring around the field goes with the field.
        ctx.memory_mut(|memory| memory.surrender_focus(modal.inner));
    }
    (stays, action)
}

fn row_ui(ui: &mut Ui, entry: &Entry, is_chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &entry.name));
    if ui.is_rect_visible(rect) {
        let palette = palette(ui.visuals());
        if is_chosen || response.hovered() {
            let fill = if is_chosen { palette.selection } else { palette.raised };
            ui.painter().rect_filled(rect, 4.0, fill);
        }
        let inner = Rect::from_min_max(rect.min + vec2(8.0, 0.0), rect.max - vec2(8.0, 0.0));
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
        let name = RichText::new(&entry.name).color(palette.strong);
        ui.add(egui::Label::new(name).selectable(false));
        let color = if is_chosen { palette.text } else { palette.weak };
        let about = RichText::new(&entry.about).small().color(color);
        ui.add(egui::Label::new(about).truncate().selectable(false));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut listed: Vec<_> =
            entries(false).into_iter().filter_map(|entry| Some((found(&entry, text)?, entry.name))).collect();
        listed.sort_by_key(|(rank, _)| *rank);
        listed.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn a_part_of_a_name_finds_it_before_what_only_speaks_of_it() {
        assert_eq!(names("").len(), entries(false).len(), "nothing typed leaves nothing out");
        assert_eq!(names("information pl")[0], "Information plane");
        assert_eq!(names("TIME co")[0], "Time course");
        assert_eq!(names("less")[0], "Less null");
        assert_eq!(names("heatm")[0], names("heatmap")[0], "by its kind");
        assert_eq!(names("heatmap").len(), 1);
        assert_eq!(names("no such thing"), [""; 0]);
        for kind in PanelKind::all() {
            assert_eq!(names(kind.title())[0], kind.title());
        }
    }
}
