//! Where bars, drawers and panels stand in the window, by the room there is.

use std::sync::Arc;

use eframe::egui::{self, Area, Context, Margin, Order, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use super::runs::Hovered;
use super::sides::{Drawer, Sides};
use super::theme::{self, palette};
use super::{Action, App, controls, panels, runs, status, timeline_ui, toolbar, welcome};

/// In lower windows bars are as low as they can be.
const LOW: f32 = 640.0;
/// The heights of the bars at the top and of the timeline in a low window, in points of the screen.
const LOW_BAR: f32 = 36.0;

/// Where the focus goes as drawers open and close.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DrawerFocus {
    /// What had it before the drawer was opened.
    before: Option<egui::Id>,
    /// Whether the drawer is to take it.
    is_due: bool,
}

/// The identity of a drawer among the areas of the window.
fn drawer_id(drawer: Drawer) -> egui::Id {
    egui::Id::unique("drawer").with(drawer as u8)
}

impl App {
    /// Opens a drawer, which takes the focus, or closes it; what had the focus before has it again, unless something else
    /// has taken it since.
    pub(super) fn toggle(&mut self, ctx: &Context, drawer: Drawer) {
        let before = self.sides.open();
        self.sides = self.sides.toggled(drawer);
        let focused = ctx.memory(|memory| memory.focused());
        match (before, self.sides.open()) {
            (_, None) => {
                let layer = |id: egui::Id| ctx.read_response(id).map(|response| response.layer_id.id);
                let is_inside = |drawer: Drawer| focused.and_then(layer) == Some(drawer_id(drawer));
                let is_free = focused.is_none() || before.is_some_and(is_inside);
                if let Some(id) = self.drawer_focus.before.take().filter(|_| is_free) {
                    ctx.memory_mut(|memory| memory.request_focus(id));
                }
            }
            (None, Some(_)) => self.drawer_focus = DrawerFocus { before: focused, is_due: true },
            (Some(_), Some(_)) => self.drawer_focus.is_due = true,
        }
    }

