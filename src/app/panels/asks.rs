//! What the headers of panels ask, and how it is done.

use eframe::egui::Ui;
use egui_tiles::{Tile, TileId};

use super::Panels;
use super::options::Chosen;
use super::panel::Panel;
use crate::app::Action;
use crate::app::numbers::sort::Sort;

/// What a panel's header asks.
pub(super) enum Ask {
    Choose(Chosen),
    Sort(Option<Sort>),
    Double,
    Close,
    ToggleSize,
    Show,
    LessNull(bool),
    Export,
    CopyPicture,
}

/// Does what a panel's header asked.
pub(super) fn follow(ui: &Ui, panels: &mut Panels, id: TileId, ask: Ask, actions: &mut Vec<Action>) {
    ui.ctx().request_repaint();
    match ask {
        Ask::Choose(chosen) => {
            if let Some(Tile::Pane(Panel::Chart(chart))) = panels.tree.tiles.get_mut(id) {
                (chart.options, chart.own) = (chosen.options, chosen.own);
                panels.changed = true;
            }
        }
        Ask::Sort(sort) => {
            if let Some(Tile::Pane(Panel::Numbers(numbers))) = panels.tree.tiles.get_mut(id) {
                numbers.sort = sort;
                panels.changed = true;
            }
        }
        Ask::Double => {
            if let Some(panel) = panels.tree.tiles.get_pane(&id) {
                let panel = panel.another();
                // Both are to be seen.
                panels.add(panel, (0.0, 0.0));
            }
        }
        Ask::Close => {
            panels.maximised = None;
            panels.tree.remove_recursively(id);
            panels.changed = true;
        }
        Ask::ToggleSize => panels.maximised = if panels.maximised.is_some() { None } else { Some(id) },
        Ask::Show => panels.maximised = Some(id),
        Ask::LessNull(less_null) => actions.push(Action::LessNull(less_null)),
        Ask::Export => actions.push(Action::Export(Some(id))),
        Ask::CopyPicture => actions.push(Action::CopyPicture(id)),
    }
}
