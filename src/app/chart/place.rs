//! A datum by its place in a chart, and how the keyboard goes from one to the next. Nothing here draws.

use super::{Cursor, Moment};
use crate::chart::{Chart, Datum, Facet, Mark, Of, Scale};

/// A datum of a chart by its place, or a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub facet: usize,
    pub mark: usize,
    /// `None` for a rule.
    pub datum: Option<usize>,
    /// What it is of.
    pub of: Of,
}

/// A step from one datum to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the one before, of the same series; in a table to the left.
    Back,
    /// To the one after; in a table to the right.
    On,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// To the series before; in a table up.
    Up,
    /// To the series after; in a table down.
    Down,
}

/// Whether a mark has data at places of their own.
fn has_places(mark: &Mark) -> bool {
    let is_placed = matches!(mark, Mark::Series(_) | Mark::Bars(_) | Mark::Cells(_));
    is_placed && mark.data().any(is_there)
}

fn is_there(datum: &Datum) -> bool {
    datum.is_finite()
}

impl Place {
    /// The place of a datum of facet number `facet`; `None` where there is none.
    fn at(index: usize, facet: &Facet, mark: usize, datum: usize) -> Option<Self> {
        let of = facet.marks.get(mark)?.data().nth(datum)?.of;
        Some(Self { facet: index, mark, datum: Some(datum), of })
    }

    /// Where walking through a facet begins: at the scrubber, on what is not faint; else at the first datum.
    pub fn first(index: usize, facet: &Facet, cursor: &Cursor) -> Option<Self> {
        let data = || {
            let marks = facet.marks.iter().enumerate().filter(|(_, mark)| has_places(mark));
            marks.flat_map(|(number, mark)| {
                let is_faint = matches!(mark, Mark::Series(series) if series.is_faint);
                let data = mark.data().enumerate().filter(|(_, datum)| is_there(datum));
                data.map(move |(datum, of)| (number, datum, of.of, is_faint))
            })
        };
        let current = |of: Of| cursor.moment(of) == Moment::Current;
        let found = data()
            .find(|(.., of, is_faint)| current(*of) && !is_faint)
            .or_else(|| data().find(|(.., is_faint)| !is_faint))
            .or_else(|| data().next());
        found.map(|(mark, datum, of, _)| Self { facet: index, mark, datum: Some(datum), of })
    }

    /// The same datum in a chart made anew; `None` where it is gone.
    pub fn again(self, chart: &Chart) -> Option<Self> {
        let facet = chart.facets.get(self.facet)?;
        let mark = facet.marks.get(self.mark)?;
        let Some(datum) = self.datum else { return Some(self) };
        let is_same = |datum: &Datum| datum.of == self.of && is_there(datum);
        let datum = if mark.data().nth(datum).is_some_and(is_same) {
            datum
        } else {
            mark.data().position(is_same)?
        };
        Self::at(self.facet, facet, self.mark, datum)
    }

    /// The place a step away; the same where nothing is there.
    pub fn step(self, facet: &Facet, step: Step) -> Self {
        let next = match facet.marks.get(self.mark) {
            Some(Mark::Cells(cells)) => self.in_table(cells, step),
            Some(mark) => self.in_series(facet, mark, step),
            None => None,
        };
        next.and_then(|(mark, datum)| Self::at(self.facet, facet, mark, datum)).unwrap_or(self)
    }

    fn in_series(self, facet: &Facet, mark: &Mark, step: Step) -> Option<(usize, usize)> {
        let there: Vec<(usize, &Datum)> = mark.data().enumerate().filter(|(_, of)| is_there(of)).collect();
        let index = there.iter().position(|(datum, _)| Some(*datum) == self.datum)?;
        let to = |index: usize| there.get(index).map(|(datum, _)| (self.mark, *datum));
        let other = |mut marks: &mut dyn Iterator<Item = usize>| {
            let is_walked = |number: &usize| facet.marks.get(*number).is_some_and(has_places);
            let number = Iterator::find(&mut marks, is_walked)?;
            let share = index as f64 / (there.len() - 1).max(1) as f64;
            Some((number, beside(facet, &facet.marks[number], there[index].1, share)?))
        };
        match step {
            Step::Back => to(index.checked_sub(1)?),
            Step::On => to(index + 1),
            Step::First => to(0),
            Step::Last => to(there.len() - 1),
            Step::Up => other(&mut (0..self.mark).rev()),
            Step::Down => other(&mut (self.mark + 1..facet.marks.len())),
        }
    }

    fn in_table(self, cells: &crate::chart::Cells, step: Step) -> Option<(usize, usize)> {
        let from = cells.cells.get(self.datum?)?;
        let there = cells.cells.iter().enumerate().filter(|(_, cell)| is_there(&cell.datum));
        let row = there.clone().filter(|(_, cell)| cell.row == from.row);
        let column = there.filter(|(_, cell)| cell.column == from.column);
        let found = match step {
            Step::Back => row.filter(|(_, c)| c.column < from.column).max_by_key(|(_, c)| c.column),
            Step::On => row.filter(|(_, c)| c.column > from.column).min_by_key(|(_, c)| c.column),
            Step::First => row.min_by_key(|(_, c)| c.column),
            Step::Last => row.max_by_key(|(_, c)| c.column),
            // Rows are numbered from below.
            Step::Up => column.filter(|(_, c)| c.row > from.row).min_by_key(|(_, c)| c.row),
            Step::Down => column.filter(|(_, c)| c.row < from.row).max_by_key(|(_, c)| c.row),
        };
        found.map(|(index, _)| (self.mark, index))
    }
}

