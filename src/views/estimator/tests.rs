use super::*;

fn drawn(sphere: Sphere) -> Chart {
    chart(&Snapshot::default(), &Options { sphere, ..Options::default() }).unwrap()
}

/// The data of a series over all frames.
fn data<'c>(chart: &'c Chart, name: &'c str) -> Vec<&'c Datum> {
    chart.data().filter(|(_, series, _)| *series == name).map(|(.., datum)| datum).collect()
}

#[test]
fn numbers_are_numpys() {
    // With NumPy: W and the cloud as their documentation has them, p = softmax(W z / ε) over axis 0, P = p.mean(1).
    let cases = [
        (0.1, 0.818468840328486, 0.5689343001875565, 0.0006809959775701972, 0.13180668484227331),
        (0.3, 0.9116673109626947, 0.7761707994929026, 0.004744999170827676, 0.06205443138888571),
    ];
    for (epsilon, entropy, own, first, strongest) in cases {
        let chart = drawn(Sphere { temperature: Temperature::Fixed(epsilon), ..Sphere::default() });
        let near =
            |actual: f64, expected: f64| assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
        near(data(&chart, "entropy")[0].y, entropy);
        near(data(&chart, "assignment entropy")[0].y, own);
        near(data(&chart, "P(Z)")[0].y, first);
        near(data(&chart, "p")[14].y, strongest);
        // KL = κ coth κ − 1 − ln(sinh κ / κ) on the sphere: ln 100 at ε = 1/135.914…, by bisection.
        let calibrated = data(&chart, "calibrated entropy")[0];
        near(calibrated.x, 0.00735758882342888);
        near(calibrated.y, 0.7123109076716723);
    }
}

#[test]
fn shares_add_up_and_every_point_and_state_is_there() {
    for points in [2, 7, 300] {
        let chart = drawn(Sphere { points, states: 40, chosen: 99, ..Sphere::default() });
        for name in ["p", "P(Z)"] {
            let sum: f64 = data(&chart, name).iter().map(|datum| datum.y).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{name} {sum}");
        }
        let counts = ["reference points", "states", "chosen state"].map(|name| data(&chart, name).len());
        assert_eq!(counts, [points, 39, 1]);
        let inside = |datum: &&Datum| datum.x.hypot(datum.y) <= 1.0 + 1e-12;
        assert!(data(&chart, "states").iter().all(inside));
    }
}

#[test]
fn turning_moves_the_picture_and_no_number() {
    let [a, b] = [0.0, 1.0].map(|yaw| drawn(Sphere { yaw, ..Sphere::default() }));
    assert_eq!(a.facets[1..], b.facets[1..]);
    assert_ne!(a.facets[0], b.facets[0]);
}

#[test]
fn states_of_a_model_are_said_to_be_projected() {
    let states: Vec<f32> = (0..400).map(|index| ((index * index) as f32).sin()).collect();
    let cloud = Cloud::of_hidden_states("step5, layer 2", &states, 8).unwrap();
    let snapshot = Snapshot::default().with_cloud(cloud);
    let chart = chart(&snapshot, &Options::default()).unwrap();
    assert!(
        chart.caption[0].contains("step5, layer 2") && chart.caption[0].contains("projection"),
        "{chart:?}"
    );
    assert_eq!(data(&chart, "states").len(), 49);
}

#[test]
fn what_cannot_be_shown_says_why() {
    let missing =
        |sphere| chart(&Snapshot::default(), &Options { sphere, ..Options::default() }).unwrap_err();
    assert!(missing(Sphere { points: 0, ..Sphere::default() }).contains("no reference points"));
    assert!(missing(Sphere { states: 0, ..Sphere::default() }).contains("no states"));
    let calibrated = Sphere { points: 1, temperature: Temperature::Exact, ..Sphere::default() };
    assert!(missing(calibrated).contains("not defined for 1"));
    // One point holds everything, whatever ε.
    let chart = drawn(Sphere { points: 1, ..Sphere::default() });
    assert_eq!(data(&chart, "P(Z)")[0].y, 1.0);
}
