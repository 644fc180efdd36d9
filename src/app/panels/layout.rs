//! How panels stand beside each other, as plain data: what is saved and restored.
//!
//! Nothing here draws. A [`Node`] is of whatever stands in its places: of [`Spec`]s in a file, of panels on screen.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::spec::Spec;

/// The version of what is written; what is newer is not read.
const VERSION: u64 = 1;

/// Panels in their places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::app) enum Node<P> {
    /// A panel.
    Panel(P),
    /// Panels over each other, of which one is seen.
    Tabs {
        /// Which one.
        active: usize,
        /// The panels.
        of: Vec<Node<P>>,
    },
    /// Side by side, each with its share of the width.
    Row(Vec<(f32, Node<P>)>),
    /// One below the other, each with its share of the height.
    Column(Vec<(f32, Node<P>)>),
    /// In rows and columns, as there is room.
    Grid(Vec<Node<P>>),
}

/// Where all panels stand, and what they share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct Layout {
    version: u64,
    /// Whether values are shown less what shuffled labels give.
    #[serde(default)]
    pub less_null: bool,
    /// The panels; `None` where all are closed.
    pub panels: Option<Node<Spec>>,
    /// What was chosen of figures that were exported, by name; what is as usual is left out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub export: Map<String, Value>,
}

impl Layout {
    /// A layout of panels.
    pub fn new(panels: Option<Node<Spec>>, less_null: bool) -> Self {
        Self { version: VERSION, less_null, panels, export: Map::new() }
    }

    /// The same layout, with what was chosen of figures.
    #[must_use]
    pub fn with_export(self, export: Map<String, Value>) -> Self {
        Self { export, ..self }
    }

