//! Keys, and files dropped or pasted on the window.

use eframe::egui::{self, Context, Event, FocusDirection, Key, Modifiers, Ui};

use super::Action;
use super::pasted;
use super::sides::Drawer;
use super::theme::palette;
use super::widgets::{OwnKeys, take_own_keys};
use crate::measures::Order;
use crate::state::timeline::TimeCommand;
use crate::state::{Message, Severity, State, UiCommand};
use crate::views::plane::PlaneView;

/// Whether Esc was pressed for what lies below all menus.
pub(super) fn is_escape(ctx: &Context) -> bool {
    !egui::Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
}

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
    let again = Modifiers::COMMAND | Modifiers::SHIFT;
    if !is_covered && pressed(again, Key::Z) {
        actions.push(Action::RedoZoom);
    } else if !is_covered && pressed(Modifiers::COMMAND, Key::Z) {
        actions.push(Action::UndoZoom);
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
    // With Shift first: without, it would be taken for the same key.
    if pressed(again, Key::Tab) {
        actions.push(Action::NextPanel(-1));
    } else if pressed(Modifiers::COMMAND, Key::Tab) {
        actions.push(Action::NextPanel(1));
    }
    if pressed(Modifiers::SHIFT, Key::F10) || pressed(Modifiers::NONE, Key::Menu) {
        actions.push(Action::Menu);
    }
    if pressed(Modifiers::NONE, Key::Comma) {
        actions.push(Action::Toggle(Drawer::Settings));
    }
    if pressed(Modifiers::NONE, Key::R) {
        actions.push(Action::Toggle(Drawer::Runs));
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
    time_keys(ctx, take_own_keys(ctx), actions);
}

/// Reads the keys that move time, except those that the widget with the focus has use for.
fn time_keys(ctx: &Context, own: OwnKeys, actions: &mut Vec<Action>) {
    const TEN: Modifiers = Modifiers::SHIFT;
    const ONE: Modifiers = Modifiers::NONE;
    // With Shift first: without, it would be taken for the same key.
    let times = [
        (OwnKeys::All, TEN, Key::ArrowLeft, TimeCommand::Step(-10)),
        (OwnKeys::All, TEN, Key::ArrowRight, TimeCommand::Step(10)),
        (OwnKeys::All, ONE, Key::Space, TimeCommand::TogglePlay),
        (OwnKeys::Arrows, ONE, Key::ArrowLeft, TimeCommand::Step(-1)),
        (OwnKeys::Arrows, ONE, Key::ArrowRight, TimeCommand::Step(1)),
        (OwnKeys::Arrows, ONE, Key::Home, TimeCommand::Home),
        (OwnKeys::Arrows, ONE, Key::End, TimeCommand::End),
    ];
    for (kept_by, modifiers, key, command) in times {
        if own == OwnKeys::All || own == kept_by {
            continue;
        }
        // A key held down, or a slow frame, brings several presses at once.
        let count = ctx.input_mut(|input| input.count_and_consume_key(modifiers, key));
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
