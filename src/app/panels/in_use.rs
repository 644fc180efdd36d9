//! What keys do to the panel in use, and which that is.

use egui_tiles::{Tile, TileId, Tiles};

use super::Panels;
use super::panel::Panel;
use crate::app::chart::ChartMemory;

/// In less room than this, across or up, panels are seen one at a time: beside others none would have enough.
const NARROW: f32 = 520.0;
const LOW: f32 = 480.0;

/// All panels, whether seen or not, in an order that stays.
pub(super) fn panes(tiles: &Tiles<Panel>) -> Vec<TileId> {
    let mut panes: Vec<TileId> =
        tiles.iter().filter(|(_, tile)| matches!(tile, Tile::Pane(_))).map(|(id, _)| *id).collect();
    panes.sort_by_key(|id| id.0);
    panes
}

/// What of `count` comes a step after number `at`, or before where the step is less than zero; the ends meet.
fn beside(at: Option<usize>, count: usize, step: i32) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (at, step < 0) {
        (None, false) => 0,
        (None, true) => last,
        (Some(at), false) => {
            if at >= last {
                0
            } else {
                at + 1
            }
        }
        (Some(at), true) => at.checked_sub(1).unwrap_or(last),
    })
}

impl Panels {
    /// Whether there is room for one panel at a time.
    pub(super) fn is_narrow(&self) -> bool {
        self.size.0 < NARROW || self.size.1 < LOW
    }

    /// The panel that is seen alone, where one is.
    pub(super) fn alone(&self) -> Option<TileId> {
        let is_there = |id: &TileId| self.tree.tiles.get_pane(id).is_some();
        let front = self.front.filter(is_there);
        let first = || front.or_else(|| self.tree.active_tiles().into_iter().find(is_there));
        self.maximised.filter(is_there).or_else(|| first().filter(|_| self.is_narrow()))
    }

    /// The panels that are seen.
    pub(super) fn seen(&self) -> Vec<TileId> {
        match self.alone() {
            Some(id) => vec![id],
            None => {
                let is_there = |id: &TileId| self.tree.tiles.get_pane(id).is_some();
                self.tree.active_tiles().into_iter().filter(is_there).collect()
            }
        }
    }

    /// The panel that keys are for: the one used last, where it is seen; else the first.
    fn in_use(&self) -> Option<TileId> {
        let seen = self.seen();
        self.touched.filter(|id| seen.contains(id)).or(seen.first().copied())
    }

    fn memory_in_use(&mut self) -> Option<&mut ChartMemory> {
        let id = self.in_use()?;
        match self.tree.tiles.get_mut(id)? {
            Tile::Pane(Panel::Chart(chart)) => Some(chart.memory()),
            Tile::Pane(Panel::Numbers(_) | Panel::Pair(_)) | Tile::Container(_) => None,
        }
    }

    /// Moves the focus to the chart, the table or the number of the next panel, or of the one before where `step` is less
    /// than zero. Where one panel is seen alone, the other takes its place.
    pub fn go(&mut self, step: i32) {
        let alone = self.alone();
        let panels: Vec<TileId> = match alone {
            Some(_) => panes(&self.tree.tiles),
            None => {
                let takes_focus = |id: &TileId| match self.tree.tiles.get_pane(id) {
                    Some(Panel::Chart(chart)) => chart.has_chart(),
                    Some(Panel::Numbers(_) | Panel::Pair(_)) => true,
                    None => false,
                };
                self.seen().into_iter().filter(takes_focus).collect()
            }
        };
        let from = alone.or(self.touched);
        let at = panels.iter().position(|id| Some(*id) == from);
        let Some(next) = beside(at, panels.len(), step).map(|index| panels[index]) else { return };
        self.touched = Some(next);
        if alone.is_some() {
            self.maximised = Some(next);
        }
        match self.tree.tiles.get_mut(next) {
            Some(Tile::Pane(Panel::Chart(chart))) => chart.memory().focus(),
            Some(Tile::Pane(Panel::Numbers(numbers))) => numbers.focus(),
            Some(Tile::Pane(Panel::Pair(pair))) => pair.focus(),
            _ => {}
        }
    }

    /// Opens the menu of the chart in use, at the datum walked to.
    pub fn open_menu(&mut self) {
        let tile = self.in_use().and_then(|id| self.tree.tiles.get_mut(id));
        if let Some(Tile::Pane(Panel::Chart(chart))) = tile
            && chart.has_chart()
        {
            chart.memory().open_menu();
        }
    }

    /// Shows in the panel in use what was in sight before, where anything was.
    pub fn undo_zoom(&mut self) {
        let _ = self.memory_in_use().is_some_and(ChartMemory::undo);
    }

    /// Shows in the panel in use again what was left by that, likewise.
    pub fn redo_zoom(&mut self) {
        let _ = self.memory_in_use().is_some_and(ChartMemory::redo);
    }

    /// Leaves the datum that the keyboard walked to, in whichever panel; `false` where there is none.
    pub fn put_down(&mut self) -> bool {
        let mut is_put_down = false;
        for tile in self.tree.tiles.tiles_mut() {
            if let Tile::Pane(Panel::Chart(chart)) = tile {
                is_put_down |= chart.memory().put_down();
            }
        }
        is_put_down
    }

    /// Shows all data again in the panel in use.
    pub fn leave_zoom(&mut self) {
        if let Some(memory) = self.memory_in_use() {
            memory.fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_panel_after_the_last_is_the_first() {
        assert_eq!(beside(None, 3, 1), Some(0));
        assert_eq!(beside(None, 3, -1), Some(2));
        assert_eq!([0, 1, 2].map(|at| beside(Some(at), 3, 1)), [Some(1), Some(2), Some(0)]);
        assert_eq!([0, 1, 2].map(|at| beside(Some(at), 3, -1)), [Some(2), Some(0), Some(1)]);
        assert_eq!(beside(Some(4), 2, 1), Some(0), "it was closed since");
        assert_eq!(beside(None, 0, 1), None);
    }
}
