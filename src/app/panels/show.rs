//! All panels on screen.

use std::cell::Cell;
use std::sync::Arc;

use eframe::egui::{
    self, Align, Color32, Layout as Direction, Rect, Response, RichText, Stroke, Style, Ui, Visuals,
    WidgetText,
};
use egui_tiles::{
    Behavior, EditAction, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, UiResponse,
};

use super::asks::{Ask, follow};
use super::options::{numbers_menu_ui, pair_menu_ui, view_menu_ui};
use super::panel::{ChartPanel, Panel};
use super::{Panels, Spot, in_use};
use crate::app::Action;
use crate::app::chart::{Asked, ChartResponse, Cursor};
use crate::app::numbers::numbers_ui;
use crate::app::pair::pair_ui;
use crate::app::theme::{self, palette};
use crate::app::widgets::{Icon, icon_button};
use crate::chart::Of;
use crate::state::{State, UiCommand};
use crate::views::options::PlaneY;
use crate::views::snapshot::Snapshot;

/// The height of a panel's header.
const HEADER: f32 = 28.0;
/// No more charts than these are made anew in a frame because of news.
const MADE_A_FRAME: usize = 3;
/// Between panels.
const GAP: f32 = 4.0;
/// The room that the offer of the gap to the bound needs in a header.
const GAP_BUTTON: f32 = 120.0;
/// Around what a panel shows; nothing above and below it in a narrow window, where the bars are edge enough.
const AROUND: egui::Vec2 = egui::vec2(6.0, 4.0);
const NARROW_AROUND: egui::Vec2 = egui::vec2(6.0, 0.0);

/// Draws the panels, and takes in what was done to them.
pub(super) fn panels_ui(
    ui: &mut Ui,
    state: &State,
    panels: &mut Panels,
    hovered: Option<Of>,
    actions: &mut Vec<Action>,
) {
    let snapshot = &state.drawn().snapshot;
    let size = ui.available_size();
    panels.size = (size.x, size.y);
    let cursor = Cursor {
        current: state.current_drawn().collect(),
        hovered: hovered.filter(|_| !panels.is_walked).or(panels.hovered),
        is_solo: state.solo().is_some(),
    };
    if let_some_wait(panels, snapshot) {
        ui.ctx().request_repaint();
    }
    let mut shown = Shown {
        state,
        made: &panels.made,
        cursor: &cursor,
        less_null: panels.less_null,
        response: ChartResponse::default(),
        asked: Vec::new(),
        actions: Vec::new(),
        is_changed: false,
        touched: None,
        around: if panels.is_narrow() { NARROW_AROUND } else { AROUND },
    };
    let (is_narrow, alone) = (panels.is_narrow(), panels.alone());
    let maximised = alone.filter(|id| panels.maximised == Some(*id));
    match alone {
        Some(id) => shown.maximised_ui(ui, &mut panels.tree.tiles, id, is_narrow),
        None if panels.tree.is_empty() => nothing_ui(ui, actions),
        None => panels.tree.ui(&mut shown, ui),
    }
    let Shown { response, asked, actions: done, is_changed, touched, .. } = shown;
    actions.extend(done);
    panels.touched = touched.or(asked.first().map(|(id, _)| *id)).or(panels.touched);
    panels.maximised = maximised;
    panels.changed |= is_changed;
    (panels.has_focus, panels.is_walked) = (response.has_focus, response.walked.is_some());
    let hovered = response.walked.or(response.hovered);
    if hovered != panels.hovered {
        panels.hovered = hovered;
        ui.ctx().request_repaint();
    }
    let run_of = |of: Of| Some(snapshot.subjects().run(of)?.run);
    actions.extend(response.asked.and_then(|asked| match asked {
        Asked::Toggle(of) => {
            let run = run_of(of)?;
            Some(UiCommand::SetVisible { run, visible: !state.is_visible(run) }.into())
        }
        Asked::Solo(of) => Some(UiCommand::Solo(run_of(of)?).into()),
        Asked::Export => Some(Action::Export(panels.touched)),
        Asked::Maximise => None,
    }));
    let clicked = response.clicked.and_then(|of| state.runs.key(run_of(of)?, of.checkpoint?));
    actions.extend(clicked.map(|key| UiCommand::Focus(key).into()));
    asked.into_iter().for_each(|(id, ask)| follow(ui, panels, id, ask, actions));
}

