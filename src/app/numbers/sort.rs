//! The order of the rows.

use std::cmp::Ordering;

use super::columns::Column;
use crate::state::{AtScrubber, Content};
use crate::views::plane::Trajectory;

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum By {
    /// The names of runs.
    Name,
    /// The numbers of a column.
    Column(Column),
}

/// How rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Sort {
    /// By what.
    pub by: By,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

impl By {
    /// Everything that rows of these columns can be ordered by.
    pub fn all(columns: Vec<Column>) -> impl Iterator<Item = Self> {
        let columns = columns.into_iter().filter(|column| column.orders()).map(Self::Column);
        std::iter::once(Self::Name).chain(columns)
    }

    /// What has this name; `None` where there is no such thing.
    pub fn of_name(name: &str) -> Option<Self> {
        let column = || Column::of_title(name).filter(|column| column.orders()).map(Self::Column);
        if name == Self::Name.name() { Some(Self::Name) } else { column() }
    }

    /// Its name, in menus and in layouts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Column(column) => column.title(),
        }
    }
}

impl Sort {
    /// The order after a click on a header: names from A on and numbers from the largest, then the other way round, then
    /// as runs were opened.
    pub fn clicked(sort: Option<Self>, by: By) -> Option<Self> {
        let first = by != By::Name;
        match sort.filter(|sort| sort.by == by) {
            None => Some(Self { by, is_descending: first }),
            Some(sort) if sort.is_descending == first => Some(Self { by, is_descending: !first }),
            Some(_) => None,
        }
    }
}

/// Rows in their order: runs by their present condition, the pinned ones below; what has no number comes last.
pub(super) fn sorted(rows: Vec<AtScrubber>, sort: Option<Sort>, drawn: &[Trajectory]) -> Vec<AtScrubber> {
    let Some(sort) = sort else { return rows };
    let mut runs: Vec<Vec<AtScrubber>> = Vec::new();
    for row in rows {
        let run = drawn[row.trajectory].run;
        match runs.last_mut().filter(|of| drawn[of[0].trajectory].run == run) {
            Some(of) => of.push(row),
            None => runs.push(vec![row]),
        }
    }
    let directed = |order: Ordering| if sort.is_descending { order.reverse() } else { order };
    match sort.by {
        By::Name => {
            let name = |of: &[AtScrubber]| drawn[of[0].trajectory].name.to_lowercase();
            runs.sort_by(|a, b| directed(name(a).cmp(&name(b))));
        }
        By::Column(column) => {
            let value = |of: &[AtScrubber]| match &of[0].content {
                Content::Numbers(shown) => column.value(shown).filter(|value| !value.is_nan()),
                Content::Failed(_) | Content::Nothing(_) => None,
            };
            runs.sort_by(|a, b| match (value(a), value(b)) {
                (Some(a), Some(b)) => directed(a.total_cmp(&b)),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
    }
    runs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoints::{CheckpointKey, RunKey};

    /// Runs with what stands at the scrubber: a reason for nothing each.
    fn nothing(names: &[(&str, usize)]) -> (Vec<AtScrubber>, Vec<Trajectory>) {
        let checkpoint = CheckpointKey::new(RunKey::new("run"), "step");
        let rows = (0..names.len()).map(|trajectory| AtScrubber {
            checkpoint,
            trajectory,
            content: Content::Nothing(String::new()),
        });
        let drawn = names.iter().map(|(name, run)| Trajectory {
            run: *run,
            name: (*name).to_owned(),
            ..Trajectory::default()
        });
        (rows.collect(), drawn.collect())
    }

    #[test]
    fn a_header_is_clicked_there_and_back_and_out_again() {
        let by = By::Column(Column::Loss);
        let first = Sort::clicked(None, by);
        assert_eq!(first, Some(Sort { by, is_descending: true }));
        let second = Sort::clicked(first, by);
        assert_eq!(second, Some(Sort { by, is_descending: false }));
        assert_eq!(Sort::clicked(second, by), None);
        let other = Sort::clicked(second, By::Name);
        assert_eq!(other, Some(Sort { by: By::Name, is_descending: false }), "names begin with A");
    }

    #[test]
    fn pinned_conditions_stay_below_their_run() {
        let (rows, drawn) = nothing(&[("b", 0), ("b", 0), ("C", 1), ("a", 2), ("a", 2)]);
        let places = |sort| {
            let rows = sorted(rows.clone(), sort, &drawn);
            rows.iter().map(|row| row.trajectory).collect::<Vec<_>>()
        };
        assert_eq!(places(None), [0, 1, 2, 3, 4]);
        let by = By::Name;
        assert_eq!(places(Some(Sort { by, is_descending: false })), [3, 4, 0, 1, 2]);
        assert_eq!(places(Some(Sort { by, is_descending: true })), [2, 0, 1, 3, 4]);
        let by = By::Column(Column::Loss);
        let unmeasured = places(Some(Sort { by, is_descending: true }));
        assert_eq!(unmeasured, [0, 1, 2, 3, 4], "without numbers as they were opened");
    }
}
