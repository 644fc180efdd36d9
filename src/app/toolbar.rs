//! The bar at the top: what can be opened, chosen and exported.

use eframe::egui::{self, Align, Layout, RichText, Theme, ThemePreference, Ui};

use super::Action;
use super::panels::{PRESETS, PanelKind};
use super::sides::{Drawer, Sides};
use super::theme::{self, palette};
use super::widgets::{Icon, icon_button};
use crate::state::{Prepared, State};

/// Draws the bar; `asking` says that a dialog is open already.
pub(super) fn toolbar_ui(ui: &mut Ui, state: &State, asking: bool, sides: Sides, actions: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        drawer_ui(ui, sides, Drawer::Runs, actions);
        let title = RichText::new("infoplane").size(16.0).color(palette(ui.visuals()).strong);
        ui.label(title);
        ui.add_space(10.0);
        ui.add_enabled_ui(!asking, |ui| {
            if ui
                .button("Open folder…")
                .on_hover_text("Checkpoints, a run or several runs (Ctrl+O)")
                .clicked()
            {
                actions.push(Action::AskFolder);
            }
            if ui
                .button("Choose corpus…")
                .on_hover_text("Text: JSON, CSV, Parquet, Arrow or plain, also in gzip or zstd; or tokens")
                .clicked()
            {
                actions.push(Action::AskText);
            }
            ui.add_enabled_ui(state.has_numbers(), |ui| {
                ui.menu_button("Views", |ui| views_ui(ui, actions));
                let help = "The figure of the panel used last: PDF, SVG, PNG or CSV (Ctrl+E)";
                if ui.button("Export…").on_hover_text(help).clicked() {
                    actions.push(Action::Export(None));
                }
            });
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Help, "Help", false).on_hover_text("Keys and gestures (F1)").clicked() {
                actions.push(Action::ToggleHelp);
            }
            theme_ui(ui);
            drawer_ui(ui, sides, Drawer::Settings, actions);
            ui.add_space(8.0);
            text_ui(ui, state);
        });
    });
}

/// The button of a side that is a drawer.
fn drawer_ui(ui: &mut Ui, sides: Sides, drawer: Drawer, actions: &mut Vec<Action>) {
    let Sides::Drawers(open) = sides else { return };
    let help = match drawer {
        Drawer::Runs => "The list of runs (R)",
        Drawer::Settings => "What is viewed and how it is measured (,)",
    };
    let button = egui::Button::selectable(open == Some(drawer), drawer.name()).frame_when_inactive(true);
    if ui.add(button).on_hover_text(help).clicked() {
        actions.push(Action::Toggle(drawer));
    }
}

/// The layouts that come ready-made, and every panel; in a low window they scroll.
fn views_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let room = ui.ctx().content_rect().height() - 116.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    if ui.button("Find by name…").on_hover_text("Views and commands (Ctrl+P)").clicked() {
        actions.push(Action::TogglePalette);
    }
    let help = "Chosen and rejected answers, measured beside the corpus or alone";
    if ui.button("Choose preference pairs…").on_hover_text(help).clicked() {
        actions.push(Action::AskPairs);
    }
    let help = "A table of models, or results of lm-evaluation-harness";
    if ui.button("Open benchmark scores…").on_hover_text(help).clicked() {
        actions.push(Action::AskScores);
    }
    ui.separator();
    egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, |ui| {
        for (index, preset) in PRESETS.iter().enumerate() {
            let help = "These panels in place of those there are";
            if ui.button(format!("Layout: {}", preset.name)).on_hover_text(help).clicked() {
                actions.push(Action::Arrange(index));
                ui.close();
            }
        }
        ui.separator();
        for kind in PanelKind::all() {
            if ui.button(kind.title()).on_hover_text(kind.about()).clicked() {
                actions.push(Action::OpenPanel(kind));
                ui.close();
            }
        }
    });
}

fn text_ui(ui: &mut Ui, state: &State) {
    let Some(text) = state.shown_text() else { return };
    let path = text.path();
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let what = text.noun();
    let prepared = state.focus().and_then(|key| state.prepared(state.run_of(key)?));
    let mut hint = path.display().to_string();
    if let Some(Prepared { documents, skipped_documents, positions, .. }) = prepared {
        hint += &format!(
            "\n{documents} documents, {positions} labelled positions, {skipped_documents} documents too short"
        );
    }
    // Right to left: the name stands last and is added first.
    ui.add(egui::Label::new(RichText::new(name).size(12.5)).truncate()).on_hover_text(hint);
    ui.label(theme::weak(ui, what).small());
}

/// Changes between dark and light as they are seen, whoever chose what is seen now. Back at what the desktop has,
/// the window follows the desktop again.
fn theme_ui(ui: &mut Ui) {
    let (name, theme) = match ui.visuals().dark_mode {
        true => ("Light theme", Theme::Light),
        false => ("Dark theme", Theme::Dark),
    };
    if icon_button(ui, Icon::Contrast, name, false).on_hover_text(name).clicked() {
        let follows = ui.ctx().system_theme() == Some(theme);
        ui.ctx().set_theme(if follows { ThemePreference::System } else { theme.into() });
    }
}
