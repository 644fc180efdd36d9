//! Every key and gesture with what it does: for the page that lists them, and for the README.

use eframe::egui::{self, Context, RichText};

use super::theme::{self, palette};

/// Keys, of which those that do the same stand two blanks apart, and what they do.
type Line = (&'static str, &'static str);

/// Keys that hold everywhere but in a field that is typed into.
const KEYS: [Line; 19] = [
    ("Space", "play or pause"),
    ("←  →  Home  End", "one checkpoint back or on, the first, the last; sliders keep them"),
    ("Shift+←  Shift+→", "ten checkpoints back or on"),
    ("1  …  4", "back-off: token, bigram, trigram, quadgram"),
    ("F", "show all data in all panels"),
    ("Ctrl+Z  Ctrl+Shift+Z", "what was in sight before in the panel used last, and forth again"),
    ("Tab  Enter", "next control, use it"),
    ("Ctrl+Tab  Ctrl+Shift+Tab", "next panel, the one before"),
    ("Shift+F10  Menu", "the menu of the chart used last, of the point walked to"),
    ("↑  ↓", "in a list of checkpoints: one back or on"),
    ("R  ,", "runs, settings: open and close them in a narrow window"),
    ("P", "pin the settings, or unpin them"),
    ("Ctrl+P", "any view or command by its name"),
    ("Ctrl+O", "open a folder"),
    ("Ctrl+V", "open copied files or a copied path; so does dropping them, but on Wayland"),
    ("Ctrl+E", "export the figure of the panel used last"),
    ("Ctrl+.", "cancel measuring"),
    ("Esc", "close, leave a control; then a point walked to; then the zoom"),
    ("F1  ?", "this list"),
];

/// Keys while a chart has the focus, which Tab or a click gives it.
const CHART_KEYS: [Line; 5] = [
    ("↑  ↓", "walk to the run or series before, the next; begins at the scrubber after a click"),
    ("←  →  Home  End", "once there, walk along it"),
    ("Enter", "move the scrubber to the point"),
    ("Ctrl+C", "copy its values"),
    ("Esc", "leave the point: the arrows move the scrubber again"),
];

/// What the mouse does.
const GESTURES: [Line; 9] = [
    ("Drag", "zoom into a box"),
    ("Shift+drag", "move the chart; so does the middle button"),
    ("Scroll", "zoom; over an axis along it alone; on the timeline: one checkpoint back or on"),
    ("Double click", "show all data; on a header: this panel alone, or all again"),
    ("Click a point", "move the scrubber there"),
    ("Right click", "copy values, hide or solo a run, export"),
    ("Shift+click", "in a legend: this run alone, or all again"),
    ("Ctrl+click", "in a legend: hide the run; the list of runs shows it again"),
    ("Drag a header", "move the panel, beside or over another"),
];

/// All of it, each part with its title.
const PARTS: [(&str, &[Line]); 3] =
    [("Keys", &KEYS), ("Keys on a chart", &CHART_KEYS), ("Mouse on a chart", &GESTURES)];

/// Draws the page of keys; `false` once it is to be closed.
pub(super) fn help_ui(ctx: &Context) -> bool {
    let visuals = ctx.global_style().visuals.clone();
    let frame = theme::card_frame(&visuals).inner_margin(egui::Margin::same(20));
    let room = ctx.content_rect().size();
    let modal = egui::Modal::new(egui::Id::unique("help")).frame(frame).show(ctx, |ui| {
        ui.set_width((room.x - 80.0).min(640.0));
        ui.label(RichText::new("Keys and gestures").heading().color(palette(ui.visuals()).strong));
        let height = (room.y - 160.0).max(120.0);
        egui::ScrollArea::vertical().max_height(height).show(ui, |ui| {
            for (title, lines) in PARTS {
                ui.add_space(8.0);
                ui.label(theme::section(ui, title));
                egui::Grid::new(title).num_columns(2).min_col_width(190.0).spacing([16.0, 5.0]).show(
                    ui,
                    |ui| {
                        for (keys, what) in lines {
                            ui.label(theme::number(ui, *keys));
                            ui.add(egui::Label::new(*what).wrap());
                            ui.end_row();
                        }
                    },
                );
            }
        });
        ui.add_space(10.0);
        ui.button("Close").clicked()
    });
    !(modal.inner || modal.should_close())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys as a README shows them.
    fn marked(keys: &str) -> String {
        let key = |key: &str| match key {
            "…" => key.to_owned(),
            key => key.split('+').map(|part| format!("<kbd>{part}</kbd>")).collect::<Vec<_>>().join("+"),
        };
        keys.split("  ").map(key).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_readme_lists_the_same() {
        let readme = include_str!("../../README.md");
        let rows = |lines: &[Line], of: fn(&str) -> String| {
            lines.iter().map(|(keys, what)| format!("| {} | {what} |\n", of(keys))).collect::<String>()
        };
        let tables = [
            format!("| key | |\n|---|---|\n{}", rows(&KEYS, marked)),
            format!("| key on a chart | |\n|---|---|\n{}", rows(&CHART_KEYS, marked)),
            format!("| mouse on a chart | |\n|---|---|\n{}", rows(&GESTURES, str::to_owned)),
        ];
        for table in tables {
            assert!(readme.contains(&table), "the README is to have this table:\n{table}");
        }
    }
}
