use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::snapshot::CheckpointData;
use super::super::tests::{drawn, reference_run, run};
use super::*;
use crate::measures::Information;

/// The shares by series and checkpoint.
fn shares(chart: &Chart) -> BTreeMap<(String, usize), f64> {
    let data = chart.data().filter(|(.., datum)| datum.of.run == Some(0));
    data.map(|(_, series, datum)| ((series.to_owned(), datum.of.checkpoint.unwrap()), datum.y)).collect()
}

#[test]
fn shares_are_those_of_the_reference() {
    // By NumPy from tests/fixtures/runs/gutenberg-1m.json: with H the entropy and I the four `input`s of a checkpoint's
    // `mean`, numpy.diff(I, prepend=0) / H and 1 - I[3] / H; of the first checkpoint, step 16 and the last.
    let expected = [
        (0, [0.098355136392, 0.28639963294, 0.12637843408, 0.028687456251, 0.460179340336]),
        (5, [0.05185188813, 0.094569842338, 0.049000498514, 0.01240175493, 0.792176016087]),
        (13, [0.443135687506, 0.070412681435, 0.013523354907, 0.002612035731, 0.470316240421]),
    ];
    let chart = drawn(&VIEW, vec![reference_run("gutenberg-1m")], &Options::default()).unwrap();
    let shares = shares(&chart);
    assert_eq!(shares.len(), 14 * 5);
    for (checkpoint, values) in expected {
        for (series, value) in ["token", "bigram", "trigram", "quadgram", "residual"].into_iter().zip(values)
        {
            let share = shares[&(series.to_owned(), checkpoint)];
            assert!((share - value).abs() < 1e-11, "{series} of checkpoint {checkpoint}: {share}");
        }
    }
}

#[test]
fn shares_stand_on_each_other_up_to_one() {
    let chart = drawn(&VIEW, vec![run(0, "a", 4, 3)], &Options::default()).unwrap();
    let [facet] = &chart.facets[..] else { panic!("one frame") };
    let stacks: Vec<Vec<&Datum>> = facet.marks.iter().map(|mark| mark.data().collect()).collect();
    assert_eq!(stacks.len(), 5);
    for checkpoint in 0..4 {
        let mut end = 0.0;
        for layer in &stacks {
            assert!((layer[checkpoint].low.unwrap() - end).abs() < 1e-12);
            end = layer[checkpoint].high.unwrap();
            assert!((end - layer[checkpoint].low.unwrap() - layer[checkpoint].y).abs() < 1e-12);
        }
        assert!((end - 1.0).abs() < 1e-12);
    }
    assert_eq!(facet.y_range(), [0.0, 1.0]);
}

#[test]
fn less_null_the_shares_still_make_one_and_may_hang_below_zero() {
    let (subject, mut data) = run(0, "a", 2, 2);
    for checkpoint in &mut data.checkpoints {
        let CheckpointData::Measured(measurement, _) = checkpoint else { continue };
        let mean = &mut Arc::make_mut(measurement).mean;
        // Shuffled quadgrams give more than quadgrams say beyond trigrams.
        let Some(widest) = mean.information.get_mut(&crate::measures::Label::Input(Order::Quadgram)) else {
            continue;
        };
        *widest = Information { null: Some(widest.value), ..*widest };
    }
    let options = Options { less_null: true, ..Options::default() };
    let chart = drawn(&VIEW, vec![(subject, data)], &options).unwrap();
    let shares = shares(&chart);
    let sum: f64 =
        shares.iter().filter(|((_, checkpoint), _)| *checkpoint == 0).map(|(_, share)| share).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert!(shares[&("quadgram".to_owned(), 0)] < 0.0);
    let hanging = chart.data().find(|(_, series, _)| *series == "quadgram").unwrap().2;
    assert!(hanging.high == Some(0.0) && hanging.low == Some(hanging.y));
    assert!(chart.facets[0].y_range()[0] < 0.0);
}

#[test]
fn models_of_one_checkpoint_stand_side_by_side_and_courses_have_frames() {
    let runs = vec![run(0, "a", 5, 3), run(1, "b", 1, 3), run(2, "c", 1, 5), run(3, "d", 0, 3)];
    let chart = drawn(&VIEW, runs.clone(), &Options::default()).unwrap();
    let titles: Vec<&str> = chart.facets.iter().map(|facet| &*facet.title).collect();
    assert_eq!(titles, ["a", "last checkpoints"]);
    let of_models = chart.facets[1].marks[0].data().map(|datum| (datum.x, datum.of.run));
    assert_eq!(of_models.collect::<Vec<_>>(), [(0.0, Some(1)), (1.0, Some(2))]);
    let options = Options { facet: FacetBy::Layer, ..Options::default() };
    let chart = drawn(&VIEW, runs, &options).unwrap();
    assert_eq!((chart.facets.len(), chart.columns), (10, 2));
    assert_eq!([2, 3].map(|n| &*chart.facets[n].title), ["a, depth 0.25", "last checkpoints, depth 0.25"]);
}
