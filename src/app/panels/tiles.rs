//! Layouts as the tiles that egui_tiles shows, and back.

use eframe::egui::Id;
use egui_tiles::{Container, Grid, Linear, LinearDir, Tabs, Tile, TileId, Tiles, Tree};

use super::layout::Node;
use super::panel::Panel;
use super::spec::Spec;

/// The tiles of panels in their places.
pub(super) fn tree_of(panels: Option<Node<Panel>>) -> Tree<Panel> {
    let id = Id::unique("panels");
    let mut tiles = Tiles::default();
    match panels {
        Some(node) => {
            let root = insert(&mut tiles, node);
            Tree::new(id, root, tiles)
        }
        None => Tree::empty(id),
    }
}

fn insert(tiles: &mut Tiles<Panel>, node: Node<Panel>) -> TileId {
    let line = |tiles: &mut Tiles<Panel>, dir: LinearDir, of: Vec<(f32, Node<Panel>)>| {
        let all: f32 = of.iter().map(|(share, _)| share).sum();
        // The shares of egui_tiles are about 1 each.
        let scale = of.len() as f32 / all;
        let children: Vec<(f32, TileId)> =
            of.into_iter().map(|(share, node)| (share * scale, insert(tiles, node))).collect();
        let mut linear = Linear::new(dir, children.iter().map(|(_, id)| *id).collect());
        children.iter().for_each(|(share, id)| linear.shares.set_share(*id, *share));
        tiles.insert_container(linear)
    };
    match node {
        // A bar of tabs is what every panel is held by.
        Node::Panel(panel) => {
            let pane = tiles.insert_pane(panel);
            tiles.insert_tab_tile(vec![pane])
        }
        Node::Tabs { active, of } => {
            let children: Vec<TileId> = of
                .into_iter()
                .map(|node| match node {
                    Node::Panel(panel) => tiles.insert_pane(panel),
                    node => insert(tiles, node),
                })
                .collect();
            let mut tabs = Tabs::new(children);
            tabs.active = tabs.children.get(active).copied();
            tiles.insert_container(tabs)
        }
        Node::Row(of) => line(tiles, LinearDir::Horizontal, of),
        Node::Column(of) => line(tiles, LinearDir::Vertical, of),
        Node::Grid(of) => {
            let children = of.into_iter().map(|node| insert(tiles, node)).collect();
            tiles.insert_container(Grid::new(children))
        }
    }
}

/// Takes all panels out of their tiles.
pub(super) fn take(tree: &mut Tree<Panel>) -> Option<Node<Panel>> {
    let places = node_of(tree, &mut |id| Some(id));
    let root = tree.root.take();
    root.and(places)?.map(&mut |id| match tree.tiles.remove(id) {
        Some(Tile::Pane(panel)) => Some(panel),
        _ => None,
    })
}

/// What all panels show, in their places.
pub(super) fn specs(tree: &Tree<Panel>) -> Option<Node<Spec>> {
    node_of(tree, &mut |id| match tree.tiles.get(id) {
        Some(Tile::Pane(panel)) => Some(panel.spec()),
        _ => None,
    })
}

fn node_of<P>(tree: &Tree<Panel>, of: &mut dyn FnMut(TileId) -> Option<P>) -> Option<Node<P>> {
    inner(&tree.tiles, tree.root?, of)
}

fn inner<P>(tiles: &Tiles<Panel>, id: TileId, of: &mut dyn FnMut(TileId) -> Option<P>) -> Option<Node<P>> {
    match tiles.get(id)? {
        Tile::Pane(_) => of(id).map(Node::Panel),
        Tile::Container(Container::Tabs(tabs)) => {
            let active = tabs.active.and_then(|active| tabs.children.iter().position(|id| *id == active));
            let mut children: Vec<Node<P>> =
                tabs.children.iter().filter_map(|id| inner(tiles, *id, of)).collect();
            match children.len() {
                0 | 1 => children.pop(),
                _ => Some(Node::Tabs { active: active.unwrap_or(0), of: children }),
            }
        }
        Tile::Container(Container::Linear(linear)) => {
            let children: Vec<(f32, Node<P>)> = linear
                .children
                .iter()
                .filter_map(|id| Some((linear.shares[*id], inner(tiles, *id, of)?)))
                .collect();
            if children.is_empty() {
                return None;
            }
            Some(match linear.dir {
                LinearDir::Horizontal => Node::Row(children),
                LinearDir::Vertical => Node::Column(children),
            })
        }
        Tile::Container(Container::Grid(grid)) => {
            let children: Vec<Node<P>> = grid.children().filter_map(|id| inner(tiles, *id, of)).collect();
            (!children.is_empty()).then_some(Node::Grid(children))
        }
    }
}
