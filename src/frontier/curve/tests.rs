//! Curves against closed forms, against optima found elsewhere, and against what every frontier is.

use std::f64::consts::LN_2;

use super::*;
use crate::random::SplitMix64;

fn found(joint: &Joint, options: &Options) -> Frontier {
    curve(joint, options, None, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(())).unwrap()
}

fn at_betas(joint: &Joint, betas: &[f64]) -> Vec<Point> {
    let frontier = found(joint, &Options { betas: betas.to_vec(), ..Options::default() });
    let best = |&beta: &f64| {
        let at_beta = frontier.points.iter().filter(|point| point.beta == beta);
        *at_beta.min_by(|a, b| a.lagrangian().total_cmp(&b.lagrangian())).unwrap()
    };
    betas.iter().map(best).collect()
}

/// Rows with a few heavy columns each, as `concentration` is small; row x has mass `mass(x)`.
fn random_rows(
    seed: u64,
    [xs, ys]: [usize; 2],
    concentration: f64,
    mass: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let mut random = SplitMix64::new(seed);
    let rows = (0..xs).map(|x| {
        let row: Vec<f64> = (0..ys).map(|_| random.unit().powf(1.0 / concentration)).collect();
        let total: f64 = row.iter().sum();
        row.iter().map(|weight| mass(x) * weight / total).collect()
    });
    rows.collect()
}

fn binary_entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

#[test]
fn a_binary_symmetric_channel_has_the_curve_of_mrs_gerber() {
    const NOISE: f64 = 0.1;
    let joint = Joint::from_weights(&[vec![1.0 - NOISE, NOISE], vec![NOISE, 1.0 - NOISE]]).unwrap();
    // Below 1 / (1 − 2δ)² nothing is worth its price.
    for point in at_betas(&joint, &[1.1, 1.5, 1.56]) {
        assert!(point.complexity < 1e-9 && point.expressivity < 1e-9, "{point:?}");
    }
    for point in at_betas(&joint, &[1.6, 1.7, 2.0, 2.5, 3.0, 5.0, 10.0, 50.0]) {
        // H(X|Z) is the entropy of a flip with probability `a`, found by halving.
        let (mut low, mut high) = (0.0, 0.5);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if binary_entropy(middle) < LN_2 - point.complexity { low = middle } else { high = middle }
        }
        let both = low * (1.0 - NOISE) + (1.0 - low) * NOISE;
        let error = point.expressivity - (LN_2 - binary_entropy(both));
        assert!(point.complexity > 0.01 && error.abs() < 1e-9, "{point:?}: {error:e}");
    }
}

#[test]
fn of_a_function_of_x_all_that_is_kept_is_told() {
    let mut random = SplitMix64::new(4);
    let masses: Vec<f64> = (0..20).map(|_| 0.05 + random.unit()).collect();
    let mut rows = vec![vec![0.0; 5]; 20];
    for (x, row) in rows.iter_mut().enumerate() {
        row[(7 * x + x / 3) % 5] = masses[x];
    }
    let joint = Joint::from_weights(&rows).unwrap();
    for point in at_betas(&joint, &[1.05, 1.2, 2.0, 10.0]) {
        let errors = [point.complexity - joint.entropy_y(), point.expressivity - joint.entropy_y()];
        assert!(errors.iter().all(|error| error.abs() < 1e-9), "{point:?}");
    }
    let frontier = found(&joint, &Options::default());
    for step in 0..=20 {
        let complexity = joint.entropy_y() * f64::from(step) / 20.0;
        assert!((frontier.at(complexity) - complexity).abs() < 1e-12);
    }
    assert!(frontier.entropy_x > joint.entropy_x() + 0.5);
}

#[test]
fn no_worse_than_the_best_of_many_restarts() {
    #[derive(serde::Deserialize)]
    struct Case {
        pxy: Vec<Vec<f64>>,
        frontier: Vec<Optimum>,
    }
    #[derive(serde::Deserialize)]
    struct Optimum {
        beta: f64,
        lagrangian: f64,
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/frontier/oracle.json");
    let cases: std::collections::BTreeMap<String, Case> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 2);
    for (name, case) in cases {
        let joint = Joint::from_weights(&case.pxy).unwrap();
        let betas: Vec<f64> = case.frontier.iter().map(|optimum| optimum.beta).collect();
        assert_eq!(betas.len(), 9);
        for (point, optimum) in at_betas(&joint, &betas).iter().zip(&case.frontier) {
            let excess = point.lagrangian() - optimum.lagrangian;
            assert!(excess < 1e-9, "{name} at β = {}: {excess:e}", point.beta);
            // Nothing that is better is near: a Lagrangian below this would be a mistake in it.
            assert!(point.ratio < 1e-9 && point.residual.abs() < 1e-9, "{name}: {point:?}");
        }
    }
}

