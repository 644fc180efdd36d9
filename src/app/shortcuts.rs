//! Keys, files dropped or pasted on the window, and the page that lists them.

use eframe::egui::{self, Context, Event, FocusDirection, Key, Modifiers, RichText, Ui};

use super::Action;
use super::pasted;
use super::theme::{self, palette};
use super::widgets::has_own_keys;
use crate::measures::Order;
use crate::state::timeline::TimeCommand;
use crate::state::{Message, Severity, State, UiCommand};
use crate::views::plane::PlaneView;

/// Every key with what it does, as the help lists them.
const KEYS: [(&str, &str); 15] = [
    ("Space", "play or pause"),
    ("←  →", "one checkpoint back or on"),
    ("Home  End", "first or last checkpoint"),
    ("1 – 4", "back-off: token to quadgram"),
    ("F", "show all data in all panels"),
    ("Ctrl+P", "any view or command by its name"),
    ("P", "pin the settings, or unpin them"),
    ("Ctrl+O", "open a folder"),
    ("Ctrl+V", "open copied files, or a copied path"),
    ("Ctrl+E", "export the figure of the panel used last"),
    ("Ctrl+.", "cancel measuring"),
    ("Tab  Enter", "next control, use it"),
    ("↑  ↓", "in a list of checkpoints: one back or on"),
    ("Esc", "close, leave a control"),
    ("F1  ?", "this page"),
];

/// What the mouse does on a chart and on the header of its panel.
const GESTURES: [(&str, &str); 6] = [
    ("Drag", "zoom into a box"),
    ("Shift+drag", "move the chart; so does the middle button"),
    ("Scroll", "zoom; over an axis along it alone"),
    ("Double click", "show all data; on a header this panel alone"),
    ("Click a point", "move the scrubber there"),
    ("Drag a header", "move the panel, beside or over another"),
];

/// Reads the keys pressed, unless they are meant for a field that is being typed into.
///
/// Time is what a window of training is about: its keys move it whatever button or row has the focus, which Enter
/// presses. Only widgets that have use for these keys themselves keep them.
pub(super) fn shortcuts(ctx: &Context, state: &State, is_covered: bool, actions: &mut Vec<Action>) {
    let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::Period) {
        actions.push(UiCommand::Cancel.into());
    }
    if !is_covered && pressed(Modifiers::COMMAND, Key::P) {
        actions.push(Action::TogglePalette);
    }
    if ctx.text_edit_focused() {
        return;
    }
    if pressed(Modifiers::COMMAND, Key::O) {
        actions.push(Action::AskFolder);
    }
    if !is_covered {
        paste(ctx, actions);
    }
    if pressed(Modifiers::COMMAND, Key::E) {
        actions.push(Action::Export(None));
    }
    if pressed(Modifiers::NONE, Key::F1) || pressed(Modifiers::NONE, Key::Questionmark) {
        actions.push(Action::ToggleHelp);
    }
    if is_covered || egui::Popup::is_any_open(ctx) {
        return;
    }
    if pressed(Modifiers::NONE, Key::F) {
        actions.push(Action::Fit);
    }
    if pressed(Modifiers::NONE, Key::P) {
        actions.push(UiCommand::TogglePin.into());
    }
    for (key, order) in [Key::Num1, Key::Num2, Key::Num3, Key::Num4].into_iter().zip(Order::ALL) {
        if pressed(Modifiers::NONE, key) {
            actions.push(UiCommand::View(PlaneView { order, ..state.view }).into());
        }
    }
    if !has_own_keys(ctx) {
        time_keys(ctx, actions);
    }
}

fn time_keys(ctx: &Context, actions: &mut Vec<Action>) {
    let times = [
        (Key::Space, TimeCommand::TogglePlay),
        (Key::ArrowLeft, TimeCommand::Step(-1)),
        (Key::ArrowRight, TimeCommand::Step(1)),
        (Key::Home, TimeCommand::Home),
        (Key::End, TimeCommand::End),
    ];
    for (key, command) in times {
        // A key held down, or a slow frame, brings several presses at once.
        let count = ctx.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        for _ in 0..count {
            actions.push(UiCommand::Time(command).into());
        }
        if count > 0 && matches!(key, Key::ArrowLeft | Key::ArrowRight) {
            // The toolkit has taken the arrow for a wish to move the focus.
            ctx.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        }
    }
}

/// Takes what was pasted: paths, or files that were copied.
fn paste(ctx: &Context, actions: &mut Vec<Action>) {
    let pasted = ctx.input(|input| {
        let mut texts = input.events.iter().filter_map(|event| match event {
            Event::Paste(text) => Some(text.clone()),
            _ => None,
        });
        texts.next_back()
    });
    let Some(text) = pasted else { return };
    let paths = pasted::paths(&text);
    if paths.is_empty() {
        let said = "what was pasted is not a path: copy files, a path or file:// lines";
        actions.push(UiCommand::Say(Message::new(Severity::Warning, said)).into());
    } else {
        actions.push(Action::Take(paths));
    }
}

/// Takes what was dropped.
pub(super) fn dropped_files(ctx: &Context, actions: &mut Vec<Action>) {
    let dropped = ctx.input(|input| {
        input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect::<Vec<_>>()
    });
    if !dropped.is_empty() {
        actions.push(Action::Take(dropped));
    }
}

/// Says what would become of files held over the window.
pub(super) fn drop_hint_ui(ui: &Ui) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let area = ui.ctx().content_rect();
    let palette = palette(ui.visuals());
    let painter =
        ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
    painter.rect_filled(area, 0.0, palette.ground.gamma_multiply(0.85));
    let border = egui::Stroke::new(2.0, palette.accent);
    painter.rect_stroke(area.shrink(14.0), 10.0, border, egui::StrokeKind::Inside);
    let text = "Drop a folder of checkpoints or results to open them, a text file to measure on it";
    let font = egui::FontId::proportional(17.0);
    painter.text(area.center(), egui::Align2::CENTER_CENTER, text, font, palette.strong);
}

/// Draws the page of keys; `false` once it is to be closed.
pub(super) fn help_ui(ctx: &Context) -> bool {
    let visuals = ctx.global_style().visuals.clone();
    let frame = theme::card_frame(&visuals).inner_margin(egui::Margin::same(20));
    let modal = egui::Modal::new(egui::Id::unique("help")).frame(frame).show(ctx, |ui| {
        ui.set_width(340.0);
        ui.label(RichText::new("Keys and gestures").heading().color(palette(ui.visuals()).strong));
        for (title, lines) in [("Keys", &KEYS[..]), ("On a chart", &GESTURES[..])] {
            ui.add_space(8.0);
            ui.label(theme::section(ui, title));
            egui::Grid::new(title).num_columns(2).min_col_width(110.0).spacing([16.0, 5.0]).show(ui, |ui| {
                for (key, what) in lines {
                    ui.label(theme::number(ui, *key));
                    ui.label(*what);
                    ui.end_row();
                }
            });
        }
        ui.add_space(10.0);
        ui.button("Close").clicked()
    });
    !(modal.inner || modal.should_close())
}