    /// Draws all that the window shows, but what lies over it for a while.
    pub(super) fn regions_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let window = ui.ctx().content_rect().size();
        self.sides = self.sides.within(window.x);
        self.bars_ui(ui, window.y < LOW, actions);
        self.sides_ui(ui, actions);
        let (state, asking) = (&self.state, self.asker.is_asking());
        if state.borrows_text() {
            let frame = bar(ui, 4);
            egui::Panel::top("borrowed text").resizable(false).frame(frame).show(ui, |ui| {
                welcome::borrowed_text_ui(ui, asking, actions);
            });
        }
        let middle = egui::CentralPanel::no_frame().show(ui, |ui| {
            let area = ui.available_rect_before_wrap();
            ui.painter().rect_filled(area, 0.0, palette(ui.visuals()).ground);
            if state.has_numbers() {
                let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(area));
                panels::panels_ui(&mut ui, state, &mut self.panels, self.hovered.list, actions);
            }
            welcome::welcome_ui(ui, area, state, asking, self.takes_drops, actions);
            area
        });
        if let Some(drawer) = self.sides.open() {
            self.drawer_ui(ui.ctx(), middle.inner, drawer, actions);
        }
    }

    /// The bars above and below all else.
    fn bars_ui(&mut self, ui: &mut Ui, is_low: bool, actions: &mut Vec<Action>) {
        let (state, asking, sides) = (&self.state, self.asker.is_asking(), self.sides);
        let (frame, height) = (bar(ui, 0), if is_low { LOW_BAR } else { 42.0 });
        egui::Panel::top("toolbar").exact_size(height).resizable(false).frame(frame).show(ui, |ui| {
            toolbar::toolbar_ui(ui, state, asking, sides, actions);
        });
        let frame = bar(ui, if is_low { 1 } else { 4 });
        egui::Panel::bottom("status").resizable(false).frame(frame).show(ui, |ui| {
            status::status_ui(ui, state, actions);
        });
        if is_low {
            let timeline = egui::Panel::bottom("low timeline").exact_size(LOW_BAR).resizable(false);
            timeline.frame(bar(ui, 0)).show(ui, |ui| timeline_ui::low_timeline_ui(ui, state, actions));
        } else {
            let frame = bar(ui, 8);
            egui::Panel::bottom("timeline").resizable(false).frame(frame).show(ui, |ui| {
                timeline_ui::timeline_ui(ui, state, actions);
            });
        }
        let offers_own = self.asker.offers_own(ui.ctx());
        if offers_own || !state.messages.is_empty() {
            let frame = bar(ui, 6);
            egui::Panel::bottom("messages").resizable(false).frame(frame).show(ui, |ui| {
                status::messages_ui(ui, state, actions);
                if offers_own {
                    status::waiting_ui(ui, actions);
                }
            });
        }
    }

    /// The sides where they stand beside the panels, and what is hovered in whichever list there is.
    fn sides_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let list = match self.sides.open() {
            // It is drawn after the panels, which go by the frame before.
            Some(Drawer::Runs) => self.hovered.list,
            _ => None,
        };
        self.hovered = Hovered { chart: self.panels.hovered_run(&self.state), list };
        if self.sides != Sides::Standing {
            return;
        }
        let side = |panel: egui::Panel, size: f32| {
            panel.default_size(size).size_range(200.0..=420.0).frame(egui::Frame::NONE)
        };
        side(egui::Panel::left("runs"), theme::RUNS_WIDTH).show(ui, |ui| {
            self.side_ui(ui, Drawer::Runs, actions);
        });
        side(egui::Panel::right("controls"), theme::CONTROLS_WIDTH).show(ui, |ui| {
            self.side_ui(ui, Drawer::Settings, actions);
        });
    }

    fn side_ui(&mut self, ui: &mut Ui, side: Drawer, actions: &mut Vec<Action>) {
        let state = &self.state;
        match side {
            Drawer::Runs => {
                let position = state.scrubber.position();
                let follow = Arc::ptr_eq(&state.runs, &self.last_place.0) && position != self.last_place.1;
                self.last_place = (Arc::clone(&state.runs), position);
                runs::runs_panel_ui(ui, state, follow, &mut self.hovered, actions);
            }
            Drawer::Settings => {
                controls::controls_panel_ui(ui, state, self.panels.less_null(), actions);
            }
        }
    }

    /// A side over the panels, which take up `middle`.
    fn drawer_ui(&mut self, ctx: &Context, middle: Rect, drawer: Drawer, actions: &mut Vec<Action>) {
        let (left, width) = match drawer {
            Drawer::Runs => (middle.left(), theme::RUNS_WIDTH),
            Drawer::Settings => (middle.right() - theme::CONTROLS_WIDTH, theme::CONTROLS_WIDTH),
        };
        let rect = Rect::from_min_max(pos2(left, middle.top()), pos2(left + width, middle.bottom()));
        let area = Area::new(drawer_id(drawer)).order(Order::Middle);
        let area = area.fixed_pos(rect.min).default_size(rect.size()).constrain(false).fade_in(false);
        let before = self.hovered.list;
        if drawer == Drawer::Runs {
            self.hovered.list = None;
        }
        area.show(ctx, |ui| {
            ui.set_min_size(rect.size());
            // The whole of it takes the focus, so that Tab goes on to what is first in it.
            let whole = ui.interact(rect, drawer_id(drawer).with("whole"), Sense::focusable_noninteractive());
            let (enabled, name) = (ui.is_enabled(), drawer.name());
            whole.widget_info(|| WidgetInfo::labeled(Role::Group, enabled, name));
            if std::mem::take(&mut self.drawer_focus.is_due) {
                whole.request_focus();
            }
            let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
            inner.shrink_clip_rect(rect);
            self.side_ui(&mut inner, drawer, actions);
            let stroke = Stroke::new(1.0, palette(ui.visuals()).line);
            ui.painter().rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Inside);
        });
        if self.hovered.list != before {
            ctx.request_repaint();
        }
    }
}

/// What a bar lies on, with room above and below its content.
fn bar(ui: &Ui, vertical: i8) -> egui::Frame {
    theme::panel_frame(ui, Margin::symmetric(14, vertical))
}