/// What is true of every frontier.
fn check(joint: &Joint, frontier: &Frontier) {
    let limit = joint.information() + 1e-9;
    for point in &frontier.points {
        assert!(point.expressivity <= limit.min(point.complexity + 1e-9), "{point:?}");
        assert!(point.complexity <= joint.entropy_x(), "{point:?}");
        assert!(point.expressivity <= frontier.at(point.complexity) + 1e-9, "{point:?}");
    }
    let corners = frontier.corners();
    assert_eq!(corners[0], (0.0, 0.0));
    assert_eq!(corners[corners.len() - 1], (joint.entropy_x(), joint.information()));
    let slopes: Vec<f64> = corners
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0)
        .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0))
        .collect();
    assert!(slopes.windows(2).all(|pair| pair[0] >= pair[1] - 1e-6), "{slopes:?}");
    assert!(slopes.iter().all(|slope| (0.0..=1.0 + 1e-9).contains(slope)), "{slopes:?}");
}

#[test]
fn random_joints_leave_nothing_to_find() {
    let betas = [1.05, 1.3, 1.8, 2.2, 2.9, 4.0, 7.0, 30.0];
    for (seed, shape, concentration) in
        [(1, [10, 7], 0.3), (2, [15, 15], 0.12), (3, [6, 20], 0.5), (4, [24, 5], 0.2), (5, [3, 3], 1.0)]
    {
        let rows = random_rows(seed, shape, concentration, |x| 1.0 / (1.0 + x as f64));
        let joint = Joint::from_weights(&rows).unwrap();
        let frontier = found(&joint, &Options { betas: betas.to_vec(), ..Options::default() });
        check(&joint, &frontier);
        for point in frontier.points.iter().filter(|point| betas.contains(&point.beta)) {
            assert!(point.ratio < 1e-9 && point.residual.abs() < 1e-9, "{shape:?}: {point:?}");
        }
    }
}

#[test]
fn joints_with_nothing_to_trade_have_straight_curves() {
    let alone = |rows: &[Vec<f64>]| {
        let joint = Joint::from_weights(rows).unwrap();
        let frontier = found(&joint, &Options { betas: vec![0.5, 1.0, 3.0], ..Options::default() });
        check(&joint, &frontier);
        assert_eq!(frontier.points.len(), 3);
        assert!(frontier.points.iter().all(|point| point.expressivity == 0.0));
        assert_eq!((frontier.at(0.0), frontier.at(1.0)), (0.0, 0.0));
    };
    // One column; independent; one pair.
    alone(&[vec![1.0], vec![2.0]]);
    alone(&[vec![1.0, 2.0, 4.0], vec![2.0, 4.0, 8.0]]);
    alone(&[vec![3.0]]);
    // A permutation.
    let counts = (0..30).map(|x| (x, (x * 7) % 30, u64::from(x) + 1)).collect();
    let joint = Joint::from_counts(counts).unwrap();
    let frontier = found(&joint, &Options { betas: vec![1.5], ..Options::default() });
    check(&joint, &frontier);
    assert!((frontier.at(0.7) - 0.7).abs() < 1e-12);
}

#[test]
fn senseless_trade_offs_and_codebooks_are_refused() {
    let joint = Joint::from_weights(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap();
    for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = Options { betas: vec![2.0, beta], ..Options::default() };
        let error =
            curve(&joint, &options, None, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()))
                .unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }
    let options = Options { clusters: Some(0), ..Options::default() };
    let error = curve(&joint, &options, None, &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()));
    assert_eq!(error.unwrap_err().kind(), Kind::Usage);
}

