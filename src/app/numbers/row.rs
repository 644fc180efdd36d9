//! A row of the table: whose numbers, and the numbers or why there are none.

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, Label, Layout, Rangef, Rect, Response, RichText, Role, Sense, TextFormat, TextStyle, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

use super::columns::{Column, Text};
use super::curve::{CURVE, convergence_ui};
use super::{INDENT, KEY, NAME_SIZE, Table};
use crate::app::chart::{elided, swatch_ui, width_of};
use crate::app::theme::palette;
use crate::chart::{Color, Dash, Line, Marker, RunSubject};
use crate::state::{AtScrubber, Content, ShownNumbers, State};

/// A row with its words.
pub(super) struct Row {
    /// What it shows.
    pub at: AtScrubber,
    /// Its run, with what tells its numbers from others.
    run: String,
    checkpoint: String,
    /// Its numbers; `None` where there are none.
    pub cells: Option<Vec<(Column, Text)>>,
}

impl Row {
    /// What there is to show of a trajectory in these columns, in words.
    pub fn of(state: &State, at: AtScrubber, columns: &[Column]) -> Self {
        let checkpoint = state.checkpoint(at.checkpoint).map(|checkpoint| checkpoint.name.clone());
        let cells = match &at.content {
            Content::Numbers(shown) => {
                Some(columns.iter().map(|column| (*column, column.text(shown))).collect())
            }
            Content::Failed(_) | Content::Nothing(_) => None,
        };
        let run = state.drawn().trajectories[at.trajectory].label();
        Self { at, run, checkpoint: checkpoint.unwrap_or_default(), cells }
    }

    /// The place of its trajectory among those drawn.
    pub fn place(&self) -> usize {
        self.at.trajectory
    }

    /// Whose numbers it has.
    pub fn title(&self) -> String {
        format!("{} · {}", self.run, self.checkpoint)
    }

    /// The same as far as there is room: the name of the run is cut, not that of the checkpoint.
    fn short_title(&self, ui: &Ui, room: f32) -> String {
        let checkpoint = format!(" · {}", self.checkpoint);
        match elided(ui, &self.run, NAME_SIZE, room - width_of(ui, &checkpoint, NAME_SIZE)) {
            run if run.is_empty() => elided(ui, &self.title(), NAME_SIZE, room),
            run => run + &checkpoint,
        }
    }

    /// Why it has no numbers.
    fn reason(&self) -> Option<String> {
        match &self.at.content {
            Content::Numbers(_) => None,
            Content::Failed(error) => Some(format!("× {error}")),
            Content::Nothing(why) => Some(why.clone()),
        }
    }

    /// All that it says, a part a column.
    fn words(&self) -> Vec<(&'static str, String)> {
        let cells = self.cells.iter().flatten();
        cells
            .filter(|(column, _)| column.orders())
            .map(|(column, text)| (column.title(), format!("{}{}", text.number, text.tail())))
            .collect()
    }
}

/// Draws a row; `is_below` says that it is another condition of the run above.
pub(super) fn row_ui(
    ui: &mut Ui,
    table: &Table<'_>,
    row: &Row,
    place: Rect,
    (is_below, lights): (bool, bool),
) -> Response {
    let palette = table.palette;
    let id = ui.scope_id().with(("row", row.place()));
    let response = ui.interact(place, id, Sense::CLICK);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let numbers = row.words().into_iter().map(|(title, text)| format!("{title} {text}"));
        let said: Vec<String> = row.reason().into_iter().chain(numbers).collect();
        let name = format!("Numbers of {} at {}: {}", row.run, row.checkpoint, said.join(", "));
        WidgetInfo::selected(Role::ListItem, enabled, lights, name)
    });
    let is_seen = ui.is_rect_visible(place);
    if is_seen && lights {
        ui.painter().rect_filled(place, 4.0, palette.raised);
    }
    name_ui(ui, table, row, place, if is_below { INDENT } else { 0.0 });
    if !is_seen {
        return response;
    }
    let numbers = table.body().intersect(ui.clip_rect());
    match (&row.at.content, &row.cells) {
        (Content::Numbers(shown), Some(cells)) => {
            for &(column, ref text) in cells {
                let cell = Rect::from_x_y_ranges(table.column(column), place.y_range());
                let mut ui = ui.new_child(UiBuilder::new().id_salt((row.place(), column.title())));
                ui.set_clip_rect(numbers);
                cell_ui(&mut ui, table, (column, text), shown, cell);
            }
        }
        _ => {
            let inner = Rect::from_x_y_ranges(numbers.x_range(), place.y_range()).shrink2(vec2(12.0, 0.0));
            let is_error = matches!(row.at.content, Content::Failed(_));
            let color = if is_error { palette.error } else { palette.weak };
            let text = RichText::new(row.reason().unwrap_or_default()).size(NAME_SIZE).color(color);
            child(ui, inner).add(Label::new(text).truncate().selectable(false));
        }
    }
    response
}

