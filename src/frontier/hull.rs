//! The upper concave hull of points of the plane, which time-sharing between encoders reaches.

/// The indices of the corners of the upper concave hull of `points`, by rising abscissa, from the first point that is
/// leftmost to the highest.
pub fn corners(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[a].0.total_cmp(&points[b].0).then(points[b].1.total_cmp(&points[a].1)).then(a.cmp(&b))
    });
    let mut hull: Vec<usize> = Vec::new();
    for index in order {
        let (x, y) = points[index];
        if hull.last().is_some_and(|&last| y <= points[last].1) {
            continue;
        }
        while let [.., before, last] = hull[..] {
            let ((x0, y0), (x1, y1)) = (points[before], points[last]);
            if (y1 - y0) * (x - x0) > (y - y0) * (x1 - x0) {
                break;
            }
            hull.pop();
        }
        hull.push(index);
    }
    hull
}

/// The height of a polyline with rising abscissae at `x`; that of its ends beyond them, 0 if it is empty.
pub fn at(line: &[(f64, f64)], x: f64) -> f64 {
    let after = line.partition_point(|corner| corner.0 < x);
    match (after.checked_sub(1).map(|before| line[before]), line.get(after)) {
        (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * ((x - x0) / (x1 - x0)),
        (None, Some(&(_, y))) | (Some((_, y)), None) => y,
        (None, None) => 0.0,
    }
}

/// How far above the chord between two points the tangents at them meet, with the slopes that the points have there:
/// the most by which a concave curve through both, under both tangents, can exceed the chord.
pub fn slack((x0, y0): (f64, f64), slope0: f64, (x1, y1): (f64, f64), slope1: f64) -> f64 {
    let chord = (y1 - y0) / (x1 - x0);
    let (above, below) = (slope0 - chord, chord - slope1);
    if !(above > 0.0 && below > 0.0) {
        return 0.0;
    }
    (x1 - x0) * above * below / (above + below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hull_is_concave_rising_and_above_all_points() {
        let points: Vec<(f64, f64)> = (0..200)
            .map(|i| {
                let x = f64::from(i * 37 % 200) / 50.0;
                (x, x.sqrt() - 0.1 * f64::from(i * 53 % 7) * x / 4.0)
            })
            .collect();
        let line: Vec<_> = corners(&points).into_iter().map(|index| points[index]).collect();
        let slopes: Vec<f64> = line.windows(2).map(|w| (w[1].1 - w[0].1) / (w[1].0 - w[0].0)).collect();
        assert!(line.len() > 20 && slopes.windows(2).all(|w| w[0] > w[1]) && slopes.iter().all(|&s| s > 0.0));
        assert!(points.iter().all(|&(x, y)| y <= at(&line, x) + 1e-12));
    }

    #[test]
    fn equal_and_collinear_points_are_one_line() {
        let points = [(1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (1.0, 0.2), (2.0, 0.9)];
        assert_eq!(corners(&points), [1, 0]);
        assert_eq!(corners(&[]), [] as [usize; 0]);
    }

    #[test]
    fn heights_between_and_beyond() {
        let line = [(1.0, 1.0), (3.0, 2.0)];
        assert_eq!([0.0, 1.0, 2.0, 3.0, 9.0].map(|x| at(&line, x)), [1.0, 1.0, 1.5, 2.0, 2.0]);
        assert_eq!(at(&[], 1.0), 0.0);
    }

    #[test]
    fn tangents_meet_where_they_do() {
        // y = x(2 − x) from 0 to 1: tangents y = 2x and y = 1 meet at (½, 1), the chord is at ½.
        assert!((slack((0.0, 0.0), 2.0, (1.0, 1.0), 0.0) - 0.5).abs() < 1e-15);
        assert_eq!(slack((0.0, 0.0), 0.9, (1.0, 1.0), 0.5), 0.0);
    }
}
