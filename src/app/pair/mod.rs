//! A preference pair as the model at the scrubber reads it: both sides in tokens, with what their positions count for.
//!
//! | file | duty |
//! |---|---|
//! | `tokens` | a side on screen |

mod tokens;

use eframe::egui::{self, DragValue, Label, ScrollArea, Ui};

use super::Action;
use super::theme;
use super::widgets::{Icon, icon_button};
use crate::pairs::{OfPairs, ReadPair, SIDES};
use crate::state::{Glance, PairSeen, State};
use crate::words::thousands;

/// In less room than this the sides stand one below the other.
const BESIDE: f32 = 560.0;

/// What the panel remembers between frames.
#[derive(Clone, Debug, Default)]
pub(super) struct PairMemory {
    /// The number of the pair, from 0.
    pub number: usize,
    /// Whether the number is to take the focus.
    takes_focus: bool,
}

impl PairMemory {
    /// A panel of the pair of this number, from 0.
    pub fn of(number: usize) -> Self {
        Self { number, takes_focus: false }
    }

    /// Gives the focus to the number, as Tab does.
    pub fn focus(&mut self) {
        self.takes_focus = true;
    }

    /// What it looks at.
    pub fn glance(&self) -> Glance {
        Glance::Pair(self.number)
    }
}

/// Draws the pair, or why there is none, into all the room there is. Returns whether the panel is being used.
pub(super) fn pair_ui(
    ui: &mut Ui,
    state: &State,
    memory: &mut PairMemory,
    actions: &mut Vec<Action>,
) -> bool {
    let seen = state.pair(memory.number);
    let pairs = match &seen {
        PairSeen::Read(pair) => pair.sample.as_ref().map(|sample| sample.pairs),
        _ => None,
    };
    let is_used = match seen {
        PairSeen::Read(_) | PairSeen::Reading | PairSeen::Failed(_) => number_ui(ui, memory, pairs),
        PairSeen::NoPairs | PairSeen::NotMeasured | PairSeen::Recorded => false,
    };
    match seen {
        PairSeen::Read(pair) => read_ui(ui, pair),
        PairSeen::Reading => said_ui(ui, "The pair is being read."),
        PairSeen::Failed(error) => said_ui(ui, &error.to_string()),
        PairSeen::NoPairs => {
            said_ui(ui, "No file of preference pairs is chosen.");
            if ui.button("Choose preference pairs…").clicked() {
                actions.push(Action::AskPairs);
            }
        }
        PairSeen::NotMeasured => said_ui(ui, "No checkpoint is measured at the scrubber."),
        PairSeen::Recorded => {
            said_ui(ui, "Recorded results hold no pairs: open their models to see how they read them.")
        }
    }
    is_used
}

fn said_ui(ui: &mut Ui, text: &str) {
    ui.add(Label::new(theme::weak(ui, text)).wrap());
}

/// The number of the pair, with arrows to those beside it. Returns whether it is being used.
fn number_ui(ui: &mut Ui, memory: &mut PairMemory, pairs: Option<usize>) -> bool {
    let last = pairs.map_or(usize::MAX - 1, |pairs| pairs.saturating_sub(1));
    let row = ui.horizontal(|ui| {
        let arrow = |ui: &mut Ui, icon: Icon, name: &str, is_there: bool| {
            ui.add_enabled_ui(is_there, |ui| icon_button(ui, icon, name, false)).inner
        };
        let before = arrow(ui, Icon::Back, "Pair before", memory.number > 0);
        let mut number = memory.number + 1;
        let name = ui.label(theme::weak(ui, "Pair"));
        let field = ui.add(DragValue::new(&mut number).range(1..=last + 1).speed(0.1)).labelled_by(name.id);
        let next = arrow(ui, Icon::Forward, "Next pair", memory.number < last);
        if let Some(pairs) = pairs {
            ui.label(theme::weak(ui, format!("of {}", thousands(pairs as u64))));
        }
        if field.changed() {
            memory.number = number.saturating_sub(1);
        } else if next.clicked() {
            memory.number = (memory.number + 1).min(last);
        } else if before.clicked() {
            memory.number = memory.number.saturating_sub(1);
        }
        if std::mem::take(&mut memory.takes_focus) {
            field.request_focus();
        }
        [before, field, next].iter().any(|response| response.has_focus() || response.clicked())
    });
    row.inner
}

/// What is known of the pair, and both its sides.
fn read_ui(ui: &mut Ui, pair: &ReadPair) {
    said_ui(ui, &pair.title());
    if let Some(OfPairs { skipped: Some(skipped), .. }) = &pair.sample {
        said_ui(ui, skipped);
    }
    let beside = ui.available_width() >= BESIDE;
    ScrollArea::vertical().id_salt("pair").auto_shrink(false).show(ui, |ui| {
        let sides = || SIDES.into_iter().zip(&pair.sides);
        if beside {
            ui.columns_const(|columns: &mut [Ui; SIDES.len()]| {
                columns
                    .iter_mut()
                    .zip(sides())
                    .for_each(|(ui, (name, side))| tokens::side_ui(ui, name, side));
            });
        } else {
            for (name, side) in sides() {
                tokens::side_ui(ui, name, side);
                ui.add_space(10.0);
            }
        }
        let key =
            "Labelled positions are underlined and stand on colour, special tokens lean; shades part tokens.";
        ui.add_space(6.0);
        ui.add(egui::Label::new(theme::weak(ui, key).small()).wrap());
    });
}
