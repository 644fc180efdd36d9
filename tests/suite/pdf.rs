//! Figures in PDF as other programs read them: poppler's tools and qpdf.

use std::path::Path as FilePath;
use std::process::Command;

use infoplane::figure::{
    Anchor, Circle, FigureOptions, Group, Image, Item, POINTS_PER_UNIT, Paint, Path, Rect, Scene, Stroke,
    Text, layout, pdf, png,
};
use infoplane::results::{join, read_all};
use infoplane::views::View;
use infoplane::views::options::Options;
use infoplane::views::snapshot::Snapshot;
use resvg::tiny_skia::Pixmap;

use super::support::fixture;

/// Whether what reads PDF is here; told loudly where it is not. Where `CI` is set there is no excuse.
fn readers() -> bool {
    for program in ["pdftotext", "pdffonts", "pdftoppm", "pdfinfo", "qpdf"] {
        let version = if program == "qpdf" { "--version" } else { "-v" };
        if let Err(error) = Command::new(program).arg(version).output() {
            assert!(std::env::var_os("CI").is_none(), "no {program}: {error}");
            eprintln!("SKIPPED: {program} of poppler-utils and qpdf is missing, so nothing here reads PDF");
            return false;
        }
    }
    true
}

/// What a program prints, which must succeed.
fn printed(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    let (out, err) =
        [output.stdout, output.stderr].map(|out| String::from_utf8_lossy(&out).into_owned()).into();
    assert!(output.status.success() && err.is_empty(), "{program} {args:?}: {out}{err}");
    out
}

/// A scene as a file in a folder of its own.
struct Written {
    folder: tempfile::TempDir,
}

impl Written {
    fn new(scene: &Scene) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("figure.pdf"), pdf(scene).unwrap()).unwrap();
        Self { folder }
    }

    fn path(&self) -> String {
        self.folder.path().join("figure.pdf").to_str().unwrap().to_owned()
    }

    /// The text in the order of the page's stream.
    fn text(&self) -> String {
        printed("pdftotext", &["-raw", "-enc", "UTF-8", &self.path(), "-"])
    }

    /// The page as poppler draws it, at `scale` pixels per pixel of the scene.
    fn drawn(&self, scale: f32) -> Pixmap {
        let out = self.folder.path().join("page").to_str().unwrap().to_owned();
        let dots = format!("{}", 72.0 * scale / POINTS_PER_UNIT);
        printed("pdftoppm", &["-r", &dots, "-png", "-singlefile", &self.path(), &out]);
        Pixmap::decode_png(&std::fs::read(FilePath::new(&out).with_extension("png")).unwrap()).unwrap()
    }
}

/// The plane of the runs that ship as fixtures, with title and caption.
fn plane() -> Scene {
    let (runs, _) = join(read_all(&[fixture("results/schema-1.json")]).unwrap());
    let view = View::of_kind("plane").unwrap();
    let chart = (view.chart)(&Snapshot::recorded(&runs), &Options::default()).unwrap();
    let title = Some("Fixture & run: φ = I(Y;Z) / I(X;Z)".to_owned());
    let mut scene = layout(&chart, &FigureOptions { title, ..FigureOptions::default() });
    // Whole points a side, so that pages and pictures have as many pixels as each other.
    let size = [scene.width.ceil(), scene.height.ceil()];
    [scene.width, scene.height] = size;
    let ground = Rect { size, fill: Some(Paint::solid([255; 3])), ..Rect::default() };
    scene.items.insert(0, Item::Rect(ground));
    scene
}

