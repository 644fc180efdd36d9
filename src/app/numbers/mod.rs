//! The numbers of the checkpoints at the scrubber, a row a run, and what tells whether to believe them.
//!
//! A table that scrolls both ways: its header stays above it, and whose numbers a row has stays beside them.
//!
//! | file | duty |
//! |---|---|
//! | [`columns`] | what stands in each column |
//! | [`sort`] | the order of the rows |
//! | `grid` | where rows and columns stand |
//! | `row` | a row on screen |
//! | `curve` | the curve of the estimates as the sample grew |

use eframe::egui::style::ScrollStyle;
use eframe::egui::{
    self, Key, Label, Modifiers, Rect, Role, ScrollArea, Sense, Shape, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2, vec2,
};

pub(super) mod columns;
mod curve;
mod grid;
mod row;
pub(super) mod sort;

use super::chart::{ChartResponse, Cursor};
use super::theme::{self, Palette, palette};
use crate::chart::Of;
use crate::state::State;
use columns::Column;
use grid::Grid;
use row::Row;
use sort::{By, Sort};

/// The height of the header and of a row, in points of the screen.
const HEADER: f32 = 24.0;
const ROW: f32 = 24.0;
/// The room before a title, for the arrow of the order.
const TITLE: f32 = 12.0;
/// The letters of names.
const NAME_SIZE: f32 = 12.5;
/// What a name has before and behind it: the key, and how far a pinned condition stands in.
const KEY: f32 = 30.0;
const INDENT: f32 = 10.0;

/// What all numbers of the table are, in a line.
pub(super) const WORDS: &str =
    "values of the first seed; in brackets the standard deviation over seeds, in units of the last digit";

/// What the table remembers between frames.
#[derive(Clone, Debug, Default)]
pub(super) struct NumbersMemory {
    /// How rows are ordered; `None` as runs were opened.
    pub sort: Option<Sort>,
    /// The row that the arrows have come to, by its place among the trajectories drawn.
    row: Option<usize>,
    /// Whether the rows are to take the focus.
    takes_focus: bool,
}

impl NumbersMemory {
    /// A table in an order.
    pub fn of(sort: Option<Sort>) -> Self {
        Self { sort, row: None, takes_focus: false }
    }

    /// Gives the focus to the rows, as Tab does.
    pub fn focus(&mut self) {
        self.takes_focus = true;
    }
}

/// The table on screen.
struct Table<'a> {
    state: &'a State,
    grid: Grid,
    palette: &'static Palette,
    /// Where the table begins, which may be scrolled out of sight, and what of it is in sight.
    origin: egui::Pos2,
    seen: Rect,
}

/// Draws the table into all the room there is.
pub(super) fn numbers_ui(
    ui: &mut Ui,
    state: &State,
    memory: &mut NumbersMemory,
    cursor: &Cursor,
) -> ChartResponse {
    let rows = sort::sorted(state.at_scrubber(), memory.sort, &state.drawn().trajectories);
    if rows.is_empty() {
        memory.takes_focus = false;
        nothing_ui(ui, state);
        return ChartResponse::default();
    }
    let columns = Column::drawn(state);
    let rows: Vec<Row> = rows.into_iter().map(|row| Row::of(state, row, &columns)).collect();
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    ui.spacing_mut().scroll = ScrollStyle { bar_inner_margin: 0.0, ..ScrollStyle::thin() };
    let grid = Grid::of(ui, &columns, &rows, ui.available_width());
    let area = ScrollArea::both().id_salt("numbers").auto_shrink(false);
    let shown = area.show_viewport(ui, |ui, viewport| {
        let origin = ui.max_rect().min;
        ui.set_min_size(vec2(grid.width(), HEADER + ROW * rows.len() as f32));
        let seen = viewport.translate(origin.to_vec2());
        let table = Table { state, grid, palette: palette(ui.visuals()), origin, seen };
        let response = table.rows_ui(ui, &rows, memory, cursor);
        memory.sort = table.header_ui(ui, memory.sort);
        response
    });
    shown.inner
}

/// What stands where there is no row.
fn nothing_ui(ui: &mut Ui, state: &State) {
    let text = match state.asked().text() {
        Some(_) => "No visible run has begun here.",
        None => "Choose a text corpus to measure.",
    };
    ui.label(theme::weak(ui, text));
}