/// Lets all panels but a few wait with newer data, those whose charts are newest: news come faster than a dozen charts are
/// made. Answers whether any waits.
fn let_some_wait(panels: &mut Panels, snapshot: &Arc<Snapshot>) -> bool {
    let outdated = |id: &TileId| Some((panels.tree.tiles.get_pane(id)?.chart()?.outdated(snapshot)?, *id));
    let mut outdated: Vec<(u64, TileId)> = panels.seen().iter().filter_map(outdated).collect();
    outdated.sort_by_key(|(number, _)| *number);
    let waiting = outdated.split_off(outdated.len().min(MADE_A_FRAME));
    for tile in panels.tree.tiles.tiles_mut() {
        if let Tile::Pane(Panel::Chart(chart)) = tile {
            chart.set_waits(false);
        }
    }
    for (_, id) in &waiting {
        if let Some(Tile::Pane(Panel::Chart(chart))) = panels.tree.tiles.get_mut(*id) {
            chart.set_waits(true);
        }
    }
    !waiting.is_empty()
}

/// What stands where all panels are closed.
fn nothing_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    let place = Rect::from_center_size(area.center(), egui::vec2(260.0, 80.0));
    let mut ui =
        ui.new_child(egui::UiBuilder::new().max_rect(place).layout(Direction::top_down(Align::Center)));
    ui.label(theme::weak(&ui, "All panels are closed."));
    if ui.button("Open a view…").on_hover_text("Any view by its name (Ctrl+P)").clicked() {
        actions.push(Action::TogglePalette);
    }
}

/// How panels are shown.
struct Shown<'s> {
    state: &'s State,
    made: &'s Cell<u64>,
    cursor: &'s Cursor,
    less_null: bool,
    response: ChartResponse,
    asked: Vec<(TileId, Ask)>,
    /// What is asked of the window.
    actions: Vec<Action>,
    is_changed: bool,
    /// The panel that is used now.
    touched: Option<TileId>,
    /// The room around what a panel shows.
    around: egui::Vec2,
}

impl Shown<'_> {
    fn panel_ui(&mut self, ui: &mut Ui, id: TileId, panel: &mut Panel) {
        let area = ui.available_rect_before_wrap();
        if ui.input(|input| input.pointer.any_pressed()) && ui.rect_contains_pointer(area) {
            self.touched = Some(id);
        }
        ui.painter().rect_filled(area, 0.0, palette(ui.visuals()).ground);
        let inner = area.shrink2(self.around);
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner));
        let spot = Spot {
            snapshot: &self.state.drawn().snapshot,
            view: self.state.view,
            less_null: self.less_null,
            is_measuring: self.state.is_busy(),
            made: self.made,
        };
        let response = match panel {
            Panel::Chart(chart) => chart.chart_ui(&mut ui, spot, self.cursor, &mut self.actions),
            Panel::Numbers(numbers) => {
                let sort = numbers.sort;
                let response = numbers_ui(&mut ui, self.state, numbers, self.cursor);
                self.is_changed |= numbers.sort != sort;
                response
            }
            Panel::Pair(pair) => {
                let number = pair.number;
                let is_active = pair_ui(&mut ui, self.state, pair, &mut self.actions);
                self.is_changed |= pair.number != number;
                ChartResponse { is_active, ..ChartResponse::default() }
            }
        };
        if response.is_active {
            self.touched = Some(id);
        }
        if response.asked == Some(Asked::Maximise) {
            self.asked.push((id, Ask::ToggleSize));
        }
        self.response.merge(response);
    }

    /// The only panel seen, below a header of its own with a menu of the others.
    fn maximised_ui(&mut self, ui: &mut Ui, tiles: &mut Tiles<Panel>, id: TileId, is_narrow: bool) {
        let area = ui.available_rect_before_wrap();
        let (bar, rest) = area.split_top_bottom_at_y(area.top() + HEADER);
        ui.painter().rect_filled(bar, 0.0, palette(ui.visuals()).panel);
        let title = self.tab_title_for_tile(tiles, id);
        let mut header = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(bar.shrink2(egui::vec2(6.0, 0.0)))
                .layout(Direction::left_to_right(Align::Center)),
        );
        let menu = header.menu_button(title, |ui| {
            for other in in_use::panes(tiles) {
                let title = tiles.get_pane(&other).map_or("", |panel| panel.kind().title());
                if ui.selectable_label(other == id, title).clicked() {
                    self.asked.push((other, Ask::Show));
                    ui.close();
                }
            }
        });
        menu.response.on_hover_text("The other panels");
        header.with_layout(Direction::right_to_left(Align::Center), |ui| {
            if let Some(panel) = tiles.get_pane(&id) {
                let size = if is_narrow { None } else { Some(true) };
                self.buttons_ui(ui, id, panel, size);
            }
        });
        if let Some(Tile::Pane(panel)) = tiles.get_mut(id) {
            let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rest));
            self.panel_ui(&mut ui, id, panel);
        }
    }

    /// What can be done to a panel, from right to left; `is_alone` is `None` where it cannot be but alone.
    fn buttons_ui(&mut self, ui: &mut Ui, id: TileId, panel: &Panel, is_alone: Option<bool>) {
        let title = panel.kind().title();
        ui.spacing_mut().item_spacing.x = 2.0;
        if icon_button(ui, Icon::Close, &format!("Close {title}"), false).clicked() {
            self.asked.push((id, Ask::Close));
        }
        if let Some(is_alone) = is_alone {
            let (verb, help) = match is_alone {
                true => ("Restore", "All panels again (double click)"),
                false => ("Maximise", "This panel alone (double click)"),
            };
            let button = icon_button(ui, Icon::Fit, &format!("{verb} {title}"), is_alone);
            if button.on_hover_text(help).clicked() {
                self.asked.push((id, Ask::ToggleSize));
            }
        }
        let more = match panel {
            Panel::Chart(chart) => {
                let mut chosen = chart.chosen();
                let mut less_null = self.less_null;
                let more = view_menu_ui(ui, chart.view, &mut chosen, &mut less_null, self.state);
                if less_null != self.less_null {
                    self.asked.push((id, Ask::LessNull(less_null)));
                }
                if chosen != chart.chosen() {
                    self.asked.push((id, Ask::Choose(chosen)));
                }
                more
            }
            Panel::Numbers(numbers) => {
                let mut sort = numbers.sort;
                let more = numbers_menu_ui(ui, &mut sort, self.state);
                if sort != numbers.sort {
                    self.asked.push((id, Ask::Sort(sort)));
                }
                more
            }
            Panel::Pair(_) => pair_menu_ui(ui),
        };
        for (is_asked, ask) in [
            (more.is_another, Ask::Double),
            (more.is_export, Ask::Export),
            (more.is_picture, Ask::CopyPicture),
        ] {
            self.asked.extend(is_asked.then_some((id, ask)));
        }
        if let Panel::Chart(chart) = panel {
            self.gap_ui(ui, id, chart);
        }
        let words = panel.words(self.less_null);
        let room = ui.available_width() - 8.0;
        if !words.is_empty() && room > 40.0 {
            ui.add(egui::Label::new(theme::weak(ui, words).size(11.0)).truncate().selectable(false));
        }
    }
}

