//! The gap to the bound: how far below it each checkpoint lies, upward, for planes whose points lie all along it.

use super::round_above;
use crate::chart::{Aspect, Axis, Chart, Color, Curve, Datum, Facet, Mark, Of, Rule, Series};
use crate::views::quantity::Quantity;

/// More than this share of the points lies near the bound where the gap is worth a look.
const MOST: f64 = 0.8;
/// How near that is, in points of the screen.
const NEAR: f64 = 8.0;

/// Whether the points of a plane lie so near the bound that little tells them apart; `scale` is how many points of the
/// screen are to a unit of its axes.
pub fn is_near_bound(chart: &Chart, scale: f64) -> bool {
    let data = chart.data().map(|(.., datum)| datum).filter(|datum| datum.is_finite());
    let near = |datum: &Datum| (datum.x - datum.y).abs() * std::f64::consts::FRAC_1_SQRT_2 * scale <= NEAR;
    let (found, all) = data.fold((0, 0), |(found, all), datum| (found + usize::from(near(datum)), all + 1));
    found as f64 > MOST * all as f64
}

/// A chart of planes with the gap up instead of expressivity, on one scale in all frames.
pub(super) fn turned(mut chart: Chart) -> Chart {
    chart.facets = chart.facets.into_iter().map(facet).collect();
    let gaps =
        || chart.facets.iter().flat_map(|facet| &facet.marks).flat_map(Mark::data).map(|datum| datum.y);
    let [least, largest] = gaps()
        .filter(|gap| gap.is_finite())
        .fold([0.0f64, 0.0f64], |[least, most], gap| [least.min(gap), most.max(gap)]);
    // The shade above the bound is seen in any case.
    let margin = 0.08 * (largest - least).max(0.02);
    let range = [least - margin, round_above(largest + margin)];
    chart.facets.iter_mut().for_each(|facet| facet.y.range = Some(range));
    chart.caption.push(
        "The gap is complexity less expressivity, zero at the bound; its spread is not known, since seeds move both".to_owned(),
    );
    chart
}

fn facet(facet: Facet) -> Facet {
    let marks = facet.marks.into_iter().filter_map(|mark| match mark {
        Mark::Series(series) => Some(Mark::Series(of_series(series))),
        // The bound and its shade, which lie elsewhere here.
        _ => None,
    });
    let label = facet.y.label.replacen(&Quantity::Expressivity.label(), LABEL, 1);
    Facet {
        y: Axis::new(label, Quantity::Complexity.unit()),
        marks: bound().into_iter().chain(marks).collect(),
        aspect: Aspect::Free,
        ..facet
    }
}

/// What the axis up is called.
const LABEL: &str = "gap I(X;Z) − I(Y;Z)";

/// The bound, a level line, and the shade of what lies above it.
fn bound() -> [Mark; 2] {
    const FAR: f64 = 4.0;
    let shade = Curve {
        points: vec![[0.0, 0.0], [FAR, 0.0], [FAR, -FAR], [0.0, -FAR]],
        color: Color::Muted,
        is_area: true,
        ..Curve::default()
    };
    let line = Rule {
        is_upright: false,
        at: 0.0,
        label: "bound".to_owned(),
        color: Color::Muted,
        of: Of::default(),
    };
    [Mark::Curve(shade), Mark::Rule(line)]
}

fn of_series(series: Series) -> Series {
    let gap = |datum: Datum| Datum {
        y: datum.x - datum.y,
        low: None,
        high: None,
        // Behind φ, which stands beside the point.
        more: datum.more.into_iter().chain([format!("I(Y;Z) {:.4}", datum.y)]).collect(),
        ..datum
    };
    Series { data: series.data.into_iter().map(gap).collect(), ..series }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::options::{FacetBy, Options, PlaneY};
    use crate::views::plane::VIEW;
    use crate::views::tests::{drawn, run};

    fn chart(options: Options) -> Chart {
        drawn(&VIEW, vec![run(0, "a", 5, 4), run(1, "b", 3, 4)], &options).unwrap()
    }

    #[test]
    fn the_gap_is_complexity_less_expressivity() {
        let (plane, gap) =
            (chart(Options::default()), chart(Options { y: PlaneY::Gap, ..Options::default() }));
        assert_eq!(plane.data().count(), gap.data().count());
        for ((.., below), (.., datum)) in plane.data().zip(gap.data()) {
            assert_eq!((datum.x, datum.of, datum.joined), (below.x, below.of, below.joined));
            assert!((datum.y - (below.x - below.y)).abs() < 1e-15);
            assert_eq!((datum.low, datum.high, datum.x_spread), (None, None, below.x_spread));
        }
        let facet = &gap.facets[0];
        assert_eq!(facet.y.title(), "gap I(X;Z) − I(Y;Z), token output (nats / ln n)");
        assert!(facet.marks.iter().any(|mark| matches!(mark, Mark::Rule(rule) if rule.at == 0.0)));
        let [low, high] = facet.y_range();
        assert!(low < 0.0 && gap.data().all(|(.., datum)| (0.0..high).contains(&datum.y)));
        assert!(
            gap.title.contains("gap to the bound") && gap.caption.iter().any(|text| text.contains("zero"))
        );
    }

    #[test]
    fn frames_beside_each_other_have_one_scale() {
        let gap = chart(Options { y: PlaneY::Gap, facet: FacetBy::Order, ..Options::default() });
        assert_eq!(gap.facets.len(), 4);
        assert!(gap.facets.windows(2).all(|pair| pair[0].y.range == pair[1].y.range));
        assert_eq!(gap.facets[0].y.label, LABEL);
    }

    #[test]
    fn the_gap_is_offered_where_points_lie_along_the_bound() {
        let mut chart = chart(Options::default());
        assert!(!is_near_bound(&chart, 1000.0));
        assert!(is_near_bound(&chart, 10.0), "in a frame so small all are near");
        assert!(!is_near_bound(&Chart::default(), 1000.0));
        // 8 points of the screen at a scale of 1000: 0.008 away, across the diagonal.
        let near = 0.0079 * 2f64.sqrt();
        let mut place = |share: f64| {
            let series = chart.facets[0].marks.iter_mut().filter_map(|mark| match mark {
                Mark::Series(series) => Some(series),
                _ => None,
            });
            let data: Vec<&mut Datum> = series.flat_map(|series| &mut series.data).collect();
            let count = data.len() as f64;
            for (index, datum) in data.into_iter().enumerate() {
                let is_near = (index as f64) < share * count;
                datum.y = datum.x - if is_near { near } else { 0.1 };
            }
            is_near_bound(&chart, 1000.0)
        };
        assert!(place(1.0) && place(0.85) && !place(0.75));
    }
}
