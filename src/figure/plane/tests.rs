//! What the plane's figure says, read off its SVG and its pixels.

use resvg::tiny_skia::Pixmap;

use super::*;
use crate::error::Kind;
use crate::figure::kept::assert_as_kept;
use crate::figure::{png, svg, write};
use crate::views::marks::caption;
use crate::views::plane::Basis;

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
            entropy: 0.8,
            loss: Some(9.0 - 6.0 * t),
            basis: Basis::recorded(64),
            joined: checkpoint > 0,
            ..PlanePoint::default()
        }
    };
    let points = (0..count).map(point).collect();
    Trajectory { run, name: name.to_owned(), points, ..Trajectory::default() }
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
        ">above the bound<",
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
fn the_plane_is_drawn_as_in_the_picture_kept_of_it() {
    let mut trajectories = runs(2, 5);
    // A pinned condition, and a first estimate.
    trajectories[1].style = 1;
    trajectories[0].points[4].basis.documents = 16;
    let options = PlaneFigureOptions {
        caption: Some("64 documents, n = 100".to_owned()),
        highlight: vec![Highlight { run: 0, checkpoint: 2 }],
        ..Default::default()
    };
    let scene = drawn(&trajectories, &options);
    assert_as_kept(&scene, include_str!("../../../tests/fixtures/figure/plane.svg"), "plane.svg");
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

/// All that a figure says, its lines joined.
fn said(svg: &str) -> String {
    let texts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What is drawn within the frame.
fn data_of(scene: &Scene) -> &[Item] {
    let data = scene.items.iter().find_map(|item| match item {
        Item::Group(group) => Some(group.items.as_slice()),
        _ => None,
    });
    data.expect("data are drawn")
}

/// The lines between points, each with whether it is dashed and the number of its points.
fn lines(scene: &Scene) -> Vec<(bool, usize)> {
    let line = |item: &Item| match item {
        Item::Path(Path { points, closed: false, stroke: Some(stroke), .. }) if stroke.width == 1.5 => {
            Some((stroke.dash.is_some(), points.len()))
        }
        _ => None,
    };
    data_of(scene).iter().filter_map(line).collect()
}

#[test]
fn first_estimates_are_open_marks_that_no_line_joins_to_final_points() {
    let mut trajectories = runs(1, 8);
    for point in &mut trajectories[0].points[5..] {
        point.basis = Basis { documents: 16, ..Basis::default() };
    }
    Trajectory::join(&mut trajectories[0].points, |_| false);
    let scene = drawn(&trajectories, &PlaneFigureOptions::default());
    assert_eq!(lines(&scene), [(false, 5), (false, 3)]);
    assert!(
        said(&svg(&scene)).contains(" first estimates on 16 documents"),
        "the legend explains open marks"
    );
    let ground = Some(Paint::solid([255; 3]));
    let open =
        data_of(&scene).iter().filter(|item| matches!(item, Item::Circle(circle) if circle.fill == ground));
    assert_eq!(open.count(), 3, "only final points are filled");
}

#[test]
fn stale_points_are_open_and_dashed() {
    let mut trajectories = runs(1, 6);
    for point in &mut trajectories[0].points {
        point.basis.earlier = 1;
    }
    Trajectory::join(&mut trajectories[0].points, |_| false);
    let scene = drawn(&trajectories, &PlaneFigureOptions::default());
    assert_eq!(lines(&scene), [(true, 6)]);
    assert!(said(&svg(&scene)).contains(" measured under earlier settings training progress"));
}

#[test]
fn doubtful_points_carry_a_mark_and_its_reason() {
    let mut trajectories = runs(1, 3);
    trajectories[0].points[2].singletons = Some([0.9, 0.92]);
    trajectories[0].points[1].expressivity = trajectories[0].points[1].complexity + 0.05;
    let options = PlaneFigureOptions {
        highlight: vec![Highlight { run: 0, checkpoint: 2 }],
        caption: Some(caption(&trajectories)),
        ..PlaneFigureOptions::default()
    };
    let out = svg(&drawn(&trajectories, &options));
    let phi = trajectories[0].points[2].optimality.unwrap();
    assert!(out.contains(&format!(">step-2000 · φ {phi:.2} !<")), "{out}");
    assert!(out.contains(&format!("3 checkpoints, last φ {phi:.2} !<")));
    let words = said(&out);
    assert!(
        words.contains("! up to 92 % of positions have a label seen once")
            && words.contains("! above the bound"),
        "{words}"
    );
    // One beside the point, one for each reason in the legend.
    assert_eq!(out.matches(">!<").count(), 3);
    assert!(words.contains("! above the bound: few positions a label"), "{words}");
    assert!(out.contains(" · ! above the bound</title>"));
}

#[test]
fn the_legend_reads_from_the_top_down() {
    let mut trajectories = runs(3, 5);
    trajectories[1].distinction = "n = 50".to_owned();
    trajectories[2].points.clear();
    trajectories[2].absence = Some("no layer 4".to_owned());
    trajectories[0].points[4].basis = Basis { documents: 16, ..Basis::default() };
    let scene = drawn(&trajectories, &PlaneFigureOptions::default());
    let column = LEFT + SIDE + COLUMN_GAP;
    let mut found: Vec<(f32, &str)> = texts(&scene.items)
        .filter(|text| text.position[0] >= column)
        .map(|text| (text.position[1], text.text.as_str()))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let words: Vec<&str> = found.iter().map(|(_, text)| *text).collect();
    assert_eq!((words[0], words[2], words[5]), ("model-0", "model-1", "model-2"), "{words:?}");
    assert!(words[1].starts_with("5 checkpoints, last φ"));
    assert!(words[3] == "n = 50" && words[4].starts_with("5 checkpoints"));
    assert_eq!(words[6], "no layer 4");
    assert_eq!(words[7..10].join(" "), "first estimates on 16 documents training progress");
    assert_eq!(words.len(), 12);
    // Keys stand beside their names.
    let keys: Vec<f32> = scene
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Path(path) if path.points.len() == 2 && path.points[0][0] == column => {
                Some(path.points[0][1])
            }
            _ => None,
        })
        .collect();
    let names = [0, 2, 5].map(|i| found[i].0 - 4.5);
    assert_eq!(keys, names);
}

#[test]
fn single_models_have_no_progress_to_show() {
    let out = svg(&drawn(&runs(4, 1), &PlaneFigureOptions::default()));
    assert!(!out.contains("training progress") && out.contains("model-3"));
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
    let empty = [Trajectory { name: "gone".to_owned(), ..Trajectory::default() }];
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

    let path = folder.path().join("plane.pdf");
    write(&scene, &path, 2.0).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"%PDF-"));

    for name in ["plane.jpg", "plane"] {
        let error = write(&scene, &folder.path().join(name), 2.0).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains(".pdf, .svg, .png, or .csv"), "{error}");
    }
    let error = write(&scene, &folder.path().join("missing/plane.svg"), 2.0).unwrap_err();
    assert_eq!(error.kind(), Kind::Output);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
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
    write(&drawn(&runs(2, 14), &options(Theme::Light)), &folder.join("two.pdf"), 2.0).unwrap();
    write(&drawn(&runs(2, 14), &options(Theme::Dark)), &folder.join("dark.pdf"), 2.0).unwrap();
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