/// The datum of another mark beside one: the nearest along an axis of time or of names, else as far along its series.
fn beside(facet: &Facet, mark: &Mark, datum: &Datum, share: f64) -> Option<usize> {
    let there: Vec<(usize, &Datum)> = mark.data().enumerate().filter(|(_, of)| is_there(of)).collect();
    if facet.x.is_time || matches!(facet.x.scale, Scale::Category(_)) {
        let apart = |other: &Datum| (facet.x.place(other.x) - facet.x.place(datum.x)).abs();
        return there.iter().min_by(|a, b| apart(a.1).total_cmp(&apart(b.1))).map(|(index, _)| *index);
    }
    let index = (share * (there.len().checked_sub(1)?) as f64).round() as usize;
    there.get(index).map(|(index, _)| *index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Axis, Bars, Cell, Cells, ColorMap, Remark, Series};

    /// A run of checkpoints at these places across; no place at those that are not finite.
    fn run(number: usize, across: &[f64]) -> Mark {
        let datum = |(checkpoint, x): (usize, &f64)| Datum::new(*x, *x, Of::checkpoint(number, checkpoint));
        Mark::Series(Series {
            data: across.iter().enumerate().map(datum).collect(),
            is_faint: number == 9,
            ..Series::default()
        })
    }

    fn facet(is_time: bool) -> Facet {
        let remark =
            Remark { name: String::new(), text: String::new(), color: Default::default(), data: vec![] };
        let marks = vec![
            run(9, &[0.0, 1.0]),
            run(0, &[0.0, 1.0, f64::NAN, 3.0, 4.0]),
            Mark::Remark(remark),
            run(1, &[f64::NAN]),
            run(2, &[0.5, 2.9, 9.0]),
        ];
        Facet { x: Axis { is_time, ..Axis::default() }, marks, ..Facet::default() }
    }

    fn walk(facet: &Facet, from: Place, steps: &[Step]) -> (usize, usize) {
        let at = steps.iter().fold(from, |at, step| at.step(facet, *step));
        (at.mark, at.datum.unwrap())
    }

    #[test]
    fn walking_begins_at_the_scrubber_and_goes_along_what_has_places() {
        let facet = facet(true);
        let cursor = Cursor { current: vec![Some(3)], ..Cursor::default() };
        let first = Place::first(0, &facet, &cursor).unwrap();
        assert_eq!((first.mark, first.datum, first.of), (1, Some(3), Of::checkpoint(0, 3)));
        let nowhere = Place::first(0, &facet, &Cursor::default()).unwrap();
        assert_eq!((nowhere.mark, nowhere.datum), (1, Some(0)), "faint paths come last");
        use Step::{Back, Down, First, Last, On, Up};
        assert_eq!(walk(&facet, first, &[Back]), (1, 1), "what has no place is passed over");
        assert_eq!(walk(&facet, first, &[On, On, On]), (1, 4), "the end holds");
        assert_eq!(walk(&facet, first, &[First, Back]), (1, 0));
        assert_eq!(walk(&facet, first, &[Last]), (1, 4));
        assert_eq!(walk(&facet, first, &[Down]), (4, 1), "the nearest in time");
        assert_eq!(walk(&facet, first, &[Down, Down]), (4, 1));
        assert_eq!(walk(&facet, first, &[Up]), (0, 1));
        let elsewhere = super::tests::facet(false);
        assert_eq!(walk(&elsewhere, first, &[Down]), (4, 1), "as far along");
        assert_eq!(walk(&elsewhere, first, &[Last, Down]), (4, 2));
        assert_eq!(Place::first(0, &Facet::default(), &cursor), None);
    }

    #[test]
    fn in_a_table_arrows_go_by_rows_and_columns() {
        let cell = |column, row| Cell {
            column,
            row,
            sign: String::new(),
            datum: Datum::new(
                column as f64,
                if (column, row) == (1, 0) { f64::NAN } else { 0.5 },
                Of::default(),
            ),
        };
        let cells = (0..2).flat_map(|row| (0..3).map(move |column| cell(column, row))).collect();
        let table = Cells {
            name: String::new(),
            columns: 3,
            rows: 2,
            range: [0.0, 1.0],
            map: ColorMap::Progress,
            has_numbers: false,
            cells,
        };
        let facet = Facet { marks: vec![Mark::Cells(table)], ..Facet::default() };
        let first = Place::first(0, &facet, &Cursor::default()).unwrap();
        use Step::{Back, Down, Last, On, Up};
        assert_eq!(walk(&facet, first, &[On]), (0, 2), "a cell without a value is passed over");
        assert_eq!(walk(&facet, first, &[Up, On]), (0, 4));
        assert_eq!(walk(&facet, first, &[Up, On, Down]), (0, 4), "there is none below");
        assert_eq!(walk(&facet, first, &[Last, Up, Back, Back, Down]), (0, 0));
    }

    #[test]
    fn a_datum_is_found_again_in_a_chart_made_anew() {
        let chart = |across: &[f64]| {
            let facet = Facet { marks: vec![run(0, across)], ..Facet::default() };
            Chart::of("", facet, &Default::default())
        };
        let at = Place { facet: 0, mark: 0, datum: Some(1), of: Of::checkpoint(0, 1) };
        assert_eq!(at.again(&chart(&[0.0, 5.0, 6.0])), Some(at));
        assert_eq!(at.again(&chart(&[0.0])), None);
        let mut sparse = chart(&[0.0, 5.0, 6.0]);
        if let Mark::Series(series) = &mut sparse.facets[0].marks[0] {
            series.data.remove(0);
        }
        assert_eq!(at.again(&sparse).unwrap().datum, Some(0), "by what it is of, not by its number");
        let bars = Mark::Bars(Bars { data: vec![Datum::new(0.0, 1.0, Of::run(0))], ..Bars::default() });
        assert!(has_places(&bars));
    }
}
