//! The panels of the window: views and numbers side by side, split, over each other, dragged and closed.
//!
//! | file | duty |
//! |---|---|
//! | [`layout`] | how panels stand beside each other, as plain data |
//! | `spec` | what each shows, likewise |
//! | `presets` | ready-made layouts |
//! | `tiles` | the same as tiles of egui_tiles |
//! | `panel` | a view with its options and its chart, or the numbers, or a pair |
//! | `options` | what can be chosen of a view |
//! | `show`, `asks` | all of it on screen, and what headers ask |
//! | `in_use` | what keys do to the panel in use |
//! | `palette` | everything by its name |
//! | `file` | the layout in a file |

use eframe::egui::Ui;
use egui_tiles::{Tile, TileId, Tree};

mod asks;
mod file;
mod in_use;
mod layout;
mod options;
mod palette;
mod panel;
mod presets;
mod show;
mod spec;
mod tiles;

pub(super) use file::LayoutFile;
pub(super) use layout::Layout;
pub(super) use palette::{Palette, palette_ui};
pub(super) use presets::PRESETS;
pub(super) use spec::PanelKind;

use std::cell::Cell;
use std::sync::Arc;

use super::Action;
use crate::chart::Of;
use crate::state::{Glance, State};
use crate::views::View;
use crate::views::options::Options;
use crate::views::plane::PlaneView;
use crate::views::snapshot::Snapshot;
use panel::Panel;

/// A panel whose figure can be exported.
pub(super) struct Exportable {
    pub id: TileId,
    /// Its view by title, with what tells it from other panels.
    pub name: String,
    pub view: &'static View,
    /// What its chart is made under.
    pub options: Options,
}

/// A view that is opened halves no panel into smaller ones than this, across and up, in points of the screen.
const LEAST_HALF: (f32, f32) = (360.0, 300.0);

/// All panels and what they share.
pub(super) struct Panels {
    tree: Tree<Panel>,
    /// Whether values are shown less what shuffled labels give.
    less_null: bool,
    /// What is hovered, in whatever panel.
    hovered: Option<Of>,
    /// Whether that is what the keyboard walked to, which goes before what the pointer rests on.
    is_walked: bool,
    /// The only panel seen, where one is.
    maximised: Option<TileId>,
    /// The panel opened last, which is the one seen where there is room for one.
    front: Option<TileId>,
    /// The panel used last, which keys are for.
    touched: Option<TileId>,
    /// Whether a chart has the focus.
    has_focus: bool,
    /// The size of all panels together, in the last frame.
    size: (f32, f32),
    /// Whether the layout is another than when this was asked last.
    changed: bool,
    /// How many charts were made so far.
    made: Cell<u64>,
}

impl Default for Panels {
    fn default() -> Self {
        Self::of(&Layout::default()).0
    }
}

impl Panels {
    /// The panels of a layout, and the kinds of views it names that there are not.
    pub fn of(layout: &Layout) -> (Self, Vec<String>) {
        let mut unknown = Vec::new();
        let panels = layout.panels.clone().and_then(|node| {
            node.map(&mut |spec| {
                let panel = Panel::of(&spec);
                if panel.is_none() {
                    unknown.push(spec.view);
                }
                panel
            })
        });
        let panels = Self {
            tree: tiles::tree_of(panels),
            less_null: layout.less_null,
            hovered: None,
            is_walked: false,
            maximised: None,
            front: None,
            touched: None,
            has_focus: false,
            size: (1000.0, 600.0),
            changed: false,
            made: Cell::new(0),
        };
        (panels, unknown)
    }

    /// Where all panels stand.
    pub fn layout(&self) -> Layout {
        Layout::new(tiles::specs(&self.tree), self.less_null)
    }

    /// Puts the panels of a layout in place of these; what they share stays.
    pub fn arrange(&mut self, layout: &Layout) {
        let layout = Layout::new(layout.panels.clone(), self.less_null);
        let size = self.size;
        *self = Self::of(&layout).0;
        (self.size, self.changed) = (size, true);
    }

    /// Brings a panel of a kind to the front, or opens one beside the largest.
    pub fn open(&mut self, kind: PanelKind) {
        self.maximised = None;
        let is_of =
            |tile: &Tile<Panel>| matches!(tile, Tile::Pane(panel) if panel.kind().name() == kind.name());
        if !self.tree.make_active(|_, tile| is_of(tile)) {
            self.add(Panel::usual(kind), LEAST_HALF);
        }
        self.front = self.tree.tiles.iter().find(|(_, tile)| is_of(tile)).map(|(id, _)| *id);
        self.touched = self.front;
    }

