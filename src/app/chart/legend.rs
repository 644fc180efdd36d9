//! Which line is which, and what signs and colours mean: whole pieces, as many as there is room for, and how many not.

use eframe::egui::{
    self, Align, Color32, FontId, Label, Layout, Rect, Sense, Ui, UiBuilder, Vec2, pos2, vec2,
};

use super::canvas::{elided, width_of};
use super::keys::{GAP, KEY, SIZE, bar_ui, bar_width, key_text, key_ui, note_ui};
use super::{ChartResponse, Cursor};
use crate::app::theme;
use crate::chart::{Chart, ColorBar, Key, Legend, Note};
use crate::words::counted;

/// More keys than these are folded into a count, and these at the least are shown.
const MOST_KEYS: usize = 24;
const LEAST_KEYS: usize = 2;
/// The height of a line, and the room between pieces.
const LINE: f32 = 17.0;
const BETWEEN: Vec2 = vec2(14.0, 3.0);

/// A part of a legend, which stands on a line as a whole.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Key(&'a Key),
    /// Those for which there is no room.
    More(&'a [Key], &'a [Note]),
    /// What a scale of colours is of, and the scale on the line below.
    Scale(&'a ColorBar),
    Bar(&'a ColorBar),
    /// Both on one line.
    Scaled(&'a ColorBar),
    Note(&'a Note),
}

/// Draws a column beside the frames, in the room of `ui`.
pub(super) fn column_ui(ui: &mut Ui, chart: &Chart, cursor: &Cursor) -> ChartResponse {
    let room = ui.max_rect().size();
    legend_ui(ui, chart, cursor, room, true)
}

/// Draws rows below the frames, as far as they end above `bottom`.
pub(super) fn rows_ui(ui: &mut Ui, chart: &Chart, cursor: &Cursor, bottom: f32) -> ChartResponse {
    let room = vec2(ui.max_rect().width(), bottom - ui.max_rect().top());
    legend_ui(ui, chart, cursor, room, false)
}

fn legend_ui(ui: &mut Ui, chart: &Chart, cursor: &Cursor, room: Vec2, is_column: bool) -> ChartResponse {
    let corner = ui.max_rect().min.to_vec2();
    let mut response = ChartResponse::default();
    for (piece, place) in places(ui, &chart.legend, room, is_column) {
        let place = place.translate(corner);
        ui.allocate_rect(place, Sense::hover());
        let layout = Layout::left_to_right(if is_column { Align::Min } else { Align::Center });
        let mut ui = ui.new_child(UiBuilder::new().max_rect(place).layout(layout));
        ui.spacing_mut().item_spacing = vec2(GAP, 0.0);
        ui.spacing_mut().interact_size.y = KEY.y;
        match piece {
            Piece::Key(key) => response.merge(key_ui(&mut ui, key, cursor, is_column)),
            Piece::More(keys, notes) => {
                let notes_said = notes.iter().map(|note| note.text.clone());
                let names: Vec<String> =
                    keys.iter().map(|key| key_text(key, true)).chain(notes_said).collect();
                let text = theme::weak(&ui, more_text(keys, notes)).size(SIZE);
                ui.add(Label::new(text).truncate().selectable(false)).on_hover_text(names.join("\n"));
            }
            Piece::Scale(bar) => {
                let text = elided(&ui, &bar.label, SIZE, place.width());
                let text = theme::weak(&ui, text).size(SIZE);
                ui.add(Label::new(text).selectable(false)).on_hover_text(&bar.label);
            }
            Piece::Bar(bar) => bar_ui(&mut ui, bar),
            Piece::Scaled(bar) => {
                ui.add(Label::new(theme::weak(&ui, &bar.label).size(SIZE)).extend().selectable(false));
                bar_ui(&mut ui, bar);
            }
            Piece::Note(note) => note_ui(&mut ui, note, is_column),
        }
    }
    response
}

fn more_text(keys: &[Key], notes: &[Note]) -> String {
    match (keys.len(), notes.len()) {
        (keys, 0) => format!("and {keys} more"),
        (0, notes) => format!("and {}", counted(notes, "note")),
        (keys, notes) => format!("and {keys} more, {}", counted(notes, "note")),
    }
}

/// The pieces for which there is room, each with its place from the corner on. Notes go before keys, whose names stand
/// in lists too: of these as many are left out as need be, and what is left out is counted.
fn places<'a>(ui: &Ui, legend: &'a Legend, room: Vec2, is_column: bool) -> Vec<(Piece<'a>, Rect)> {
    let most = legend.keys.len().min(MOST_KEYS);
    let least = LEAST_KEYS.min(most);
    let sized = |piece: Piece<'a>| (piece, size(ui, piece, room.x, is_column));
    let keys: Vec<_> = legend.keys[..most].iter().map(|key| sized(Piece::Key(key))).collect();
    let bar = legend.bar.iter().flat_map(|bar| {
        let is_line = !is_column && scaled_width(ui, bar) <= room.x;
        if is_line { vec![Piece::Scaled(bar)] } else { vec![Piece::Scale(bar), Piece::Bar(bar)] }
    });
    let bar: Vec<_> = bar.map(sized).collect();
    let notes: Vec<_> = legend.notes.iter().map(|note| sized(Piece::Note(note))).collect();
    let with = |(count, noted): (usize, usize)| {
        let (keys_out, notes_out) = (&legend.keys[count..], &legend.notes[noted..]);
        let is_whole = keys_out.is_empty() && notes_out.is_empty();
        let more = (!is_whole).then(|| sized(Piece::More(keys_out, notes_out)));
        let pieces = keys[..count].iter().copied().chain(more);
        let pieces: Vec<_> =
            pieces.chain(bar.iter().copied()).chain(notes[..noted].iter().copied()).collect();
        let sizes: Vec<Vec2> = pieces.iter().map(|(_, size)| *size).collect();
        let places = flow(&sizes, room.x, is_column);
        pieces.into_iter().map(|(piece, _)| piece).zip(places).collect::<Vec<_>>()
    };
    let fits = |place: &Rect| place.bottom() <= room.y;
    let all_fit = |pieces: &Vec<(Piece<'_>, Rect)>| pieces.iter().all(|(_, place)| fits(place));
    let fewer_keys = (least..=most).rev().map(|count| (count, notes.len()));
    let fewer_notes = (0..notes.len()).rev().map(|noted| (least, noted));
    let mut tried = fewer_keys.chain(fewer_notes).map(with);
    tried.find(all_fit).unwrap_or_else(|| {
        let few = with((least, 0));
        few.into_iter().take_while(|(_, place)| fits(place)).collect()
    })
}

fn scaled_width(ui: &Ui, bar: &ColorBar) -> f32 {
    width_of(ui, &bar.label, SIZE) + GAP + bar_width(ui, bar)
}

/// How large a piece is in so much room across.
fn size(ui: &Ui, piece: Piece<'_>, width: f32, is_column: bool) -> Vec2 {
    let keyed = |text: &str| width_of(ui, text, SIZE) + KEY.x + GAP + 2.0;
    let wide = match piece {
        Piece::Key(key) => keyed(&key_text(key, is_column && key.is_absent)),
        Piece::More(keys, notes) => width_of(ui, &more_text(keys, notes), SIZE) + 2.0,
        Piece::Scale(bar) => width_of(ui, &bar.label, SIZE) + 2.0,
        Piece::Bar(bar) => bar_width(ui, bar),
        Piece::Scaled(bar) => scaled_width(ui, bar),
        Piece::Note(note) if is_column => {
            let (font, room) = (FontId::proportional(SIZE), width - KEY.x - GAP);
            let galley = ui.painter().layout(note.text.clone(), font, Color32::PLACEHOLDER, room.max(20.0));
            return vec2(width, galley.size().y.max(LINE));
        }
        Piece::Note(note) => keyed(&note.text),
    };
    vec2(wide.min(width), LINE)
}

/// Pieces one after the other, on the next line where the present one is full; in a column on a line each.
fn flow(sizes: &[Vec2], width: f32, is_column: bool) -> Vec<Rect> {
    let (mut at, mut line) = (egui::Pos2::ZERO, 0.0f32);
    let place = |size: &Vec2| {
        if at.x > 0.0 && (is_column || at.x + size.x > width) {
            at = pos2(0.0, at.y + line + BETWEEN.y);
            line = 0.0;
        }
        let place = Rect::from_min_size(at, *size);
        at.x += size.x + BETWEEN.x;
        line = line.max(size.y);
        place
    };
    sizes.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_beside_each_other_and_none_beyond_the_line() {
        let sizes = [60.0, 60.0, 60.0, 500.0, 40.0].map(|width: f32| vec2(width.min(150.0), LINE));
        let rows = flow(&sizes, 150.0, false);
        let lines: Vec<f32> = rows.iter().map(|place| place.top()).collect();
        let next = LINE + BETWEEN.y;
        assert_eq!(lines, [0.0, 0.0, next, 2.0 * next, 3.0 * next]);
        assert!(rows.iter().all(|place| place.right() <= 150.0));
        let column = flow(&sizes, 150.0, true);
        assert!(column.windows(2).all(|pair| pair[0].bottom() < pair[1].top()));
    }
}
