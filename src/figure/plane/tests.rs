//! What the plane's figure says, read off its SVG and its pixels.

use resvg::tiny_skia::Pixmap;

use super::*;
use crate::error::Kind;
use crate::figure::{png, svg, write};

/// A run as training goes: expressivity rises first, complexity falls later.
fn run(run: usize, name: &str, count: usize) -> Trajectory {
    let point = |checkpoint: usize| {
        let t = if count > 1 { checkpoint as f64 / (count - 1) as f64 } else { 1.0 };
        let shift = 0.03 * run as f64;
        let complexity = 0.05 + 0.58 * (1.0 - (-6.0 * t).exp()) - 0.22 * t * t - shift * t;
        let expressivity = 0.035 + 0.33 * (1.0 - (-4.0 * t).exp()) - 0.4 * shift * t;
        PlanePoint {
            checkpoint,
            name: format!("step-{}", checkpoint * 1000),
            step: Some(checkpoint as u64 * 1000),
            tokens: None,
            progress: t as f32,
            complexity,
            expressivity,
            optimality: Some(expressivity / complexity),
            null: None,
            singletons: None,
            spread: None,
            optimality_spread: None,
            entropy: 0.8,
            loss: 9.0 - 6.0 * t,
        }
    };
    Trajectory { run, name: name.to_owned(), points: (0..count).map(point).collect() }
}

fn runs(count: usize, points: usize) -> Vec<Trajectory> {
    (0..count).map(|i| run(i, &format!("model-{i}"), points)).collect()
}

fn drawn(trajectories: &[Trajectory], options: &PlaneFigureOptions) -> Scene {
    plane_figure(trajectories, PlaneView::default(), options)
}

#[test]
fn the_figure_says_what_it_shows() {
    let options = PlaneFigureOptions {
        title: Some("A & B".to_owned()),
        caption: Some("500 documents, n = 100".to_owned()),
        highlight: vec![Highlight { run: 1, checkpoint: 6 }],
        ..Default::default()
    };
    let out = svg(&drawn(&runs(2, 14), &options));
    for text in [
        "complexity I(X;Z), token input, nats / ln n",
        "expressivity I(Y;Z), token output, nats / ln n",
        "IB bound I(Y;Z) = I(X;Z)",
        "unachievable",
        "model-0",
        "model-1",
        "14 checkpoints, last φ 0.",
        "training progress",
        ">step-0<",
        ">step-13000<",
        ">step-6000 · φ 0.",
        "A &amp; B",
        ">500 documents, n = 100<",
        ">0.2<",
        ">0.4<",
    ] {
        assert!(out.contains(text), "`{text}` is not in the figure");
    }
    assert!(out.contains("<title>model-0 · step-0 · I(X;Z) 0.0500"), "points tell their numbers");
}

#[test]
fn the_bound_is_the_diagonal_of_a_square_frame() {
    let scene = drawn(&runs(1, 14), &PlaneFigureOptions::default());
    let dashed = scene.items.iter().find_map(|item| match item {
        Item::Path(path) if path.stroke.is_some_and(|stroke| stroke.dash.is_some()) => Some(&path.points),
        _ => None,
    });
    let bound = dashed.expect("the bound is drawn");
    assert_eq!(bound[0], [LEFT, MARGIN + SIDE]);
    assert_eq!(bound[1], [LEFT + SIDE, MARGIN]);
}

#[test]
fn large_runs_make_small_files() {
    let out = svg(&drawn(&runs(3, 100), &PlaneFigureOptions::default()));
    assert!(out.len() < 200_000, "{} bytes", out.len());
    assert_eq!(out.matches("<title>").count(), 300);
}

#[test]
fn nothing_one_point_and_nan_are_drawn() {
    let options = PlaneFigureOptions::default();
    assert!(svg(&drawn(&[], &options)).contains("no measured checkpoints"));
    let empty = [Trajectory { run: 0, name: "gone".to_owned(), points: vec![] }];
    let out = svg(&drawn(&empty, &options));
    assert!(out.contains("no measured checkpoints") && !out.contains("gone"));

    let out = svg(&drawn(&runs(1, 1), &options));
    assert!(out.contains("1 checkpoint,") && out.matches(">step-0<").count() <= 2, "{out}");

    let mut broken = runs(1, 14);
    broken[0].points[3].complexity = f64::NAN;
    broken[0].points[5].expressivity = f64::INFINITY;
    let out = svg(&drawn(&broken, &options));
    assert!(!out.contains("NaN") && !out.contains("inf"));
    assert_eq!(out.matches("<title>").count(), 12);
}

