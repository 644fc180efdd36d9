//! A side of a pair on screen: its tokens in running text, each with what its position counts for.

use std::ops::Range;

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Color32, FontId, Label, Pos2, RichText, Role as WidgetRole, Sense, Stroke, TextFormat, Ui, WidgetInfo,
};

use crate::app::theme::{self, Palette, palette};
use crate::pairs::{ReadSide, ReadToken, Role, SIDES};
use crate::words::{counted, thousands};

/// The letters of tokens, in points of the screen.
const SIZE: f32 = 12.5;
/// No more tokens of a side are laid out in a frame, and of those so many before the first labelled one at least, where
/// there are.
const MOST: usize = 4000;
const BEFORE: usize = 1000;

/// Draws a side below its name and its counts.
pub(super) fn side_ui(ui: &mut Ui, name: &str, side: &ReadSide) {
    let palette = palette(ui.visuals());
    let title = RichText::new(format!("{name}: {}", side.words())).strong().color(palette.strong);
    ui.add(Label::new(title).wrap());
    let shown = shown(side);
    let (before, after) = (shown.start, side.tokens.len() - shown.end);
    if before > 0 {
        ui.label(theme::weak(ui, format!("… {} before", counted(before, "token"))));
    }
    tokens_ui(ui, name, side, shown);
    if after > 0 {
        ui.label(theme::weak(ui, format!("… {} more", counted(after, "token"))));
    }
}

/// The tokens that are laid out: all, or those about where labelled ones begin.
fn shown(side: &ReadSide) -> Range<usize> {
    let count = side.tokens.len();
    let first = side.tokens.iter().position(|token| token.role == Role::Labelled).unwrap_or(0);
    let start = first.saturating_sub(BEFORE).min(count.saturating_sub(MOST));
    start..count.min(start + MOST)
}

fn tokens_ui(ui: &mut Ui, name: &str, side: &ReadSide, shown: Range<usize>) {
    let palette = palette(ui.visuals());
    let color = if name == SIDES[0] { palette.good } else { palette.error };
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    // Where each token ends, in letters.
    let (mut ends, mut letters) = (Vec::with_capacity(shown.len()), 0);
    for index in shown.clone() {
        let token = &side.tokens[index];
        let text = visible(&token.text);
        letters += text.chars().count();
        ends.push(letters);
        job.append(&text, 0.0, format(token, index % 2 == 1, color, palette));
    }
    let said = job.text.clone();
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let (place, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let is_enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, is_enabled, &said));
    let at = |pointer: Pos2| {
        let letter = galley.cursor_from_pos(pointer - place.min).index;
        Some(shown.start + ends.partition_point(|&end| end <= usize::from(letter)))
    };
    let hovered = response.hover_pos().and_then(at).filter(|index| *index < shown.end);
    if ui.is_rect_visible(place) {
        ui.painter().galley(place.min, galley, palette.text);
    }
    if let Some(index) = hovered {
        response.on_hover_text_at_pointer(hint(index, &side.tokens[index]));
    }
}

/// What a token is, in a few words.
fn hint(index: usize, token: &ReadToken) -> String {
    let role = match token.role {
        Role::Read => "not labelled",
        Role::Labelled => "labelled",
        Role::Cut => "beyond the context",
    };
    let special = if token.is_special { ", special" } else { "" };
    format!("token {} (id {}), {role}{special}", thousands(index as u64), token.id)
}

/// How a token looks, every other one on another shade; never by its colour alone.
fn format(token: &ReadToken, is_odd: bool, side: Color32, palette: &Palette) -> TextFormat {
    let ink = match token.role {
        Role::Labelled => palette.strong,
        Role::Read | Role::Cut => palette.weak,
    };
    let background = match (token.role, is_odd) {
        (Role::Labelled, false) => theme::mixed(palette.ground, side, 0.28),
        (Role::Labelled, true) => theme::mixed(palette.ground, side, 0.42),
        (_, false) => Color32::TRANSPARENT,
        (_, true) => palette.raised,
    };
    let line = |is_drawn: bool| if is_drawn { Stroke::new(1.0, ink) } else { Stroke::NONE };
    TextFormat {
        background,
        italics: token.is_special,
        underline: line(token.role == Role::Labelled),
        strikethrough: line(token.role == Role::Cut),
        line_height: Some(SIZE * 1.5),
        ..TextFormat::simple(FontId::monospace(SIZE), ink)
    }
}

/// A token's text with its control characters as they are written in code; a line's end is one, behind its sign.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown += "↵\n",
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(read: usize, labelled: usize) -> ReadSide {
        let token = |role| ReadToken { id: 0, text: String::new(), role, is_special: false };
        let roles = [(Role::Read, read), (Role::Labelled, labelled)];
        let tokens = roles.into_iter().flat_map(|(role, count)| vec![token(role); count]).collect();
        ReadSide { tokens, is_cut: false }
    }

    #[test]
    fn of_a_long_side_the_tokens_about_the_answer_are_laid_out() {
        assert_eq!(shown(&side(0, 0)), 0..0);
        assert_eq!(shown(&side(1500, 2500)), 0..4000);
        assert_eq!(shown(&side(9000, 50)), 5050..9050);
        assert_eq!(shown(&side(9000, 9000)), 8000..12_000);
    }

    #[test]
    fn ends_of_lines_are_seen_and_stay() {
        assert_eq!(visible("a\n\n\tb"), "a↵\n↵\n\\tb");
    }
}