/// One of everything a scene can hold, on white.
fn everything() -> Scene {
    let (red, blue) = ([200, 30, 30], [30, 60, 200]);
    let ground = Rect { size: [300.0, 200.0], fill: Some(Paint::solid([255; 3])), ..Rect::default() };
    let dashed = Stroke { dash: Some([6.0, 3.0]), ..Stroke::new(Paint::solid(blue), 2.0) };
    let bend = vec![[20.0, 20.0], [60.0, 60.0], [100.0, 15.0], [140.0, 70.0]];
    let faint = (Some(Paint::faint(red, 0.4)), Some(Stroke::new(Paint::faint(blue, 0.6), 6.0)));
    let label = |y: f32, text: &str| Text::new([150.0, y], text, 14.0, [20; 3]);
    let halo = Some(Stroke::new(Paint::faint([255; 3], 0.85), 3.0));
    let cells = (0..12).map(|i| [20 * i, 255 - 20 * i, 90]).collect();
    let clipped = vec![
        Item::Circle(Circle {
            center: [250.0, 40.0],
            radius: 30.0,
            fill: Some(Paint::solid(red)),
            ..Circle::default()
        }),
        Item::Path(Path::line(vec![[200.0, 40.0], [300.0, 45.0]], Stroke::new(Paint::solid(blue), 5.0))),
    ];
    let clip = Some(Rect { min: [230.0, 20.0], size: [50.0, 30.0], ..Rect::default() });
    let items = vec![
        Item::Rect(ground),
        Item::Path(Path::line(bend.clone(), dashed)),
        Item::Path(Path { points: bend, fill: Some(Paint::faint(blue, 0.2)), ..Path::default() }),
        Item::Circle(Circle {
            center: [60.0, 120.0],
            radius: 25.0,
            fill: faint.0,
            stroke: faint.1,
            ..Circle::default()
        }),
        Item::Rect(Rect { min: [20.0, 150.0], size: [40.0, 30.0], fill: faint.0, stroke: faint.1 }),
        Item::Image(Image { min: [180.0, 130.0], size: [100.0, 60.0], columns: 4, pixels: cells }),
        Item::Group(Group { clip, items: clipped }),
        Item::Text(label(90.0, "start → φ 学")),
        Item::Text(label(110.0, "middle").anchored(Anchor::Middle).bold()),
        Item::Text(Text { halo, ..label(128.0, "end of it").anchored(Anchor::End) }),
        Item::Text(label(150.0, "turned").turned(-35.0)),
    ];
    let title = Some("Everything".to_owned());
    Scene { width: 300.0, height: 200.0, items, title, ..Scene::default() }
}

fn texts_of(item: &Item) -> Vec<&Text> {
    match item {
        Item::Text(text) => vec![text],
        Item::Group(group) => texts(&group.items),
        _ => vec![],
    }
}

/// All lines of text of a scene.
fn texts(items: &[Item]) -> Vec<&Text> {
    items.iter().flat_map(texts_of).collect()
}

#[test]
fn documents_are_sound_and_hold_their_fonts() {
    if !readers() {
        return;
    }
    for scene in [plane(), everything()] {
        let file = Written::new(&scene);
        let checked = printed("qpdf", &["--check", &file.path()]);
        assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
        let fonts = printed("pdffonts", &[&file.path()]);
        let fonts: Vec<Vec<&str>> =
            fonts.lines().skip(2).map(|row| row.split_whitespace().collect()).collect();
        assert!(!fonts.is_empty());
        for row in fonts {
            // Name, type in two words, encoding, and whether it is embedded, a subset and mapped to Unicode.
            assert_eq!(row[1..7], ["CID", "TrueType", "Identity-H", "yes", "yes", "yes"], "{row:?}");
            assert!(row[0].contains("+Ubuntu-Light") || row[0].contains("+Hack-Regular"), "{row:?}");
        }
        let about = printed("pdfinfo", &[&file.path()]);
        assert!(about.contains(scene.title.as_deref().unwrap()), "{about}");
        let size = about.lines().find_map(|line| line.strip_prefix("Page size:")?.split(" pts").next());
        let sides =
            size.expect("a page has a size").split(" x ").map(|side| side.trim().parse::<f32>().unwrap());
        for (side, drawn) in sides.zip([scene.width, scene.height]) {
            assert!((side - drawn * POINTS_PER_UNIT).abs() < 0.01, "{about}");
        }
        assert!(!about.contains("Date"), "{about}");
    }
}

#[test]
fn every_label_is_found_once_as_text() {
    if !readers() {
        return;
    }
    for scene in [plane(), everything()] {
        let found = Written::new(&scene).text();
        let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = texts(&scene.items);
        for text in &said {
            // Poppler takes the letters of a slanted line for lines of their own.
            let slanted = text.rotation_degrees % 90.0 != 0.0;
            assert!(slanted || joined(&found).contains(&joined(&text.text)), "{}: {found}", text.text);
        }
        let sorted = |text: &str| {
            let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
            letters.sort();
            letters
        };
        let said: String = said.iter().map(|text| text.text.as_str()).collect();
        assert_eq!(sorted(&found), sorted(&said), "{found}");
    }
}