    /// A layout as it was written.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON ({error})"))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(version) if version > VERSION => {
                return Err(format!("it was written by a newer version (layout {version}, not {VERSION})"));
            }
            _ => return Err("it has no version".to_owned()),
        }
        let layout: Self =
            serde_json::from_value(value).map_err(|error| format!("it is damaged ({error})"))?;
        let is_sound = layout.panels.as_ref().is_none_or(Node::is_sound);
        if is_sound { Ok(layout) } else { Err("it is damaged (a place without panels)".to_owned()) }
    }

    /// What is written.
    pub fn written(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// No layout is deeper or larger than this: what claims to be is damaged.
const DEEPEST: usize = 24;

impl<P> Node<P> {
    /// Whether every place holds something and all shares are numbers above zero.
    fn is_sound(&self) -> bool {
        fn is_sound<P>(node: &Node<P>, depth: usize) -> bool {
            depth < DEEPEST
                && match node {
                    Node::Panel(_) => true,
                    Node::Tabs { of, .. } | Node::Grid(of) => {
                        !of.is_empty() && of.iter().all(|node| is_sound(node, depth + 1))
                    }
                    Node::Row(of) | Node::Column(of) => {
                        let is_share = |share: f32| share.is_finite() && share > 0.0;
                        !of.is_empty()
                            && of.iter().all(|(share, node)| is_share(*share) && is_sound(node, depth + 1))
                    }
                }
        }
        is_sound(self, 0)
    }

    /// The same places with something else in each; what is `None` goes, and places left empty with it.
    pub fn map<Q>(self, of: &mut impl FnMut(P) -> Option<Q>) -> Option<Node<Q>> {
        let line = |children: Vec<(f32, Node<P>)>, of: &mut _| {
            children
                .into_iter()
                .filter_map(|(share, node)| Some((share, node.map(of)?)))
                .collect::<Vec<(f32, Node<Q>)>>()
        };
        let node = match self {
            Self::Panel(panel) => Node::Panel(of(panel)?),
            Self::Tabs { active, of: children } => {
                let of: Vec<_> = children.into_iter().filter_map(|node| node.map(of)).collect();
                Node::Tabs { active: active.min(of.len().saturating_sub(1)), of }
            }
            Self::Row(children) => Node::Row(line(children, of)),
            Self::Column(children) => Node::Column(line(children, of)),
            Self::Grid(children) => {
                Node::Grid(children.into_iter().filter_map(|node| node.map(of)).collect())
            }
        };
        let is_empty = match &node {
            Node::Panel(_) => false,
            Node::Tabs { of, .. } | Node::Grid(of) => of.is_empty(),
            Node::Row(of) | Node::Column(of) => of.is_empty(),
        };
        (!is_empty).then_some(node)
    }

    /// Puts a panel beside the largest place of an area, so that both halves are nearest to a square; where those would be
    /// smaller than `least`, over it.
    pub fn add(&mut self, panel: P, (width, height): (f32, f32), least: (f32, f32)) {
        match self {
            Self::Row(of) | Self::Column(of) if of.is_empty() => *self = Self::Panel(panel),
            Self::Row(of) => {
                let all: f32 = of.iter().map(|(share, _)| share).sum();
                let largest = of.iter_mut().max_by(|a, b| a.0.total_cmp(&b.0));
                if let Some((share, node)) = largest {
                    node.add(panel, (width * *share / all, height), least);
                }
            }
            Self::Column(of) => {
                let all: f32 = of.iter().map(|(share, _)| share).sum();
                let largest = of.iter_mut().max_by(|a, b| a.0.total_cmp(&b.0));
                if let Some((share, node)) = largest {
                    node.add(panel, (width, height * *share / all), least);
                }
            }
            Self::Grid(of) => of.push(Self::Panel(panel)),
            Self::Panel(_) | Self::Tabs { .. } => {
                let old = std::mem::replace(self, Self::Grid(Vec::new()));
                let is_row = width >= height;
                let half = if is_row { (width / 2.0, height) } else { (width, height / 2.0) };
                *self = match (half.0 < least.0 || half.1 < least.1, old) {
                    (true, Self::Tabs { mut of, .. }) => {
                        of.push(Self::Panel(panel));
                        Self::Tabs { active: of.len() - 1, of }
                    }
                    (true, old) => Self::Tabs { active: 1, of: vec![old, Self::Panel(panel)] },
                    (false, old) if is_row => Self::Row(vec![(0.5, old), (0.5, Self::Panel(panel))]),
                    (false, old) => Self::Column(vec![(0.5, old), (0.5, Self::Panel(panel))]),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(kind: &str) -> Spec {
        Spec { view: kind.to_owned(), options: Map::new() }
    }

    /// The names in the order of places.
    fn names(node: &Node<Spec>) -> Vec<String> {
        let mut names = Vec::new();
        node.clone().map(&mut |spec| {
            names.push(spec.view);
            Some(())
        });
        names
    }

    #[test]
    fn what_is_written_is_read_again() {
        let layout = Layout::default();
        assert_eq!(Layout::read(&layout.written()), Ok(layout));
        let export = serde_json::from_str("{\"form\": \"svg\", \"width\": 89.0}").unwrap();
        let closed = Layout::new(None, true).with_export(export);
        assert_eq!(Layout::read(&closed.written()), Ok(closed));
    }

    #[test]
    fn what_is_damaged_or_newer_is_refused_with_a_reason() {
        let refused = |text: &str| Layout::read(text.as_bytes()).unwrap_err();
        assert!(refused("{\"version\": 1, \"pan").starts_with("it is not JSON"));
        assert!(refused("").starts_with("it is not JSON"));
        assert_eq!(refused("{\"version\": 7}"), "it was written by a newer version (layout 7, not 1)");
        assert_eq!(refused("[]"), "it has no version");
        assert!(refused("{\"version\": 1, \"panels\": {\"heap\": []}}").starts_with("it is damaged"));
        assert!(refused("{\"version\": 1, \"panels\": {\"row\": []}}").starts_with("it is damaged"));
        let zero = "{\"version\": 1, \"panels\": {\"row\": [[0.0, {\"panel\": {\"view\": \"plane\"}}]]}}";
        assert!(refused(zero).starts_with("it is damaged"), "a share of nothing");
        let mut deep = Node::Panel(spec("plane"));
        for _ in 0..DEEPEST {
            deep = Node::Grid(vec![deep]);
        }
        assert!(Layout::read(&Layout::new(Some(deep), false).written()).is_err());
    }

    #[test]
    fn a_panel_is_added_beside_the_largest() {
        let mut node = Node::Row(vec![(0.7, Node::Panel(spec("a"))), (0.3, Node::Panel(spec("b")))]);
        node.add(spec("c"), (1000.0, 900.0), (360.0, 300.0));
        assert_eq!(names(&node), ["a", "c", "b"]);
        let Node::Row(of) = &node else { panic!("a row") };
        assert!(matches!(of[0].1, Node::Column(_)), "the larger half is higher than wide");
        let mut one = Node::Panel(spec("a"));
        one.add(spec("b"), (1000.0, 500.0), (360.0, 300.0));
        assert!(matches!(one, Node::Row(_)));
        // Where there is no room beside, it stands over what is there, in sight.
        let mut one = Node::Panel(spec("a"));
        one.add(spec("b"), (420.0, 480.0), (360.0, 300.0));
        one.add(spec("c"), (420.0, 480.0), (360.0, 300.0));
        assert_eq!(names(&one), ["a", "b", "c"]);
        assert!(matches!(one, Node::Tabs { active: 2, .. }));
    }

    #[test]
    fn places_left_empty_go() {
        let node = Node::Row(vec![
            (1.0, Node::Tabs { active: 1, of: vec![Node::Panel(spec("a")), Node::Panel(spec("gone"))] }),
            (1.0, Node::Column(vec![(1.0, Node::Panel(spec("gone")))])),
        ]);
        let kept = node.map(&mut |spec| (spec.view != "gone").then_some(spec)).unwrap();
        let tabs = Node::Tabs { active: 0, of: vec![Node::Panel(spec("a"))] };
        assert_eq!(kept, Node::Row(vec![(1.0, tabs)]));
    }
}
