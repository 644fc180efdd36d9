//! What is looked at, of all charts alike: the scrubber's place, and what is hovered anywhere.

use crate::chart::Of;

/// What is looked at, of all charts alike.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Cursor {
    /// The checkpoint of each of [`Subjects::runs`](crate::chart::Subjects::runs) that the scrubber stands on; `None` where it has not begun.
    pub current: Vec<Option<usize>>,
    /// What is hovered, anywhere in the window.
    pub hovered: Option<Of>,
    /// Whether one run is drawn and others are hidden.
    pub is_solo: bool,
}

/// Where something stands in training, seen from the scrubber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Past,
    Current,
    Later,
    /// Of no checkpoint in particular.
    None,
}

impl Cursor {
    pub(super) fn moment(&self, of: Of) -> Moment {
        let (Some(run), Some(checkpoint)) = (of.run, of.checkpoint) else { return Moment::None };
        match self.current.get(run).copied().flatten() {
            Some(current) if checkpoint < current => Moment::Past,
            Some(current) if checkpoint == current => Moment::Current,
            _ => Moment::Later,
        }
    }

    /// Whether something lights up with what is hovered: it is of the same, as far as both say.
    pub(super) fn lights(&self, of: Of) -> bool {
        self.hovered.is_some_and(|hovered| is_same(hovered, of))
    }

    /// Whether something of another run than the one hovered stands back.
    pub(super) fn dims(&self, of: Of) -> bool {
        let hovered = self.hovered.and_then(|hovered| hovered.run);
        hovered.is_some_and(|run| of.run.is_some_and(|other| other != run))
    }
}

/// Whether both are of one thing: nothing that both say differs, and they say something in common.
fn is_same(a: Of, b: Of) -> bool {
    fn compared<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<bool> {
        Some(a? == b?)
    }
    let parts = [compared(a.run, b.run), compared(a.checkpoint, b.checkpoint), compared(a.layer, b.layer)];
    parts.iter().flatten().all(|same| *same) && parts.iter().flatten().next().is_some()
}