impl Table<'_> {
    /// Where the numbers are in sight: right of the names and below the header.
    fn body(&self) -> Rect {
        let corner = self.seen.min + vec2(self.grid.name, HEADER);
        Rect::from_min_max(corner.min(self.seen.max), self.seen.max)
    }

    /// The place of a row in sight or out of it, as wide as what is in sight.
    fn row(&self, index: usize) -> Rect {
        let top = self.origin.y + HEADER + ROW * index as f32;
        Rect::from_x_y_ranges(self.seen.x_range(), top..=top + ROW)
    }

    /// The place of a column, across.
    fn column(&self, column: Column) -> egui::Rangef {
        let span = self.grid.column(column);
        egui::Rangef::new(self.origin.x + span.min, self.origin.x + span.max)
    }

    fn header_ui(&self, ui: &mut Ui, sort: Option<Sort>) -> Option<Sort> {
        let line = Rect::from_min_size(self.seen.min, vec2(self.seen.width(), HEADER));
        let (names, numbers) = line.split_left_right_at_x(line.left() + self.grid.name);
        let mut sort = sort;
        for column in self.grid.columns() {
            let place = Rect::from_x_y_ranges(self.column(column), line.y_range());
            let by = column.orders().then_some(By::Column(column));
            let mut ui = ui.new_child(UiBuilder::new().id_salt(column.title()).max_rect(place));
            ui.set_clip_rect(numbers.intersect(ui.clip_rect()));
            sort = self.title_ui(&mut ui, column.title(), column.help(), by, sort);
        }
        let mut ui = ui.new_child(UiBuilder::new().id_salt("names").max_rect(names));
        let help = "the run and its checkpoint at the scrubber, with what tells its numbers from others";
        let title = theme::section(&ui, "At the scrubber");
        self.sign(&ui, names.left() + 2.0, By::Name, sort);
        let inner = names.with_min_x(names.left() + TITLE);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.new_child(UiBuilder::new().max_rect(inner).layout(layout))
            .add(Label::new(title).truncate().selectable(false));
        sort = Self::click_ui(&mut ui, names, help, By::Name, sort);
        let edge = Stroke::new(1.0, self.palette.line);
        ui.painter().hline(line.x_range(), line.bottom() - 0.5, edge);
        if self.seen.left() > self.origin.x {
            // What is beside the names has gone on under them.
            ui.painter().vline(self.body().left() - 0.5, self.seen.y_range(), edge);
        }
        sort
    }

    /// The title of a column, at its right end as its numbers are.
    fn title_ui(
        &self,
        ui: &mut Ui,
        title: &str,
        help: &str,
        by: Option<By>,
        sort: Option<Sort>,
    ) -> Option<Sort> {
        let place = ui.max_rect();
        let is_sorted = by.is_some() && sort.map(|sort| sort.by) == by;
        let color = if is_sorted { self.palette.strong } else { self.palette.weak };
        let text = egui::RichText::new(title).small().color(color);
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        let label = ui
            .new_child(UiBuilder::new().max_rect(place).layout(layout))
            .add(Label::new(text).extend().selectable(false));
        let Some(by) = by else {
            ui.interact(place, ui.scope_id().with("title"), Sense::hover()).on_hover_text(help);
            return sort;
        };
        self.sign(ui, label.rect.left() - TITLE, by, sort);
        Self::click_ui(ui, place, help, by, sort)
    }

    /// The arrow of the column that rows are ordered by, in the room before its title.
    fn sign(&self, ui: &Ui, left: f32, by: By, sort: Option<Sort>) {
        let Some(sort) = sort.filter(|sort| sort.by == by) else { return };
        let center = pos2(left + TITLE / 2.0, self.seen.top() + HEADER / 2.0);
        let tip = if sort.is_descending { 3.0 } else { -3.0 };
        let corners = [vec2(0.0, tip), vec2(-3.5, -tip), vec2(3.5, -tip)].map(|corner| center + corner);
        ui.painter().add(Shape::convex_polygon(corners.into(), self.palette.strong, Stroke::NONE));
    }

    /// Orders the rows at a click. Not a stop of Tab each: the panel's menu offers the same.
    fn click_ui(ui: &mut Ui, place: Rect, help: &str, by: By, sort: Option<Sort>) -> Option<Sort> {
        let response = ui.interact(place, ui.scope_id().with("sort"), Sense::CLICK);
        let is_sorted = sort.is_some_and(|sort| sort.by == by);
        let (enabled, name) = (ui.is_enabled(), format!("Sort by {}", by.name()));
        response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, is_sorted, &name));
        let is_clicked = response.clicked();
        response.on_hover_text(format!("{help}\n(click to sort)"));
        if is_clicked { Sort::clicked(sort, by) } else { sort }
    }

    fn rows_ui(
        &self,
        ui: &mut Ui,
        rows: &[Row],
        memory: &mut NumbersMemory,
        cursor: &Cursor,
    ) -> ChartResponse {
        let mut answer = ChartResponse::default();
        // All rows are one stop of Tab; within it the arrows go from row to row.
        let id = ui.scope_id().with("rows");
        let all = Rect::from_min_max(pos2(self.seen.left(), self.seen.top() + HEADER), self.seen.max);
        let list = ui.interact(all, id, Sense::focusable_noninteractive());
        let enabled = ui.is_enabled();
        list.widget_info(|| WidgetInfo::labeled(Role::ListBox, enabled, "Numbers at the scrubber"));
        if std::mem::take(&mut memory.takes_focus) {
            list.request_focus();
        }
        if list.has_focus() {
            answer = self.keys(ui, rows, memory);
        } else {
            memory.row = None;
        }
        // An assistive device has all rows; otherwise only those in sight are laid out.
        let whole = ui.ctx().has_accesskit_node(id);
        let mut body = ui.new_child(UiBuilder::new().id_salt("body").max_rect(all));
        body.set_clip_rect(all.intersect(ui.clip_rect()));
        let columns: Vec<Column> = self.grid.columns().collect();
        for (index, row) in rows.iter().enumerate() {
            let place = self.row(index);
            if !whole && !place.intersects(all) {
                continue;
            }
            let is_below = index > 0 && self.run(&rows[index - 1]) == self.run(row);
            let lights = cursor.hovered.is_some_and(|hovered| hovered.run == Some(row.place()));
            let response = row::row_ui(&mut body, self, row, place, (is_below, lights));
            if response.hovered() {
                answer.hovered = Some(Of::run(row.place()));
            }
            if response.clicked() {
                answer.clicked = self.of(row);
            }
            response.context_menu(|ui| row::menu_ui(ui, &columns, rows, row));
        }
        answer
    }

    fn run(&self, row: &Row) -> usize {
        self.state.drawn().trajectories[row.place()].run
    }

    /// The checkpoint of a row.
    fn of(&self, row: &Row) -> Option<Of> {
        let (_, checkpoint) = self.state.runs.place(row.at.checkpoint)?;
        Some(Of::checkpoint(row.place(), checkpoint))
    }

    /// The arrows go from row to row, whose run lights up; Enter is a click.
    fn keys(&self, ui: &mut Ui, rows: &[Row], memory: &mut NumbersMemory) -> ChartResponse {
        let count = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let (up, down) = (count(Key::ArrowUp), count(Key::ArrowDown));
        let is_entered = count(Key::Enter) > 0;
        let mut index = memory.row.and_then(|place| rows.iter().position(|row| row.place() == place));
        if up + down > 0 {
            ui.memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
            let next = index.map_or(down.saturating_sub(1), |index| (index + down).saturating_sub(up));
            let next = next.min(rows.len() - 1);
            index = Some(next);
            let row = self.row(next);
            // The header covers what lies right below it.
            let target = Rect::from_x_y_ranges(self.seen.x_range(), row.top() - HEADER..=row.bottom());
            ui.scroll_to_rect(target, None);
        }
        let row = index.and_then(|index| rows.get(index));
        memory.row = row.map(Row::place);
        ChartResponse {
            hovered: row.map(|row| Of::run(row.place())),
            clicked: row.filter(|_| is_entered).and_then(|row| self.of(row)),
            is_active: true,
            ..ChartResponse::default()
        }
    }
}
