//! Layouts that come ready-made.

use super::layout::{Layout, Node};
use super::spec::{PanelKind, Spec};

/// A layout that is offered ready-made.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Preset {
    /// Its name.
    pub name: &'static str,
    panels: fn() -> Option<Node<Spec>>,
}

/// Every ready-made layout; the window starts with the first.
pub(in crate::app) const PRESETS: [Preset; 4] = [
    Preset { name: "Trajectory", panels: trajectory },
    Preset { name: "Layers", panels: layers },
    Preset { name: "Compare models", panels: compare },
    Preset { name: "Paper figures", panels: paper },
];

impl Preset {
    /// The layout, of the views there are.
    pub fn layout(&self) -> Layout {
        Layout::new((self.panels)(), false)
    }
}

impl Default for Layout {
    fn default() -> Self {
        PRESETS[0].layout()
    }
}

fn panel(name: &str) -> Option<Node<Spec>> {
    PanelKind::of_name(name).map(|kind| Node::Panel(Spec::usual(kind)))
}

/// Those of several that there are, over each other.
fn tabs(kinds: &[&str]) -> Option<Node<Spec>> {
    let mut of: Vec<Node<Spec>> = kinds.iter().filter_map(|kind| panel(kind)).collect();
    if of.len() > 1 { Some(Node::Tabs { active: 0, of }) } else { of.pop() }
}

/// Those of several that there are, in a line.
fn line(is_row: bool, of: Vec<(f32, Option<Node<Spec>>)>) -> Option<Node<Spec>> {
    let mut of: Vec<_> = of.into_iter().filter_map(|(share, node)| Some((share, node?))).collect();
    match of.len() {
        0 | 1 => of.pop().map(|(_, node)| node),
        _ if is_row => Some(Node::Row(of)),
        _ => Some(Node::Column(of)),
    }
}

fn trajectory() -> Option<Node<Spec>> {
    let beside = line(
        false,
        vec![(0.6, tabs(&["timecourse", "loss", "shares"])), (0.4, tabs(&["honesty", "convergence"]))],
    );
    over_numbers(line(true, vec![(0.58, panel("plane")), (0.42, beside)]))
}

/// Panels above the numbers at the scrubber, of which four rows and the header are seen in the window as it opens.
fn over_numbers(panels: Option<Node<Spec>>) -> Option<Node<Spec>> {
    line(false, vec![(0.74, panels), (0.26, panel(PanelKind::Numbers.name()))])
}

fn layers() -> Option<Node<Spec>> {
    let beside = line(false, vec![(0.5, panel("profile")), (0.5, tabs(&["layers", "widths", "plane"]))]);
    line(true, vec![(0.5, panel("heatmap")), (0.5, beside)])
}

fn compare() -> Option<Node<Spec>> {
    let beside =
        line(false, vec![(0.5, panel("sizes")), (0.5, tabs(&["benchmarks", "correlations", "trends"]))]);
    let models = panel("models").or_else(|| panel("plane"));
    over_numbers(line(true, vec![(0.55, models), (0.45, beside.or_else(|| panel("timecourse")))]))
}

/// Every view that shows a figure of the paper, in its order: four at a time, the others behind them.
fn paper() -> Option<Node<Spec>> {
    let kinds: Vec<&str> =
        crate::views::ALL.iter().filter(|view| !view.paper.is_empty()).map(|view| view.kind).collect();
    let each = kinds.len().div_ceil(4).max(1);
    let mut of = kinds.chunks(each).map(tabs).collect::<Vec<_>>().into_iter();
    let mut row = || line(true, vec![(0.5, of.next().flatten()), (0.5, of.next().flatten())]);
    line(false, vec![(0.5, row()), (0.5, row())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_has_panels_and_is_read_as_it_is_written() {
        for preset in PRESETS {
            let layout = preset.layout();
            assert!(layout.panels.is_some(), "{} has panels", preset.name);
            assert_eq!(Layout::read(&layout.written()), Ok(layout));
        }
    }

    #[test]
    fn numbers_stand_below_the_trajectory_and_the_models_compared() {
        for preset in PRESETS {
            let text = String::from_utf8(preset.layout().written()).unwrap();
            let has = text.contains("\"numbers\"");
            assert_eq!(has, ["Trajectory", "Compare models"].contains(&preset.name), "{}", preset.name);
        }
    }
}
