//! Draws any [`Chart`] in the window: the same marks, ticks and colours as the exported figure, and what a pointer adds.
//!
//! It knows no view. egui_plot gives the axes, the grid and the places; the marks are painted over them, so that there
//! is one order of drawing and a mark can have its run's shape.
//!
//! | file | duty |
//! |---|---|
//! | `arrangement` | where frames and legend stand |
//! | `frame` | a frame and all within it |
//! | `cursor` | what is looked at, of all charts alike |
//! | `axes`, `canvas` | its axes, and the places of values between them |
//! | `gestures` | zoom, pan, box, fit by the pointer |
//! | `zoom` | what of the axes is in sight, before and after |
//! | `keyboard`, `place` | walking from datum to datum by keys |
//! | `menu` | what can be done with a datum and its run |
//! | `paint`, `series`, `shapes` | marks as shapes |
//! | `labels` | words beside lines and points |
//! | `hit` | what is under the pointer, and its tooltip |
//! | `legend`, `keys` | which line is which, and what signs mean |
//! | `words` | the same for those who do not see it |

use std::collections::HashMap;

use eframe::egui::{Label, Pos2, TextureHandle, Ui, UiBuilder, Vec2};

use crate::app::theme;
use crate::chart::{Axis, Chart, Of};

mod arrangement;
mod axes;
mod canvas;
mod cursor;
mod frame;
mod gestures;
mod hit;
mod keyboard;
mod keys;
mod labels;
mod legend;
mod menu;
mod paint;
mod place;
mod series;
mod shapes;
mod words;
mod zoom;

use arrangement::{Layout, LegendPlace, most_below};
pub(in crate::app) use canvas::{elided, width_of};
pub(in crate::app) use cursor::Cursor;
use cursor::Moment;
pub(in crate::app) use keys::swatch_ui;
use place::Place;
use zoom::{Reach, Zooms};

/// What a chart remembers between frames of the window.
#[derive(Default)]
pub(in crate::app) struct ChartMemory {
    /// What of the axes is in sight.
    zooms: Zooms,
    /// How far the axes reach.
    reach: Reach,
    /// Whether they reach further than the data, which had reached further before.
    is_grown: bool,
    /// The datum that the keyboard walked to.
    walked: Option<Place>,
    /// What a menu was asked of.
    asked_of: Option<Place>,
    /// Whether a key asks for the menu.
    takes_menu: bool,
    /// Where the menu stands that a key opened, while it is open; the frame then has the focus again.
    key_menu: Option<Pos2>,
    /// Whether the first frame is to take the focus.
    takes_focus: bool,
    /// Where a box began to be drawn.
    box_from: Option<Pos2>,
    /// The height that the legend had below the frames.
    legend_height: f32,
    /// How many points of the screen the first frame had to a place across, where all was in sight.
    scale: f64,
    /// Cells as pictures, by facet and mark, for a theme.
    textures: HashMap<(usize, usize, bool), TextureHandle>,
}

impl ChartMemory {
    /// Shows all data again.
    pub fn fit(&mut self) {
        self.zooms.fit();
    }

    /// Whether all data are in sight.
    pub fn is_fitted(&self) -> bool {
        self.zooms.is_fitted()
    }

    /// Shows again what was in sight before; `false` where there is no such thing.
    pub fn undo(&mut self) -> bool {
        self.zooms.undo()
    }

    /// Shows again what was left by going back, likewise.
    pub fn redo(&mut self) -> bool {
        self.zooms.redo()
    }

    /// Gives the focus to the first frame, as Tab does.
    pub fn focus(&mut self) {
        self.takes_focus = true;
    }

    /// How many points of the screen are to a place across in the first frame, where all is in sight.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Opens the menu of the frame that the keyboard is in, else of the first.
    pub fn open_menu(&mut self) {
        self.takes_menu = true;
    }

    /// Leaves the datum that the keyboard walked to; `false` where there is none.
    pub fn put_down(&mut self) -> bool {
        self.walked.take().is_some()
    }

    /// Takes in a chart that is made anew. Where it has but news of the same, as comes while measuring, its axes `grow`:
    /// they hold what they held.
    pub fn chart_changed(&mut self, chart: &Chart, grow: bool) {
        self.textures.clear();
        self.walked = self.walked.and_then(|place| place.again(chart));
        self.asked_of = self.asked_of.and_then(|place| place.again(chart));
        let reach = Reach::of(chart);
        let grown = if grow { reach.clone().grown(&self.reach) } else { reach.clone() };
        self.is_grown = grown != reach;
        self.reach = grown;
    }

