//! Esc: what it leaves, one thing at a press. It never cancels measuring.

use eframe::egui::Context;

use super::App;

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// A field that is typed into.
    Field,
    /// A chart.
    Chart,
    /// Something else.
    Control,
}

impl App {
    /// Leaves one thing: a drawer, a point walked to, else the zoom of the panel used last. What else had the focus has lost
    /// it already, and that is enough for one press.
    pub(super) fn escape(&mut self, ctx: &Context) {
        match (self.held, self.sides.open()) {
            (Held::Field, _) => {}
            (_, Some(drawer)) => self.toggle(ctx, drawer),
            (held, None) => {
                if !self.panels.put_down() && held != Held::Control {
                    self.panels.leave_zoom();
                }
            }
        }
    }

    /// What has the focus.
    pub(super) fn held(&self, ctx: &Context) -> Held {
        match ctx.memory(|memory| memory.focused()) {
            None => Held::Nothing,
            Some(_) if ctx.text_edit_focused() => Held::Field,
            Some(_) if self.panels.has_focus() => Held::Chart,
            Some(_) => Held::Control,
        }
    }
}
