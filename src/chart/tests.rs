use super::*;

fn facet(data: Vec<Datum>) -> Facet {
    Facet {
        marks: vec![Mark::Series(Series { name: "s".into(), data, ..Series::default() })],
        ..Facet::default()
    }
}

#[test]
fn a_row_a_datum_says_what_it_is_of() {
    let checkpoint = CheckpointSubject { name: "step5".into(), step: Some(5), tokens: None };
    let run = RunSubject {
        name: "a, b".into(),
        condition: "n = 50".into(),
        checkpoints: vec![checkpoint],
        ..RunSubject::default()
    };
    let of = Of::checkpoint(0, 0).at_layer(Some(3)).of_order(crate::measures::Order::Bigram);
    let datum = Datum::new(5.0, 0.25, of).with_spread(Some(0.125));
    let statistic = Statistic { name: "pearson", p: None, n: 3 };
    let other = Datum {
        statistic: Some(statistic),
        label: "a b".into(),
        ..Datum::new(f64::NAN, -0.5, Of::default())
    };
    let subjects = Arc::new(Subjects { runs: vec![run], ..Subjects::default() });
    let chart = Chart::of("", facet(vec![datum, other]), &subjects);
    let text = String::from_utf8(csv(&chart).unwrap()).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows[0], ",s,\"a, b\",step5,5,,3,bigram,n = 50,5,0.25,0.125,0.375,,,,");
    assert_eq!(rows[1], ",s,,,,,,,,,-0.5,,,pearson,,3,a b");
    assert_eq!(subjects.words(of), "a, b, n = 50 · step5 · layer 3");
}

#[test]
fn an_axis_holds_all_data_with_a_margin() {
    let data = [1.0, 100.0].map(|x| Datum::new(x, x, Of::default()).with_spread(Some(0.5))).into();
    let mut facet = facet(data);
    assert_eq!(facet.x_range(), [1.0 - 4.95, 100.0 + 4.95]);
    assert_eq!(facet.y_range(), [0.5 - 5.0, 100.5 + 5.0]);
    facet.y.from_zero = true;
    assert_eq!(facet.y_range()[0], 0.0);
    facet.x.scale = Scale::Log;
    let [least, largest] = facet.x_range();
    assert!((0.5..1.0).contains(&least) && (100.0..200.0).contains(&largest));
    facet.x.scale = Scale::Category(vec!["a".into(), "b".into()]);
    assert_eq!(facet.x_range(), [-0.5, 1.5]);
    facet.x.range = Some([0.5, 1.5]);
    assert_eq!(facet.x_range(), [0.5, 1.5], "a part of the names");
    assert_eq!(Facet::default().x_range(), [-0.05, 1.05]);
    // One value, and none that is a number.
    let one = super::tests::facet(vec![Datum::new(3.0, f64::NAN, Of::default())]);
    assert!(one.x_range()[0] < 3.0 && one.x_range()[1] > 3.0);
    assert_eq!(one.y_range(), [-0.05, 1.05]);
}

#[test]
fn places_and_values_are_inverse() {
    for scale in [Scale::Linear, Scale::Log, Scale::Symlog(10.0)] {
        let axis = Axis { scale, ..Axis::default() };
        for value in [0.3, 1.0, 12.0, 5e6] {
            assert!((axis.value(axis.place(value)) / value - 1.0).abs() < 1e-9, "{axis:?}");
        }
    }
    let log = Axis { scale: Scale::Log, ..Axis::default() };
    assert!(!log.place(0.0).is_finite() && log.place(-1.0).is_nan());
    assert_eq!(Axis { scale: Scale::Symlog(2.0), ..Axis::default() }.place(0.0), 0.0);
}
