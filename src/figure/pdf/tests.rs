//! What a PDF holds, read off its bytes; `tests/suite/pdf.rs` has other programs read it.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use harfrust::FontRef;
use resvg::usvg::{Node, Tree};
use skrifa::MetadataProvider as _;

use super::font::{Fonts, Glyph};
use super::*;
use crate::figure::png::options;
use crate::figure::scene::{Anchor, Circle, Group, Item, Paint, Path, Rect as Box, Stroke, Text};
use crate::figure::svg::{Renderer, document as svg_document};
use crate::figure::text::set_in_one_line;
use crate::figure::typeface;

/// Lines with kerning and ligatures, of either font, of both and of none, with accents and with letters that look
/// alike.
const LINES: [&str; 12] = [
    "AVATAR Tokyo, LT. 0.1, fi ffi office",
    "expressivity I(Y;Z), token output, nats / ln n",
    "φ θ Ω\u{3a9}\u{2126} µ\u{3bc} ± → ≤",
    "→",
    "1 → 2 passed",
    "θ → 学 ✔ ж ∇",
    "学习 模型",
    "e\u{301} o\u{308}\u{304}",
    "a\u{a0}b c\u{2009}d",
    "🙂 and 🎉",
    "  two  spaces\tand\na\u{1b}break ",
    "שלום ok",
];

fn scene(items: Vec<Item>) -> Scene {
    Scene { width: 200.0, height: 100.0, items, ..Scene::default() }
}

fn line(text: &str) -> Item {
    Item::Text(Text::new([20.0, 30.0], text, 10.0, [0; 3]))
}

/// All streams of a document, inflated.
fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let find = |from: usize, word: &[u8]| {
        pdf[from..].windows(word.len()).position(|window| window == word).map(|at| from + at)
    };
    let mut streams = Vec::new();
    let mut from = 0;
    while let Some(start) = find(from, b"stream\n") {
        let end = find(start, b"endstream").unwrap();
        let mut stream = Vec::new();
        ZlibDecoder::new(&pdf[start + 7..end]).read_to_end(&mut stream).unwrap();
        streams.push(stream);
        from = end + 9;
    }
    streams
}

/// The first of a document's streams, which draws the page.
fn content(scene: &Scene) -> String {
    String::from_utf8_lossy(&streams(&pdf(scene).unwrap())[0]).into_owned()
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    let items = || LINES.iter().map(|text| line(text)).collect::<Vec<_>>();
    let first = pdf(&scene(items())).unwrap();
    assert_eq!(first, pdf(&scene(items())).unwrap());
    assert_ne!(first, pdf(&scene(items()[1..].to_vec())).unwrap());
    for word in [&b"Date"[..], b"/ID"] {
        assert!(!first.windows(word.len()).any(|window| window == word));
    }
}

#[test]
fn every_text_is_in_the_layer_of_text() {
    let mut fonts = Fonts::load().unwrap();
    let lines: Vec<Vec<Glyph>> = LINES.iter().map(|text| fonts.set(text)).collect();
    // By what the document says the codes mean, one line `<code> <UTF-16>` each.
    let items = LINES.iter().map(|text| line(text)).collect();
    let streams = streams(&pdf(&scene(items)).unwrap());
    let maps: Vec<String> = streams
        .iter()
        .filter(|stream| stream.windows(11).any(|window| window == b"beginbfchar"))
        .map(|stream| String::from_utf8(stream.clone()).unwrap())
        .collect();
    assert_eq!(maps.len(), 2, "both fonts are used");
    for (glyphs, text) in lines.iter().zip(LINES) {
        let mut read = Vec::new();
        for glyph in glyphs {
            let code = format!("<{:04X}> <", glyph.code);
            let meaning = maps[glyph.face].lines().find_map(|line| line.strip_prefix(&code)).unwrap_or(">");
            let digits = meaning.trim_end_matches('>').as_bytes();
            read.extend(
                digits
                    .chunks(4)
                    .map(|unit| u16::from_str_radix(std::str::from_utf8(unit).unwrap(), 16).unwrap()),
            );
        }
        assert_eq!(String::from_utf16(&read).unwrap(), set_in_one_line(text));
    }
    assert_eq!(set_in_one_line(LINES[10]), "two spaces and a\u{fffd}break");
}

#[test]
fn letters_stand_where_resvg_puts_them() {
    for text in LINES {
        for anchor in [Anchor::Start, Anchor::Middle, Anchor::End] {
            let drawn = Text::new([50.0, 40.0], text, 16.0, [0; 3]).anchored(anchor);
            let tree = svg_document(&scene(vec![Item::Text(drawn)]), Renderer::BuiltIn);
            let tree = Tree::from_str(&tree, &options()).unwrap();
            let Some(Node::Text(of_resvg)) = tree.root().children().first() else {
                panic!("no text: {text}")
            };
            let theirs: Vec<(u32, [f32; 2])> = of_resvg
                .layouted()
                .iter()
                .flat_map(|span| &span.positioned_glyphs)
                .map(|glyph| (glyph.id.0, [glyph.outline_transform().tx, glyph.outline_transform().ty]))
                .collect();

            let glyphs = Fonts::load().unwrap().set(text);
            let width: f32 = glyphs.iter().map(|glyph| glyph.advance).sum();
            let share = [0.0, 0.5, 1.0][anchor as usize];
            let mut pen = 50.0 - 16.0 * share * width;
            assert_eq!(glyphs.len(), theirs.len(), "{text}");
            for (glyph, (id, [x, y])) in glyphs.iter().zip(theirs) {
                let here = [pen + 16.0 * glyph.offset[0], 40.0 - 16.0 * glyph.offset[1]];
                assert_eq!(u32::from(glyph.id), id, "{text}");
                assert!((here[0] - x).abs() < 0.01 && (here[1] - y).abs() < 0.01, "{text}: {here:?} {x} {y}");
                pen += 16.0 * glyph.advance;
            }
        }
    }
}