impl Shown<'_> {
    /// Offers the gap to the bound where points lie along that, as far as there is room.
    fn gap_ui(&mut self, ui: &mut Ui, id: TileId, chart: &ChartPanel) {
        let Some(is_gap) = chart.gap().filter(|_| ui.available_width() > GAP_BUTTON) else { return };
        let text = RichText::new("Gap to the bound").size(11.0);
        let button = ui.add(egui::Button::selectable(is_gap, text).frame_when_inactive(true));
        let help = "I(X;Z) − I(Y;Z) upward in place of I(Y;Z): nearly all points lie along the bound";
        if button.on_hover_text(help).clicked() {
            let mut chosen = chart.chosen();
            chosen.options.y = if is_gap { PlaneY::Expressivity } else { PlaneY::Gap };
            self.asked.push((id, Ask::Choose(chosen)));
        }
    }
}

impl Behavior<Panel> for Shown<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, id: TileId, panel: &mut Panel) -> UiResponse {
        self.panel_ui(ui, id, panel);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        RichText::new(panel.kind().title()).size(13.0).into()
    }

    fn on_tab_button(&mut self, _: &mut Tiles<Panel>, id: TileId, response: Response) -> Response {
        if response.double_clicked() {
            self.asked.push((id, Ask::ToggleSize));
        }
        response
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Panel>, ui: &mut Ui, _: TileId, tabs: &Tabs, _: &mut f32) {
        ui.add_space(4.0);
        if let Some(id) = tabs.active
            && let Some(panel) = tiles.get_pane(&id)
        {
            self.buttons_ui(ui, id, panel, Some(false));
        }
    }

    fn on_edit(&mut self, _: EditAction) {
        self.is_changed = true;
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn tab_bar_height(&self, _: &Style) -> f32 {
        HEADER
    }

    fn gap_width(&self, _: &Style) -> f32 {
        GAP
    }

    fn min_size(&self) -> f32 {
        120.0
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        palette(visuals).panel
    }

    fn tab_bg_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { palette(visuals).ground } else { Color32::TRANSPARENT }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Panel>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, visuals: &Visuals) -> Stroke {
        Stroke::new(1.0, palette(visuals).line)
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<Panel>, _: TileId, state: &TabState) -> Color32 {
        if state.active { palette(visuals).strong } else { palette(visuals).weak }
    }

    fn drag_preview_color(&self, visuals: &Visuals) -> Color32 {
        theme::faded(palette(visuals).accent, 0.3)
    }

    fn drag_preview_stroke(&self, visuals: &Visuals) -> Stroke {
        Stroke::new(1.0, palette(visuals).accent)
    }
}