    /// Puts a panel beside the largest; where halves would be smaller than `least`, over it.
    fn add(&mut self, panel: Panel, least: (f32, f32)) {
        let panels = match tiles::take(&mut self.tree) {
            Some(mut node) => {
                node.add(panel, self.size, least);
                node
            }
            None => layout::Node::Panel(panel),
        };
        self.tree = tiles::tree_of(Some(panels));
        self.changed = true;
    }

    /// The panels whose figures can be exported, the one used last first, then those in sight.
    pub fn exportable(&self, view: PlaneView) -> Vec<Exportable> {
        let first = self.touched.into_iter().chain(self.maximised).chain(self.tree.active_tiles());
        let mut rest: Vec<TileId> = self.tree.tiles.tile_ids().collect();
        rest.sort_by_key(|id| id.0);
        let mut found: Vec<Exportable> = Vec::new();
        for id in first.chain(rest) {
            let Some(chart) = self.tree.tiles.get_pane(&id).and_then(Panel::chart) else { continue };
            if found.iter().any(|known| known.id == id) {
                continue;
            }
            let words = chart.words(self.less_null);
            let title = chart.view.title;
            let name = if words.is_empty() { title.to_owned() } else { format!("{title}, {words}") };
            let alike = found.iter().filter(|known| known.name.starts_with(&name)).count();
            let name = if alike == 0 { name } else { format!("{name} ({})", alike + 1) };
            let options = chart.options_under(view, self.less_null);
            found.push(Exportable { id, name, view: chart.view, options });
        }
        found
    }

    /// Shows all data again, in all panels.
    pub fn fit(&mut self) {
        for tile in self.tree.tiles.tiles_mut() {
            if let Tile::Pane(Panel::Chart(chart)) = tile {
                chart.memory().fit();
            }
        }
    }

    /// Whether values are shown less what shuffled labels give.
    pub fn less_null(&self) -> bool {
        self.less_null
    }

    /// Shows values less what shuffled labels give, or as they are.
    pub fn set_less_null(&mut self, less_null: bool) {
        self.changed |= self.less_null != less_null;
        self.less_null = less_null;
    }

    /// The run hovered on a chart, by its number, and its checkpoint.
    pub fn hovered_run(&self, state: &State) -> Option<(usize, Option<usize>)> {
        let of = self.hovered?;
        Some((state.drawn().snapshot.subjects().run(of)?.run, of.checkpoint))
    }

    /// What the panels that are seen, and the one exported, look at beside the numbers; `view` is the order and layers of
    /// those without their own.
    pub fn glances(&self, view: PlaneView, exported: Option<TileId>) -> Vec<Glance> {
        let looking = self.seen().into_iter().chain(exported);
        let panels = looking.filter_map(|id| self.tree.tiles.get_pane(&id));
        panels.filter_map(|panel| panel.glance(view)).collect()
    }

    /// Whether a chart has the focus.
    pub fn has_focus(&self) -> bool {
        self.has_focus
    }

    /// Whether the layout changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

/// What all panels draw.
#[derive(Clone, Copy)]
struct Spot<'s> {
    snapshot: &'s Arc<Snapshot>,
    /// The order and layers of panels without their own.
    view: PlaneView,
    less_null: bool,
    /// Whether more news of the same are to come.
    is_measuring: bool,
    /// How many charts were made so far.
    made: &'s Cell<u64>,
}

/// Draws the panels. `hovered` is the run the pointer is over in a list, and its checkpoint.
pub(super) fn panels_ui(
    ui: &mut Ui,
    state: &State,
    panels: &mut Panels,
    hovered: Option<(usize, Option<usize>)>,
    actions: &mut Vec<Action>,
) {
    let hovered = hovered.and_then(|(run, checkpoint)| {
        let runs = &state.drawn().snapshot.subjects().runs;
        let place = runs.iter().position(|subject| subject.run == run)?;
        Some(Of { run: Some(place), checkpoint, ..Of::default() })
    });
    show::panels_ui(ui, state, panels, hovered, actions);
}