    /// Lets axes reach as far as the data do: no more news come.
    pub fn settle(&mut self, chart: &Chart) {
        if std::mem::take(&mut self.is_grown) {
            self.reach = Reach::of(chart);
        }
    }
}

/// What became of a chart under the pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::app) struct ChartResponse {
    /// What is hovered on it.
    pub hovered: Option<Of>,
    /// What the keyboard walked to, which goes before what the pointer rests on.
    pub walked: Option<Of>,
    /// What was clicked.
    pub clicked: Option<Of>,
    /// How far a picture was turned, in points of the screen.
    pub turned: Vec2,
    /// What was asked of the window.
    pub asked: Option<Asked>,
    /// Whether it has the focus, or the pointer does something with it.
    pub is_active: bool,
    /// Whether it has the focus.
    pub has_focus: bool,
}

/// What a chart asks of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app) enum Asked {
    /// Hide the run of this, or show it.
    Toggle(Of),
    /// Show the run of this alone, or all again.
    Solo(Of),
    /// Show this panel alone, or all again.
    Maximise,
    /// Export what is shown.
    Export,
}

impl ChartResponse {
    pub fn merge(&mut self, other: Self) {
        self.hovered = other.hovered.or(self.hovered);
        self.walked = other.walked.or(self.walked);
        self.clicked = other.clicked.or(self.clicked);
        self.turned += other.turned;
        self.asked = other.asked.or(self.asked);
        self.is_active |= other.is_active;
        self.has_focus |= other.has_focus;
    }
}

/// Draws a chart into all the room there is.
pub(in crate::app) fn chart_ui(
    ui: &mut Ui,
    chart: &Chart,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> ChartResponse {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let mut response = ChartResponse::default();
    if area.width() < 40.0 || area.height() < 40.0 {
        return response;
    }
    let layout = Layout::of(chart, area, memory.legend_height);
    let moves = ui.style().animation_time > 0.0;
    if memory.zooms.advance(ui.input(|input| input.time), moves) {
        ui.ctx().request_repaint();
    }
    for (index, facet) in chart.facets.iter().enumerate().take(layout.frames.len()) {
        let mut ui = ui.new_child(UiBuilder::new().id_salt(("facet", index)).max_rect(layout.frames[index]));
        response.merge(frame::frame_ui(&mut ui, chart, index, facet, memory, cursor));
    }
    if let Some(rect) = layout.more {
        let count = chart.facets.len() - layout.frames.len();
        let mut ui = ui.new_child(UiBuilder::new().id_salt("more").max_rect(rect));
        let text = theme::weak(&ui, format!("and {count} more, for which there is no room")).small();
        ui.add(Label::new(text).truncate().selectable(false)).on_hover_text("A larger panel shows all");
    }
    match layout.legend {
        LegendPlace::Beside(rect) => {
            let mut ui = ui.new_child(UiBuilder::new().id_salt("legend").max_rect(rect));
            ui.shrink_clip_rect(rect);
            response.merge(legend::column_ui(&mut ui, chart, cursor));
        }
        LegendPlace::Below(rect) => {
            let mut ui = ui.new_child(UiBuilder::new().id_salt("legend").max_rect(rect));
            ui.shrink_clip_rect(rect);
            let most = most_below(chart, area);
            response.merge(legend::rows_ui(&mut ui, chart, cursor, rect.top() + most));
            let height = ui.min_rect().height().ceil().min(most);
            if height != memory.legend_height {
                memory.legend_height = height;
                ui.ctx().request_discard("the legend has found its height");
            }
        }
        LegendPlace::None => {}
    }
    response
}

/// Which axes move together: those of one meaning, across or up.
#[derive(Clone, Debug, PartialEq)]
struct AxisGroup {
    is_across: bool,
    title: String,
    scale: crate::chart::Scale,
}

impl AxisGroup {
    fn of(axis: &Axis, is_across: bool) -> Self {
        Self { is_across, title: axis.title(), scale: axis.scale.clone() }
    }
}

#[cfg(test)]
mod tests;
