//! Which marks of dense series are drawn: by the room there is, not by the number of data.

use std::collections::HashMap;

use super::frame::Frame;
use crate::chart::Series;

/// From more data than this a series is dense.
const DENSE: usize = 40;
/// The side of the squares of which each shows one mark, in points.
const SLOT: f32 = 9.0;

/// For every series whether each of its data has a mark.
///
/// The frame is cut into squares. Series that meet in a square take turns from one square to the next, so that of runs that
/// lie on each other each owns its part of the marks. First and last data always have theirs.
pub fn marked(all: &[&Series], frame: &Frame) -> Vec<Vec<bool>> {
    let mut marked: Vec<Vec<bool>> = all.iter().map(|series| vec![true; series.data.len()]).collect();
    if all.iter().all(|series| series.data.len() <= DENSE) {
        return marked;
    }
    // The data of each square, those of a series together; squares in the order in which they are come upon.
    let mut squares: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut known: HashMap<[i32; 2], usize> = HashMap::new();
    // What no line joins is seen by its marks alone: all of them.
    for (number, series) in all.iter().enumerate().filter(|(_, series)| series.line.is_some()) {
        for (index, datum) in series.data.iter().enumerate() {
            let Some(place) = frame.at(datum.x, datum.y) else { continue };
            let square =
                *known.entry(place.map(|along| (along / SLOT).floor() as i32)).or_insert_with(|| {
                    squares.push(Vec::new());
                    squares.len() - 1
                });
            squares[square].push((number, index));
        }
    }
    let mut turn = 0;
    for square in squares {
        let mut here: Vec<usize> = square.iter().map(|(series, _)| *series).collect();
        here.dedup();
        let owner = here[turn % here.len()];
        turn += usize::from(here.len() > 1);
        let of_owner: Vec<usize> =
            square.iter().filter(|(series, _)| *series == owner).map(|(_, index)| *index).collect();
        let shown = of_owner[of_owner.len() / 2];
        for (series, index) in square {
            let is_end = index == 0 || index + 1 == all[series].data.len();
            marked[series][index] = is_end || (series == owner && index == shown);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Datum, Facet, Line, Mark, Of};

    #[test]
    fn of_runs_that_lie_on_each_other_each_owns_its_part() {
        let series = || Series {
            line: Some(Line::default()),
            data: (0..400).map(|i| Datum::new(f64::from(i), f64::from(i), Of::default())).collect(),
            ..Series::default()
        };
        let all: Vec<Series> = (0..4).map(|_| series()).collect();
        let facet = Facet { marks: all.iter().cloned().map(Mark::Series).collect(), ..Facet::default() };
        let frame = Frame::new([0.0; 2], [400.0, 300.0], &facet);
        let marked = marked(&all.iter().collect::<Vec<_>>(), &frame);
        let counts: Vec<usize> =
            marked.iter().map(|of| of.iter().filter(|marked| **marked).count()).collect();
        let all: usize = counts.iter().sum();
        assert!(counts.iter().all(|count| 8 * count >= all), "{counts:?}");
        assert!((40..200).contains(&all), "{counts:?}");
        assert!(marked.iter().all(|of| of[0] && of[399]));
    }

    #[test]
    fn sparse_series_have_all_their_marks() {
        let series = Series { data: vec![Datum::default(); 40], ..Series::default() };
        let frame = Frame::new([0.0; 2], [100.0; 2], &Facet::default());
        assert_eq!(marked(&[&series], &frame), [vec![true; 40]]);
        let scattered = Series { data: vec![Datum::default(); 90], ..Series::default() };
        assert_eq!(marked(&[&scattered], &frame), [vec![true; 90]]);
    }
}