/// The key of a run and its name, which stay in sight.
fn name_ui(ui: &mut Ui, table: &Table<'_>, row: &Row, place: Rect, indent: f32) {
    let names = Rangef::new(place.left() + 2.0 + indent, place.left() + table.grid.name - 6.0);
    let mut ui = child(ui, Rect::from_x_y_ranges(names, place.y_range()));
    ui.spacing_mut().item_spacing.x = KEY - 22.0;
    let trajectory = &table.state.drawn().trajectories[row.place()];
    let (run, style) = (trajectory.run, trajectory.style);
    let subject = table.state.drawn().snapshot.subjects().runs.get(row.place());
    let color = subject.map_or(Color::Run(run, style), RunSubject::color);
    let line = Line { dash: Dash::Style(style), is_thin: false };
    swatch_ui(&mut ui, color, Some(line), Some(Marker::Run(run)), false);
    let (whole, room) = (row.title(), ui.available_width());
    let short = row.short_title(&ui, room);
    let is_cut = short != whole;
    let text = RichText::new(short).size(NAME_SIZE);
    let response = ui.add(Label::new(text).truncate().selectable(false));
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, enabled, &whole));
    if is_cut {
        response.on_hover_text(whole);
    }
}

/// A number, which ends where all of its column do, with its spread behind it.
fn cell_ui(
    ui: &mut Ui,
    table: &Table<'_>,
    (column, text): (Column, &Text),
    shown: &ShownNumbers,
    cell: Rect,
) {
    if column == Column::Convergence {
        let inner = Rect::from_center_size(cell.center(), CURVE);
        let inner = inner.translate(vec2(cell.right() - inner.right(), 0.0));
        convergence_ui(&mut child(ui, inner), table.state.view.order, shown);
        return;
    }
    let palette = palette(ui.visuals());
    let is_muted = shown.basis.is_stale() || !text.flags.is_empty();
    let font = TextStyle::Monospace.resolve(ui.style());
    let mut job = LayoutJob::default();
    let mut add = |text: &str, color| job.append(text, 0.0, TextFormat::simple(font.clone(), color));
    add(&text.number, if is_muted { palette.weak } else { palette.strong });
    add(&text.spread, palette.weak);
    if !text.flags.is_empty() {
        add(" !", palette.warn);
    }
    let number = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0')) * text.number.chars().count() as f32;
    let left = table.origin.x + table.grid.number_end(column) - number;
    let inner = Rect::from_min_max(pos2(left, cell.top()), pos2(cell.right() + 2.0, cell.bottom()));
    let response = child(ui, inner).add(Label::new(job).extend().selectable(false));
    if !text.flags.is_empty() {
        response.on_hover_text(text.flags.join("\n"));
    }
}

/// The menu of a row: its numbers, or those of all, as text for a sheet.
pub(super) fn menu_ui(ui: &mut Ui, columns: &[Column], rows: &[Row], row: &Row) {
    let copied = match (ui.button("Copy these numbers").clicked(), ui.button("Copy the table").clicked()) {
        (true, _) => std::slice::from_ref(row),
        (_, true) => rows,
        _ => return,
    };
    ui.ctx().copy_text(sheet(columns, copied));
    ui.close();
}

/// Rows with their titles, a line each, with tabs between columns.
fn sheet(columns: &[Column], rows: &[Row]) -> String {
    let titles = columns.iter().filter(|column| column.orders()).map(|column| column.title());
    let mut text = ["run", "checkpoint"].into_iter().chain(titles).collect::<Vec<_>>().join("\t");
    for row in rows {
        text += &format!("\n{}\t{}", row.run, row.checkpoint);
        let said = row.reason().into_iter().chain(row.words().into_iter().map(|(_, words)| words));
        said.for_each(|words| text += &format!("\t{words}"));
    }
    text
}

fn child(ui: &mut Ui, place: Rect) -> Ui {
    ui.new_child(UiBuilder::new().max_rect(place).layout(Layout::left_to_right(Align::Center)))
}