#[test]
fn what_the_first_font_lacks_is_of_the_second_beside_ligatures_too() {
    let mut fonts = Fonts::load().unwrap();
    let mut faces = |text: &str| -> Vec<(usize, bool)> {
        fonts.set(text).iter().map(|glyph| (glyph.face, glyph.id == 0)).collect()
    };
    let (of_text, of_rest, of_none) = ((0, false), (1, false), (0, true));
    assert_eq!(faces("a→学"), [of_text, of_rest, of_none]);
    assert_eq!(faces("a→"), [of_rest; 2], "a line that the second font has whole is of one font");
    let ligature = faces("fi→学");
    assert_eq!(ligature, [of_text, of_rest, of_none]);
    // The second font has two glyphs for the last three characters, where the first has a letter and a box.
    assert_eq!(faces("o\u{308}\u{304}z\u{307}\u{323}"), [of_text, of_rest, of_rest]);
}

#[test]
fn no_font_has_letters_that_run_from_right_to_left() {
    for data in typeface::FONTS {
        let font = FontRef::new(data).unwrap();
        for (first, last) in [(0x590, 0x8ff), (0xfb1d, 0xfdff), (0xfe70, 0xfefc), (0x10800, 0x10fff)] {
            let mut found = (first..=last).filter(|&c: &u32| font.charmap().map(c).is_some());
            assert_eq!(found.next(), None);
        }
    }
}

#[test]
fn a_rim_is_no_second_text() {
    let halo = Some(Stroke::new(Paint::faint([255; 3], 0.85), 3.0));
    let text = Text { halo, ..Text::new([20.0, 30.0], "step-1000", 10.0, [0; 3]) };
    let content = content(&scene(vec![Item::Text(text)]));
    assert_eq!(content.matches("BT\n").count(), 1, "{content}");
    let (rim, letters) = content.split_once("BT\n").unwrap();
    assert!(rim.contains(" c\n") && rim.contains("3 w") && rim.contains("\nf\n") && rim.contains("\nS\n"));
    assert!(letters.contains("TJ") && letters.contains("2 Tr"));
}

#[test]
fn what_is_no_number_or_has_no_size_is_left_out() {
    let (fill, stroke) = (Some(Paint::solid([1; 3])), Some(Stroke::new(Paint::solid([2; 3]), 1.0)));
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0];
    for value in odd {
        let mut items = vec![
            Item::Circle(Circle { radius: value, fill, stroke, ..Circle::default() }),
            Item::Rect(Box { size: [value, 5.0], fill, stroke, ..Box::default() }),
            Item::Path(Path { points: vec![[value; 2]], fill, stroke, ..Path::default() }),
            Item::Text(Text { size: value, ..Text::new([1.0; 2], "a", 1.0, [0; 3]) }),
            Item::Image(Image { min: [0.0; 2], size: [value, 1.0], columns: 1, pixels: vec![[0; 3]] }),
        ];
        let clip = Some(Box { size: [value, 5.0], ..Box::default() });
        let inside = vec![Item::Circle(Circle { radius: 2.0, fill, ..Circle::default() })];
        items.push(Item::Group(Group { clip, items: inside }));
        // The one line that turns the page.
        assert_eq!(content(&scene(items)).lines().count(), 1, "{value}");

        let stroke = Stroke { dash: Some([value, 2.0]), ..Stroke::new(Paint::faint([2; 3], value), 1.0) };
        let items = vec![
            Item::Path(Path::line(vec![[value, 1.0], [2.0, value]], stroke)),
            Item::Circle(Circle { center: [value; 2], radius: 2.0, fill, ..Circle::default() }),
            Item::Text(Text::new([value; 2], "a", 10.0, [0; 3]).turned(value)),
        ];
        let content = content(&scene(items));
        assert!(!content.contains("NaN") && !content.contains("inf"), "{content}");
    }
    for side in odd.into_iter().chain([0.5, 14_401.0]) {
        let error = pdf(&Scene { width: side, height: 10.0, ..Scene::default() }).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{side}");
    }
}

#[test]
fn images_are_in_the_document_as_they_are() {
    let pixels: Vec<[u8; 3]> = (0..6).map(|i| [i, 2 * i, 255 - i]).collect();
    let image = Image { min: [10.0, 20.0], size: [60.0, 30.0], columns: 3, pixels: pixels.clone() };
    let scene = scene(vec![Item::Image(image.clone()), Item::Image(image)]);
    let bytes = pdf(&scene).unwrap();
    let found = streams(&bytes).iter().filter(|stream| *stream == pixels.as_flattened()).count();
    assert_eq!(found, 2);
    let text = String::from_utf8_lossy(&bytes);
    for word in ["/Width 3", "/Height 2", "/BitsPerComponent 8", "/DeviceRGB", "/Interpolate false"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(content(&scene).contains("60 0 0 -30 10 50 cm\n/I0 Do"), "{}", content(&scene));
}

#[test]
fn a_document_says_what_it_is() {
    let said = |text: &str| Some(text.to_owned());
    let bytes = pdf(&Scene { title: said("Two runs"), description: said("64 documents"), ..scene(vec![]) });
    let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    for word in ["/Title (Two runs)", "/Subject (64 documents)", "/Lang (en)", "/MediaBox [0 0 200 100]"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("/Font <<\n/F"), "no font where there is no text");
}
