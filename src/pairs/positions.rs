//! Which tokens of a side are labelled.

use std::ops::Range;

use crate::settings::PairPositions;

/// The positions that are labelled, of a side whose tokens begin and end at `offsets` and of which `context`
/// tokens are kept. `prefix` is where the last message begins, in bytes as [`super::Rendered`] has it or in
/// characters, whichever `offsets` are in. A token belongs to the last message if it begins at or after that.
/// `None` where no position is left, since the last message lies wholly beyond the context.
///
/// Of all positions there are some even then: what precedes the last message.
pub fn labelled(
    offsets: &[(usize, usize)],
    prefix: usize,
    context: usize,
    positions: PairPositions,
) -> Option<Range<usize>> {
    let kept = &offsets[..offsets.len().min(context)];
    let first = match positions {
        PairPositions::Last => kept.iter().position(|&(start, _)| start >= prefix)?,
        PairPositions::All => 0,
    };
    (first < kept.len()).then_some(first..kept.len())
}