/// Pairs of a source with classes of labels, as words have: a class tells the class that follows, and within it frequent
/// labels come often; some labels have followers of their own.
fn class_counts(labels: usize, pairs: usize, seed: u64) -> Vec<(u32, u32, u64)> {
    const CLASSES: usize = 12;
    let mut random = SplitMix64::new(seed);
    let follows: Vec<[usize; 3]> =
        (0..CLASSES).map(|_| [random.below(CLASSES), random.below(CLASSES), random.below(CLASSES)]).collect();
    // A low rank is frequent, as under Zipf's law.
    let ranked =
        |unit: f64, end: usize| ((end as f64 + 1.0).powf(unit) as usize).saturating_sub(1).min(end - 1);
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..pairs {
        let x = ranked(random.unit(), labels);
        let class = follows[x % CLASSES][ranked(random.unit(), 3)];
        let y = match random.unit() < 0.3 {
            true => (x * 7919 + 13 * random.below(3)) % labels,
            false => (ranked(random.unit(), labels / CLASSES) * CLASSES + class) % labels,
        };
        *counts.entry((x as u32, y as u32)).or_insert(0) += 1;
    }
    counts.into_iter().map(|((x, y), count)| (x, y, count)).collect()
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn large_curves_are_frontiers_and_the_same_on_any_number_of_threads() {
    let joint = Joint::from_counts(class_counts(400, 30_000, 1)).unwrap();
    assert!(!small::is_small(&joint) && joint.xs() > 300);
    let options = Options { clusters: Some(24), betas: vec![1.0, 2.2, 9.0], ..Options::default() };
    let frontier = on_threads(1, || found(&joint, &options));
    check(&joint, &frontier);
    assert!(frontier.points.iter().filter(|point| point.on_curve).count() > 10);
    assert!(options.betas.iter().all(|&beta| frontier.points.iter().any(|point| point.beta == beta)));
    assert!(frontier.gain.is_some_and(|gain| (0.0..0.02).contains(&gain)), "{:?}", frontier.gain);
    assert_eq!(frontier, on_threads(3, || found(&joint, &options)));
    // Not the diagonal, and not the chord: something was found.
    let half = 0.5 * frontier.entropy_merged;
    assert!(frontier.at(half) > 0.55 * frontier.information && frontier.at(half) < half);
    let json = serde_json::to_value(&frontier).unwrap();
    for key in ["I_XY", "H_X", "points"] {
        assert!(!json[key].is_null(), "{key}");
    }
    assert!(json["points"][0]["I_X"].is_f64() && json["points"][0]["I_Y"].is_f64());
    assert_eq!(serde_json::from_value::<Frontier>(json).unwrap(), frontier);
}

#[test]
fn more_atoms_and_other_seeds_find_the_same_curve() {
    let joint = Joint::from_counts(class_counts(200, 20_000, 2)).unwrap();
    let few = found(&joint, &Options { clusters: Some(32), ..Options::default() });
    let many = found(&joint, &Options { seed: 50, thorough: true, ..Options::default() });
    check(&joint, &many);
    assert!(many.spread.is_some_and(|spread| spread < 0.03), "{:?}", many.spread);
    for step in 1..10 {
        let complexity = joint.entropy_x() * f64::from(step) / 10.0;
        let (few, many) = (few.at(complexity), many.at(complexity));
        assert!((few - many).abs() < 0.01, "{complexity}: {few} {many}");
    }
}

#[test]
fn of_large_joints_too_all_that_is_kept_of_a_function_is_told() {
    // 900 labels x that fall into 290 classes told exactly: merged, a permutation.
    let counts = (0..900).map(|x| (x, x * 11 % 290, 1 + u64::from(x % 7))).collect();
    let joint = Joint::from_counts(counts).unwrap();
    assert_eq!(joint.xs(), 290);
    let frontier = found(&joint, &Options { clusters: Some(100), betas: vec![1.3], ..Options::default() });
    check(&joint, &frontier);
    for step in 0..=10 {
        let complexity = joint.entropy_x() * f64::from(step) / 10.0;
        assert!((frontier.at(complexity) - complexity).abs() < 1e-9);
    }
}

#[test]
fn labels_may_be_split_and_renamed() {
    let counts = class_counts(150, 8_000, 3);
    let options = Options { clusters: Some(16), ..Options::default() };
    let frontier = found(&Joint::from_counts(counts.clone()).unwrap(), &options);
    // Each x twice, with twice and with three times its counts, all under other names and in another order.
    let name = |label: u32| (label * 77 + 5) % 1009;
    let split: Vec<_> = counts
        .iter()
        .flat_map(|&(x, y, count)| {
            [(name(x), name(y) + 7, 2 * count), (name(x) + 2000, name(y) + 7, 3 * count)]
        })
        .rev()
        .collect();
    let other = found(&Joint::from_counts(split).unwrap(), &options);
    assert!(other.entropy_x > frontier.entropy_x + 0.5);
    for step in 0..=20 {
        let complexity = frontier.entropy_merged * f64::from(step) / 20.0;
        // Labels of equal mass may have changed places, and with them the seeds.
        let (one, two) = (frontier.at(complexity), other.at(complexity));
        assert!((one - two).abs() < 0.01, "{complexity}: {one} {two}");
    }
}

#[test]
fn work_stops_within_a_pass_and_is_told_of() {
    let joint = Joint::from_counts(class_counts(300, 10_000, 4)).unwrap();
    let options = Options { clusters: Some(8), ..Options::default() };
    let (mut last, mut points) = (0.0, 0);
    let frontier = curve(&joint, &options, None, &AtomicBool::new(false), &mut |event| {
        match event {
            Event::Point(_) => points += 1,
            Event::Progress { fraction, seconds_left } => {
                assert!((last..=1.0).contains(&fraction) && seconds_left.is_none_or(|left| left >= 0.0));
                last = fraction;
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(points == frontier.found && (last - 1.0).abs() < 1e-9, "{points} points, {last}");
    // Whoever watches may stop it, after any number of events.
    for wanted in [1, 40] {
        let mut told = 0;
        let error = curve(&joint, &options, None, &AtomicBool::new(false), &mut |_| {
            told += 1;
            if told == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(error.unwrap_err().kind() == Kind::Cancelled && told == wanted);
    }
    // And so may anyone, before the first pass is through.
    let stop = AtomicBool::new(true);
    let mut book = codebook::Codebook::of_rows(&joint, &[0, 1], 0.5);
    let error = pass::Passes::new(&joint, None, &stop).pass(&mut book, 2.0, false).unwrap_err();
    assert_eq!(error.kind(), Kind::Cancelled);
}

#[test]
fn no_pass_raises_the_free_energy() {
    // In double precision to the last bits; from tables of half-size numbers to what they leave out.
    let rows = random_rows(6, [20, 15], 0.3, |x| 1.0 / (1.0 + x as f64));
    let joint = Joint::from_weights(&rows).unwrap();
    for beta in [1.2, 2.0, 5.0] {
        let mut book = small::rows(&joint, 0.5);
        let mut before = f64::INFINITY;
        for _ in 0..60 {
            let (next, energy) = book.step(&joint, beta);
            assert!(energy <= before + 1e-13, "{beta}: {energy} after {before}");
            (book, before) = (next, energy);
        }
    }
    let joint = Joint::from_counts(class_counts(300, 20_000, 7)).unwrap();
    let stop = AtomicBool::new(false);
    let mut passes = pass::Passes::new(&joint, None, &stop);
    for (beta, private) in [(1.2, false), (2.0, false), (4.0, false), (1.5, true), (3.0, true)] {
        let mut book = codebook::Codebook::seeded(&mut passes, 16, 3).unwrap();
        let mut before = f64::INFINITY;
        for _ in 0..60 {
            let energy = passes.encode(&mut book, beta, private).unwrap();
            // The measure of the codebook and of private atoms has to be counted where it does not sum to 1.
            let mass: f64 = book.log_weights.iter().map(|log| log.exp()).sum();
            let energy = energy + mass + passes.kept().private - 1.0;
            assert!(energy <= before + 1e-4 * beta, "{beta}: {energy} after {before}");
            passes.describe(&mut book).unwrap();
            before = energy;
        }
    }
}

#[test]
fn labels_that_share_nothing_at_a_large_trade_off_are_one_at_a_small_one() {
    // Two blocks: which of them it is, is known of X and Y alike, and all that is worth its price in the end. Rows of a block
    // have few columns in common, so an atom that holds some of them knows next to nothing of the others.
    const SIZE: u32 = 600;
    let mut random = SplitMix64::new(8);
    let mut counts = Vec::new();
    for x in 0..2 * SIZE {
        for _ in 0..3 {
            let y = (random.unit().powi(3) * f64::from(SIZE)) as u32;
            counts.push((x, x / SIZE * SIZE + y, 1));
        }
    }
    let joint = Joint::from_counts(counts).unwrap();
    let common = crate::frontier::components::common_information(&joint);
    assert!((common - LN_2).abs() < 0.01, "{common}");
    let frontier = found(&joint, &Options { clusters: Some(96), ..Options::default() });
    check(&joint, &frontier);
    let short = common - frontier.at(common);
    assert!(short < 0.005, "{short} below the line");
}

#[test]
fn what_an_accelerator_fails_to_do_is_done_without_it() {
    struct Broken {
        comes: bool,
    }
    impl Accelerator for Broken {
        fn bring<'j>(&self, _: &'j Joint, _: &'j AtomicBool) -> Result<Box<dyn Settle + 'j>> {
            if self.comes { Ok(Box::new(Lost)) } else { Err(Error::new(Kind::DeviceMemory, "none left")) }
        }
    }
    struct Lost;
    impl Settle for Lost {
        fn fits(&self, _: usize) -> bool {
            true
        }

        fn settle(
            &mut self,
            _: &mut Codebook,
            _: f64,
            _: bool,
            _: &mut dyn FnMut(f64) -> Result<bool>,
        ) -> Result<()> {
            Err(Error::new(Kind::Device, "lost"))
        }
    }
    let joint = Joint::from_counts(class_counts(200, 6000, 5)).unwrap();
    let options = Options { clusters: Some(8), ..Options::default() };
    let stop = AtomicBool::new(false);
    let found = |accelerator: Option<&dyn Accelerator>| {
        curve(&joint, &options, accelerator, &stop, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let alone = found(None);
    for comes in [false, true] {
        assert_eq!(found(Some(&Broken { comes })), alone);
    }
}