#[test]
fn texts_of_many_runs_stay_on_the_canvas_and_apart() {
    for count in [1, 8, 20, 60] {
        let mut trajectories = runs(count, 5);
        for trajectory in &mut trajectories {
            trajectory.name = "organisation--a-model-with-a-very-long-name-70B".to_owned();
        }
        let scene = drawn(&trajectories, &PlaneFigureOptions::default());
        let column: Vec<&Text> = texts(&scene.items).filter(|text| text.position[0] > LEFT + SIDE).collect();
        for (i, text) in column.iter().enumerate() {
            let wide = super::super::text::width(&text.text, text.size);
            assert!(text.anchor == Anchor::End || text.position[0] + wide <= scene.width, "{}", text.text);
            for other in &column[..i] {
                let apart = (text.position[1] - other.position[1]).abs();
                assert!(apart >= 11.0 || text.anchor != other.anchor, "{} / {}", text.text, other.text);
            }
        }
    }
}

fn texts(items: &[Item]) -> impl Iterator<Item = &Text> {
    items.iter().filter_map(|item| match item {
        Item::Text(text) => Some(text),
        _ => None,
    })
}

#[test]
fn pixels_show_text_and_points() {
    let scene = drawn(&runs(2, 14), &PlaneFigureOptions::default());
    let pixmap = Pixmap::decode_png(&png(&scene, 1.0).unwrap()).unwrap();
    assert_eq!((pixmap.width(), pixmap.height()), (scene.width as u32, scene.height as u32));
    let inked = |left: u32, top: u32, right: u32, bottom: u32| {
        let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        pixels.filter(|&(x, y)| pixmap.pixel(x, y).is_some_and(|pixel| pixel.red() < 140)).count()
    };
    // The axis titles under and left of the frame, and the legend's column.
    assert!(inked(150, 526, 460, 550) > 200);
    assert!(inked(8, 100, 32, 420) > 200);
    assert!(inked(610, 20, 760, 100) > 100);
    // The margin at the bottom stays empty.
    assert_eq!(inked(0, 552, 806, 558), 0);
}

#[test]
fn files_are_written_by_their_extension() {
    let folder = tempfile::tempdir().unwrap();
    let scene = drawn(&runs(1, 3), &PlaneFigureOptions::default());
    let path = folder.path().join("plane.SVG");
    write(&scene, &path, 2.0).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("<svg"));
    let path = folder.path().join("plane.png");
    write(&scene, &path, 2.0).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"\x89PNG"));

    for name in ["plane.jpg", "plane"] {
        let error = write(&scene, &folder.path().join(name), 2.0).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(".svg or .png"), "{error}");
    }
    let error = write(&scene, &folder.path().join("missing/plane.svg"), 2.0).unwrap_err();
    assert_eq!(error.kind(), Kind::Output);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Writes pictures to look at: `FIGURES=/some/folder cargo test figures_to_look_at -- --ignored`.
#[test]
#[ignore = "writes pictures for the eye"]
fn figures_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var_os("FIGURES").expect("FIGURES names a folder"));
    let options = |theme| PlaneFigureOptions {
        title: Some("A language model on the information plane".to_owned()),
        caption: Some(
            "500 documents of C4, context 512, n = 100 reference points, temperature root, seed 0, mean of \
             layers 1 to 16; 184,320 positions."
                .to_owned(),
        ),
        highlight: vec![Highlight { run: 0, checkpoint: 5 }],
        theme,
    };
    write(&drawn(&runs(2, 14), &options(Theme::Light)), &folder.join("two.png"), 2.0).unwrap();
    write(&drawn(&runs(2, 14), &options(Theme::Light)), &folder.join("two.svg"), 2.0).unwrap();
    write(&drawn(&runs(2, 14), &options(Theme::Dark)), &folder.join("dark.png"), 2.0).unwrap();
    let plain = PlaneFigureOptions::default();
    write(&drawn(&runs(8, 14), &plain), &folder.join("eight.png"), 2.0).unwrap();
    write(&drawn(&runs(3, 100), &plain), &folder.join("hundred.png"), 2.0).unwrap();
    write(&drawn(&[], &plain), &folder.join("empty.png"), 2.0).unwrap();
    write(&drawn(&runs(1, 1), &plain), &folder.join("one.png"), 2.0).unwrap();

    let mut small = runs(2, 14);
    for point in small.iter_mut().flat_map(|trajectory| &mut trajectory.points) {
        (point.complexity, point.expressivity) = (point.complexity * 0.03 - 0.002, point.expressivity * 0.03);
        point.name = format!("stage2-ingredient1-step{}-tokens50B", point.checkpoint * 1193);
    }
    write(&drawn(&small, &options(Theme::Light)), &folder.join("small.png"), 2.0).unwrap();
}
