//! Lines of text as glyphs of the window's fonts, and what is used of these fonts inside a PDF.

use std::collections::BTreeMap;

use harfrust::{Direction, FontRef, GlyphId, ShapeOptions, ShaperData, UnicodeBuffer};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish as _, Name, Pdf, Rect, Ref, Str};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::prelude::{LocationRef, Size};
use skrifa::string::StringId;
use skrifa::{MetadataProvider as _, metrics::Metrics};
use subsetter::{GlyphRemapper, subset};

use super::{deflated, failed};
use crate::error::Result;
use crate::figure::text::set_in_one_line;
use crate::figure::typeface::FONTS;

/// How the codes of a font's glyphs are to be read: by tables of its own.
const SYSTEM: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The name under which [`UnicodeCmap`] keeps what the codes mean.
const MEANINGS: Name<'_> = Name(b"Adobe-Identity-UCS");

/// The fonts of a document.
pub(super) struct Fonts {
    faces: [Face; FONTS.len()],
}

/// One font, and what was set in it.
pub(super) struct Face {
    data: &'static [u8],
    font: FontRef<'static>,
    shaper: ShaperData,
    metrics: Metrics,
    /// The code of each glyph with what it stands for: a glyph that stands for two characters has two codes.
    codes: BTreeMap<(u16, String), u16>,
    /// The glyphs with what they stand for, by their code less 1: code 0 stands for nothing.
    glyphs: Vec<(u16, String)>,
}

/// A glyph of a line; lengths in ems.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glyph {
    /// Which of the fonts it is of.
    pub face: usize,
    /// What it is in the font's file.
    pub id: u16,
    /// What it is in the document.
    pub code: u16,
    /// From where it starts to where the next one does.
    pub advance: f32,
    /// The same as the font has it, for glyphs with no neighbour.
    pub width: f32,
    /// Where it stands, right and up of the pen.
    pub offset: [f32; 2],
}

/// A glyph before it has a code.
struct Shaped {
    face: usize,
    id: u16,
    /// The first byte of what it stands for.
    start: usize,
    advance: f32,
    offset: [f32; 2],
}

impl Fonts {
    /// The fonts, with nothing set in them.
    ///
    /// # Errors
    /// An output error where one cannot be read.
    pub fn load() -> Result<Self> {
        let [text, rest] = FONTS;
        Ok(Self { faces: [Face::load(text)?, Face::load(rest)?] })
    }

    /// The fonts that something was set in, with their names on the page.
    pub fn used(&self) -> impl Iterator<Item = (String, &Face)> {
        let used = self.faces.iter().enumerate().filter(|(_, face)| !face.glyphs.is_empty());
        used.map(|(index, face)| (name(index), face))
    }

    /// A line's glyphs from left to right, chosen as resvg does: all of the first font that has all characters,
    /// else those that the first font lacks of the second. A character that neither has is an empty box.
    pub fn set(&mut self, text: &str) -> Vec<Glyph> {
        let text = set_in_one_line(text);
        let mut shaped = self.faces[0].shape(0, &text);
        for (index, face) in self.faces.iter().enumerate().skip(1) {
            if shaped.iter().all(|glyph| glyph.id != 0) {
                break;
            }
            let other = face.shape(index, &text);
            shaped = if other.iter().all(|glyph| glyph.id != 0) { other } else { filled(shaped, other) };
        }
        let mut line = Vec::with_capacity(shaped.len());
        let mut rest = &shaped[..];
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|glyph| glyph.start == first.start).count();
            let (cluster, after) = rest.split_at(count);
            rest = after;
            let end = rest.first().map_or(text.len(), |glyph| glyph.start);
            let mut characters = text[first.start..end].chars();
            for (i, glyph) in cluster.iter().enumerate() {
                // A character a glyph, such as a letter and its accent; the last stands for what is left.
                let meaning: String = match i + 1 == count {
                    true => characters.by_ref().collect(),
                    false => characters.next().into_iter().collect(),
                };
                let face = &mut self.faces[glyph.face];
                line.push(Glyph {
                    face: glyph.face,
                    id: glyph.id,
                    code: face.code(glyph.id, meaning),
                    advance: glyph.advance,
                    width: face.width(glyph.id),
                    offset: glyph.offset,
                });
            }
        }
        line
    }

    /// Draws a glyph's outline in ems, y up.
    pub fn outline(&self, glyph: &Glyph, pen: &mut impl OutlinePen) {
        let face = &self.faces[glyph.face];
        let outline = face.font.outline_glyphs().get(GlyphId::new(u32::from(glyph.id)));
        let settings = DrawSettings::unhinted(Size::new(1.0), LocationRef::default());
        // A glyph that cannot be drawn, such as a space, has no rim.
        let _ = outline.map(|outline| outline.draw(settings, pen));
    }
}

/// The name on the page of the font with this index.
pub(super) fn name(index: usize) -> String {
    format!("F{index}")
}

/// The first line, where what it lacks is as in the second line of the same text: glyph by glyph as resvg does, or,
/// where ligatures of one make glyphs and glyphs no pairs, character by character, where resvg gives up.
fn filled(first: Vec<Shaped>, second: Vec<Shaped>) -> Vec<Shaped> {
    if first.len() == second.len() {
        let pairs = first.into_iter().zip(second);
        let chosen =
            pairs.map(|(a, b)| if a.id == 0 && b.id != 0 { Shaped { start: a.start, ..b } } else { a });
        return chosen.collect();
    }
    let clusters = |glyphs: Vec<Shaped>| {
        let mut clusters: BTreeMap<usize, Vec<Shaped>> = BTreeMap::new();
        for glyph in glyphs {
            clusters.entry(glyph.start).or_default().push(glyph);
        }
        clusters
    };
    let missing = |cluster: &[Shaped]| cluster.iter().any(|glyph| glyph.id == 0);
    let mut second = clusters(second);
    let of_either = |(start, cluster): (usize, Vec<Shaped>)| {
        let other = missing(&cluster).then(|| second.remove(&start)).flatten();
        other.filter(|other| !missing(other)).unwrap_or(cluster)
    };
    clusters(first).into_iter().flat_map(of_either).collect()
}