/// The mean difference of channels of two pictures on white, in levels of 255.
fn difference(a: &Pixmap, b: &Pixmap) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let sum: u64 = a.data().iter().zip(b.data()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.data().len() as f64
}

#[test]
fn pages_look_like_the_png() {
    if !readers() {
        return;
    }
    for (name, scene) in [("plane", plane()), ("everything", everything())] {
        let ours = Pixmap::decode_png(&png(&scene, 3.0).unwrap()).unwrap();
        let page = Written::new(&scene).drawn(3.0);
        let apart = difference(&ours, &page);
        println!("{name}: {apart:.2} levels of 255 between PNG and PDF");
        assert!(apart < 1.0, "{name}: {apart}");
        // The measure is not blind: without its text a page is further away.
        let bare = Scene { items: without_text(&scene.items), ..scene.clone() };
        assert!(difference(&ours, &Written::new(&bare).drawn(3.0)) > 1.5 * apart, "{name}: {apart}");
    }
}

fn without_text(items: &[Item]) -> Vec<Item> {
    let bare = |item: &Item| match item {
        Item::Text(_) => None,
        Item::Group(group) => Some(Item::Group(Group { items: without_text(&group.items), ..group.clone() })),
        other => Some(other.clone()),
    };
    items.iter().filter_map(bare).collect()
}

/// The first and the last column and row with ink.
fn ink(pixmap: &Pixmap) -> [u32; 4] {
    let width = pixmap.width();
    let dark = pixmap.pixels().iter().enumerate().filter(|(_, pixel)| pixel.red() < 160);
    dark.fold([u32::MAX, u32::MAX, 0, 0], |[left, top, right, bottom], (index, _)| {
        let (x, y) = (index as u32 % width, index as u32 / width);
        [left.min(x), top.min(y), right.max(x), bottom.max(y)]
    })
}

#[test]
fn no_label_is_displaced() {
    if !readers() {
        return;
    }
    for scene in [plane(), everything()] {
        let ground =
            Rect { size: [scene.width, scene.height], fill: Some(Paint::solid([255; 3])), ..Rect::default() };
        for text in texts(&scene.items) {
            let alone = Text { fill: Paint::solid([0; 3]), halo: None, ..text.clone() };
            let alone = Scene { items: vec![Item::Rect(ground), Item::Text(alone)], ..scene.clone() };
            let ours = ink(&Pixmap::decode_png(&png(&alone, 3.0).unwrap()).unwrap());
            let page = ink(&Written::new(&alone).drawn(3.0));
            assert!(ours[0] < ours[2], "no ink: {}", text.text);
            for (ours, page) in ours.iter().zip(page) {
                assert!(ours.abs_diff(page) <= 1, "{}: {ours} {page} of a third of a pixel", text.text);
            }
        }
    }
}

#[test]
fn cells_of_images_have_sharp_edges() {
    if !readers() {
        return;
    }
    let (black, white) = ([0; 3], [255; 3]);
    let pixels = vec![black, white, black, white, black, white];
    let image = Image { min: [10.0, 10.0], size: [60.0, 40.0], columns: 3, pixels };
    let scene = Scene { width: 80.0, height: 60.0, items: vec![Item::Image(image)], ..Scene::default() };
    let page = Written::new(&scene).drawn(2.0);
    for (x, y) in (21..139).flat_map(|x| (21..99).map(move |y| (x, y))) {
        let cell = (x - 20) / 40 + (y - 20) / 40;
        // The pixels beside an edge may be of either cell, but of none between.
        let near = [(x - 20) % 40, (y - 20) % 40].iter().any(|&at| at == 0 || at == 39);
        let level = page.pixel(x, y).unwrap().red();
        let expected = if cell % 2 == 0 { 0 } else { 255 };
        assert!(level == expected || near && (level == 0 || level == 255), "{x}, {y}: {level}");
    }
}
