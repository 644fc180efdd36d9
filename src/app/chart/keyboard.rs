//! Keys on a frame that has the focus: the arrows walk through its data, Enter is a click.

use eframe::egui::{self, FocusDirection, Key, Modifiers, PointerButton, Response, Ui};

use super::place::{Place, Step};
use super::{ChartMemory, Cursor};
use crate::app::widgets::own_arrows;
use crate::chart::Facet;

/// Keys that walk; those along a series move time instead until a datum is walked to.
const ALONG: [(Key, Step); 4] = [
    (Key::ArrowLeft, Step::Back),
    (Key::ArrowRight, Step::On),
    (Key::Home, Step::First),
    (Key::End, Step::Last),
];
const ACROSS: [(Key, Step); 2] = [(Key::ArrowUp, Step::Up), (Key::ArrowDown, Step::Down)];

/// Follows the keys on facet number `index`; answers with the datum that Enter was pressed on.
///
/// Whoever comes by keys is at a datum at once. Whoever clicks has come by the pointer: the arrows go on moving time, and
/// ↑, ↓ or Enter begins to walk.
pub(super) fn follow(
    ui: &Ui,
    response: &Response,
    index: usize,
    facet: &Facet,
    memory: &mut ChartMemory,
    cursor: &Cursor,
) -> Option<Place> {
    let by_pointer = response.clicked_by(PointerButton::Primary) || response.drag_started();
    if by_pointer || index == 0 && std::mem::take(&mut memory.takes_focus) {
        response.request_focus();
    }
    let is_walked = memory.walked.is_some_and(|place| place.facet == index);
    let is_moved = response.hovered() && ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO);
    if is_walked && (!response.has_focus() || by_pointer || is_moved) {
        memory.walked = None;
    }
    if !response.has_focus() {
        return None;
    }
    if response.gained_focus() && !by_pointer {
        memory.walked = Place::first(index, facet, cursor);
    }
    let steps = |keys: &[(Key, Step)]| {
        let mut steps = Vec::new();
        for (key, step) in keys {
            // A key held down, or a slow frame, brings several presses at once.
            let count = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, *key));
            steps.extend(std::iter::repeat_n(*step, count));
        }
        if !steps.is_empty() {
            // The toolkit has taken the arrow for a wish to move the focus.
            ui.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        }
        steps
    };
    // Enter, or an assistive device that clicks: no pointer tells where.
    let is_entered = response.clicked() && !response.clicked_by(PointerButton::Primary);
    let Some(mut walked) = memory.walked.filter(|place| place.facet == index) else {
        if is_entered || !steps(&ACROSS).is_empty() {
            memory.walked = Place::first(index, facet, cursor);
            own_arrows(ui, response);
            ui.ctx().request_repaint();
        }
        return None;
    };
    own_arrows(ui, response);
    for step in steps(&ALONG).into_iter().chain(steps(&ACROSS)) {
        walked = walked.step(facet, step);
    }
    memory.walked = Some(walked);
    is_entered.then_some(walked)
}

/// Whether a frame has the focus, or the pointer does something with it.
pub(super) fn is_active(ui: &Ui, response: &Response) -> bool {
    let scrolls =
        || ui.input(|input| input.smooth_scroll_delta() != egui::Vec2::ZERO || input.zoom_delta() != 1.0);
    response.has_focus()
        || response.is_pointer_button_down_on()
        || response.secondary_clicked()
        || ui.rect_contains_pointer(ui.max_rect()) && scrolls()
}