impl Face {
    fn load(data: &'static [u8]) -> Result<Self> {
        let font = FontRef::new(data).map_err(failed)?;
        let metrics = font.metrics(Size::new(1.0), LocationRef::default());
        let shaper = ShaperData::new(&font);
        Ok(Self { data, font, shaper, metrics, codes: BTreeMap::new(), glyphs: Vec::new() })
    }

    /// The glyphs of a text, ligatures and kerning included. The fonts have no letters of scripts that run from
    /// right to left, so that every line runs from left to right.
    fn shape(&self, face: usize, text: &str) -> Vec<Shaped> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.set_direction(Direction::LeftToRight);
        buffer.guess_segment_properties();
        let shaper = self.shaper.shaper(&self.font).build();
        let ems = |units: i32| units as f32 / shaper.units_per_em() as f32;
        let glyphs = shaper.shape(buffer, ShapeOptions::new());
        let places = glyphs.glyph_infos().iter().zip(glyphs.glyph_positions());
        let shaped = places.map(|(glyph, place)| Shaped {
            face,
            // Files of fonts number glyphs by 16 bits.
            id: u16::try_from(glyph.glyph_id).unwrap_or(0),
            start: glyph.cluster as usize,
            advance: ems(place.x_advance),
            offset: [place.x_offset, place.y_offset].map(ems),
        });
        shaped.collect()
    }

    /// The code in the document of a glyph that stands for `meaning`; the empty box for nothing where there are
    /// no codes left.
    fn code(&mut self, id: u16, meaning: String) -> u16 {
        let key = (id, meaning);
        if let Some(&code) = self.codes.get(&key) {
            return code;
        }
        let Ok(code) = u16::try_from(self.glyphs.len() + 1) else { return 0 };
        self.glyphs.push(key.clone());
        self.codes.insert(key, code);
        code
    }

    /// The advance of a glyph with no neighbour, in ems.
    fn width(&self, id: u16) -> f32 {
        let metrics = self.font.glyph_metrics(Size::new(1.0), LocationRef::default());
        metrics.advance_width(GlyphId::new(u32::from(id))).unwrap_or(0.0)
    }

    /// Writes the font with the glyphs that are used, and what they stand for.
    ///
    /// # Errors
    /// An output error where these glyphs cannot be taken out of the font.
    pub fn embed(&self, pdf: &mut Pdf, reference: Ref, next: &mut Ref) -> Result<()> {
        let [descendant, descriptor, file, places, meanings] = std::array::from_fn(|_| next.bump());
        // The empty box first, as in every font.
        let ids = || std::iter::once(0).chain(self.glyphs.iter().map(|&(id, _)| id));
        let mut chosen = GlyphRemapper::new();
        ids().for_each(|id| {
            chosen.remap(id);
        });
        let data = subset(self.data, 0, &chosen).map_err(failed)?;
        let name = format!("{}+{}", tag(&data), self.name());
        let name = Name(name.as_bytes());

        pdf.type0_font(reference)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(meanings);

        let mut font = pdf.cid_font(descendant);
        font.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM);
        font.font_descriptor(descriptor).default_width(0.0).cid_to_gid_map_stream(places);
        font.widths().consecutive(0, ids().map(|id| 1000.0 * self.width(id)));
        font.finish();

        let metrics = &self.metrics;
        let bounds = metrics.bounds.unwrap_or_default();
        let [left, bottom, right, top] =
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(|length| 1000.0 * length);
        let mut flags = FontFlags::SYMBOLIC;
        flags.set(FontFlags::FIXED_PITCH, metrics.is_monospace);
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(flags)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(metrics.italic_angle)
            .ascent(1000.0 * metrics.ascent)
            .descent(1000.0 * metrics.descent)
            .cap_height(1000.0 * metrics.cap_height.unwrap_or(metrics.ascent))
            // Asked for, though nothing is drawn by it where the font is in the file.
            .stem_v(80.0)
            .font_file2(file);

        pdf.stream(file, &deflated(&data)?)
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), i32::try_from(data.len()).map_err(failed)?);
        let placed: Vec<u8> = ids().flat_map(|id| chosen.get(id).unwrap_or(0).to_be_bytes()).collect();
        pdf.stream(places, &deflated(&placed)?).filter(Filter::FlateDecode);
        let mut map = UnicodeCmap::new(MEANINGS, SYSTEM);
        for (code, (_, meaning)) in (1u16..).zip(&self.glyphs) {
            if !meaning.is_empty() {
                map.pair_with_multiple(code, meaning.chars());
            }
        }
        pdf.cmap(meanings, &deflated(&map.finish())?).filter(Filter::FlateDecode);
        Ok(())
    }

    /// The font's name among fonts.
    fn name(&self) -> String {
        let names = self.font.localized_strings(StringId::POSTSCRIPT_NAME);
        names.english_or_first().map_or_else(|| "Font".to_owned(), |name| name.chars().collect())
    }
}

/// Six capital letters that tell parts of a font apart, by their bytes (FNV-1a).
fn tag(data: &[u8]) -> String {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = data.iter().fold(0xcbf2_9ce4_8422_2325, step);
    let letters = std::iter::repeat_with(|| {
        let letter = char::from(b'A' + (hash % 26) as u8);
        hash /= 26;
        letter
    });
    letters.take(6).collect()
}
