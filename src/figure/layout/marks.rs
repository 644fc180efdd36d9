//! Marks within a frame, and the names beside them.

use super::frame::Frame;
use super::sampled::marked;
use super::{Context, size, width};
use crate::chart::{
    Bars, Cell, Cells, Color, Curve, Dash, Datum, Facet, Fill, Line, Mark, Marker, Remark, Rule, Series,
    Words,
};
use crate::figure::color::{Rgb, mix};
use crate::figure::ink;
use crate::figure::labels::{Label, Placer};
use crate::figure::marker::{Look, marker};
use crate::figure::scene::{Anchor, Circle, Group, Image, Item, Paint, Path, Rect, Stroke, Text, Weight};
use crate::figure::text::{elide, width as text_width};

/// The radius of a mark in points, and of one in a dense series.
const RADIUS: f32 = 2.6;
const DENSE_RADIUS: f32 = 2.0;
/// The radius of a speck.
const SPECK: f32 = 1.1;
/// From more data than this marks of a series are smaller.
const DENSE: usize = 40;
/// From more data than this whiskers hide what they explain.
const WHISKERS: usize = 40;
/// The opacity of a band, and of an area.
const BAND: f32 = 0.16;
const AREA: f32 = 0.85;
/// The height of a line in a cell.
pub const LINE: f32 = 7.0;
/// The widest name beside a datum.
const LABEL_WIDTH: f32 = 110.0;

/// What lies under the axes: areas, cells and curves.
pub fn under(facet: &Facet, frame: &Frame, context: &Context<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    let tables: Vec<&Cells> = facet
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Cells(table) = mark { Some(table) } else { None })
        .collect();
    let is_first = |table: &Cells| tables.first().is_some_and(|first| std::ptr::eq(*first, table));
    for mark in &facet.marks {
        match mark {
            // Tables of one frame lie beside each other: all are one image.
            Mark::Cells(table) if is_first(table) => items.extend(cells(&tables, frame, context)),
            Mark::Curve(curve) if curve.is_area => items.extend(area(curve, frame, context)),
            Mark::Series(series) if series.fill == Fill::Area => {
                items.extend(between(series, frame, context, AREA))
            }
            Mark::Series(series) if series.fill == Fill::Band => {
                items.extend(between(series, frame, context, BAND))
            }
            Mark::Bars(of) => items.extend(bars(of, frame, context)),
            _ => {}
        }
    }
    vec![Item::Group(Group { clip: Some(frame.rect(0.0)), items })]
}

/// What lies over the axes: lines, marks and words.
pub fn over(facet: &Facet, frame: &Frame, context: &Context<'_>) -> Vec<Item> {
    let mut placer = Placer::new(frame.rect(-2.0));
    let (mut lines, mut marks, mut words) = (Vec::new(), Vec::new(), Vec::new());
    let mut corner = Vec::new();
    let mut labels = Vec::new();
    let series: Vec<&Series> = facet
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Series(series) = mark { Some(series) } else { None })
        .collect();
    for mark in &facet.marks {
        match mark {
            Mark::Curve(curve) => lines.extend(self::curve(curve, frame, context, &mut placer, &mut words)),
            Mark::Rule(rule) => lines.extend(self::rule(rule, frame, context, &mut placer, &mut words)),
            Mark::Words(text) => words.extend(self::words(text, frame, context, &mut placer)),
            Mark::Remark(remark) => corner.push(remark),
            Mark::Series(_) | Mark::Bars(_) | Mark::Cells(_) => {}
        }
    }
    for series in &series {
        lines.extend(line(series, frame, context, &mut placer));
    }
    // By place in their series, then by series: none lies wholly above another.
    let marked = marked(&series, frame);
    let of_series =
        series.iter().zip(&marked).map(|(series, marked)| series.data.iter().zip(marked).enumerate());
    let mut drawn: Vec<(usize, &Series, &Datum)> = Vec::new();
    for (series, data) in series.iter().zip(of_series).filter(|(series, _)| series.marker.is_some()) {
        let shown = data.filter(|(_, (datum, marked))| **marked || context.is_current(datum.of));
        drawn.extend(shown.map(|(index, (datum, _))| (index, *series, datum)));
    }
    drawn.sort_by_key(|(index, ..)| *index);
    for (_, series, datum) in drawn {
        marks.extend(datum_items(series, datum, frame, context, &mut placer));
    }
    for series in &series {
        labels.extend(label(series, frame, context));
    }
    words.extend(remarks(&corner, facet, frame, context, &mut placer));
    // What is to be emphasised first, while there is room.
    labels.sort_by_key(|label| !label.required);
    let names = labels.iter().flat_map(|label| placer.place(label, &context.inks)).collect::<Vec<_>>();
    // Over the frame's line, so that marks at its edge stay whole; wider, so that they are not cut.
    let clipped =
        |margin: f32, items: Vec<Item>| Item::Group(Group { clip: Some(frame.rect(margin)), items });
    let mut items = vec![clipped(0.0, lines), clipped(4.0, marks)];
    items.extend(words);
    items.extend(names);
    items.retain(|item| !matches!(item, Item::Group(group) if group.items.is_empty()));
    items
}

fn solid(color: Rgb) -> Option<Paint> {
    Some(Paint::solid(color))
}

/// A series' colour: nearer to the ground where it stands back.
fn color_of(series: &Series, context: &Context<'_>) -> Rgb {
    let color = context.theme.rgb(series.color);
    if series.is_faint { mix(color, context.inks.ground, 0.6) } else { color }
}

/// How a line is drawn whose colour looks so.
pub fn stroke(line: Line, color: Color, rgb: Rgb) -> Stroke {
    let width = if line.is_thin { width::THIN } else { width::DATA };
    Stroke { dash: ink::dash(line, color), ..Stroke::new(Paint::solid(rgb), width) }
}

/// The stretches of a series that are joined.
fn stretches(series: &Series) -> Vec<&[Datum]> {
    let starts = |pair: &[Datum]| !pair[1].joined;
    let mut all = Vec::new();
    let mut start = 0;
    for (index, pair) in series.data.windows(2).enumerate() {
        if starts(pair) {
            all.push(&series.data[start..=index]);
            start = index + 1;
        }
    }
    all.push(&series.data[start..]);
    all
}

/// The line through a series.
fn line(series: &Series, frame: &Frame, context: &Context<'_>, placer: &mut Placer) -> Vec<Item> {
    let Some(line) = series.line else { return Vec::new() };
    let mut items = Vec::new();
    for stretch in stretches(series) {
        // What is joined is of one condition.
        let is_stale = stretch.first().is_some_and(|datum| datum.is_stale);
        let line = if is_stale { Line { dash: Dash::Stale, ..line } } else { line };
        let stroke = stroke(line, series.color, color_of(series, context));
        let points: Vec<[f32; 2]> = stretch.iter().filter_map(|datum| frame.at(datum.x, datum.y)).collect();
        if points.len() > 1 {
            placer.avoid_line(&points);
            items.push(Item::Path(Path::line(points, stroke)));
        }
    }
    items
}

/// What lies between the lower and the upper ends of a series.
fn between(series: &Series, frame: &Frame, context: &Context<'_>, opacity: f32) -> Vec<Item> {
    let color = color_of(series, context);
    // An area is solid, in the colour that its opacity would give: stacks must not shine through.
    let fill = match series.fill {
        Fill::Area => Paint::solid(mix(color, context.inks.ground, 1.0 - opacity)),
        _ => Paint::faint(color, opacity),
    };
    let mut items = Vec::new();
    for stretch in stretches(series) {
        let edge = |of: fn(&Datum) -> Option<f64>| {
            stretch.iter().filter_map(move |datum| frame.at(datum.x, of(datum)?)).collect::<Vec<_>>()
        };
        let (mut above, below) = (edge(|datum| datum.high), edge(|datum| datum.low));
        if above.len() > 1 && below.len() == above.len() {
            above.extend(below.into_iter().rev());
            items.push(Item::Path(Path::area(above, fill)));
        } else if let (Fill::Area, [high], [low]) = (series.fill, &above[..], &below[..]) {
            // One datum has no width: a bar in the middle.
            let min = [high[0] - 6.0, high[1]];
            items.push(Item::Rect(Rect {
                min,
                size: [12.0, low[1] - high[1]],
                fill: Some(fill),
                stroke: None,
            }));
        }
    }
    items
}

/// A datum's mark with its whiskers.
fn datum_items(
    series: &Series,
    datum: &Datum,
    frame: &Frame,
    context: &Context<'_>,
    placer: &mut Placer,
) -> Vec<Item> {
    let (Some(center), Some(shape)) = (frame.at(datum.x, datum.y), series.marker) else { return Vec::new() };
    let inks = &context.inks;
    let own = color_of(series, context);
    let color = datum.color.map_or(own, |color| context.theme.rgb(color));
    let is_current = context.is_current(datum.of);
    let dense = series.data.len() > DENSE;
    let usual = if dense { DENSE_RADIUS } else { RADIUS };
    let radius = usual * datum.size.unwrap_or(1.0) + if is_current { 1.2 } else { 0.0 };
    let mut items = Vec::new();
    if series.fill == Fill::Whiskers && (series.data.len() <= WHISKERS || is_current) {
        items.extend(whiskers(datum, frame, color));
    }
    if is_current {
        let stroke = Some(Stroke::new(Paint::solid(inks.text), 0.8));
        items.push(Item::Circle(Circle { center, radius: radius + 2.2, stroke, ..Circle::default() }));
    }
    placer.avoid_marker(center, radius + 1.0);
    let tooltip = (!dense || is_current).then(|| tooltip(datum, context));
    // A rim of the ground keeps marks that touch apart; what rests on less than it claims is an open mark.
    let look = match datum.is_open {
        true => {
            Look { fill: solid(inks.ground), stroke: Some(Stroke::new(Paint::solid(color), 0.9)), tooltip }
        }
        false => {
            Look { fill: solid(color), stroke: Some(Stroke::new(Paint::solid(inks.ground), 0.5)), tooltip }
        }
    };
    match shape {
        Marker::Run(run) => items.push(marker(run, center, radius, look)),
        Marker::Dot => items.push(marker(0, center, radius, look)),
        Marker::Speck => items.push(Item::Circle(speck(center, color))),
        Marker::Null => {
            let [x, y] = center;
            let stroke = Stroke::new(Paint::solid(color), 0.8);
            for (from, to) in [([x - radius, y], [x + radius, y]), ([x, y - radius], [x, y + radius])] {
                items.push(Item::Path(Path::line(vec![from, to], stroke)));
            }
        }
    }
    if datum.is_marked {
        let sign =
            Text::new([center[0] + radius + 1.0, center[1] - radius], "!", size::TEXT, inks.text).bold();
        placer.avoid_text(&sign);
        items.push(Item::Text(sign));
    }
    items
}

/// A dot without a rim.
pub fn speck(center: [f32; 2], color: Rgb) -> Circle {
    Circle { center, radius: SPECK, fill: solid(color), ..Circle::default() }
}

/// The standard deviations of a datum, up and across.
fn whiskers(datum: &Datum, frame: &Frame, color: Rgb) -> Vec<Item> {
    let stroke = Stroke::new(Paint::solid(color), 0.6);
    let mut items = Vec::new();
    let mut bar = |from: Option<[f32; 2]>, to: Option<[f32; 2]>, across: [f32; 2]| {
        let (Some(from), Some(to)) = (from, to) else { return };
        items.push(Item::Path(Path::line(vec![from, to], stroke)));
        for end in [from, to] {
            let cap = [-1.0, 1.0].map(|side| [end[0] + side * across[0], end[1] + side * across[1]]);
            items.push(Item::Path(Path::line(cap.to_vec(), stroke)));
        }
    };
    if let (Some(low), Some(high)) = (datum.low, datum.high) {
        bar(frame.at(datum.x, low), frame.at(datum.x, high), [1.5, 0.0]);
    }
    if let Some(spread) = datum.x_spread {
        bar(frame.at(datum.x - spread, datum.y), frame.at(datum.x + spread, datum.y), [0.0, 1.5]);
    }
    items
}

/// What a viewer shows of a datum under the pointer.
fn tooltip(datum: &Datum, context: &Context<'_>) -> String {
    let subjects = &context.chart.subjects;
    let spread = datum.high.map(|high| high - datum.y).filter(|spread| *spread > 0.0);
    let spread = spread.map_or_else(String::new, |spread| format!(" ± {spread:.4}"));
    let place = format!("{}, {}{spread}", short(datum.x), short(datum.y));
    let flags = datum.flags.iter().map(|flag| format!("! {flag}"));
    let less = match (datum.is_stale, datum.is_open) {
        (true, _) => "measured under earlier settings",
        (false, true) => "first estimate",
        (false, false) => "",
    };
    let parts = [subjects.words(datum.of), place].into_iter().chain(datum.more.iter().cloned());
    let parts = parts.chain([less.to_owned()]).chain(flags);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A number in few digits.
fn short(value: f64) -> String {
    crate::chart::Axis::default().words(value)
}

/// The name of a series, beside its last datum.
fn label(series: &Series, frame: &Frame, context: &Context<'_>) -> Option<Label> {
    if series.label.is_empty() {
        return None;
    }
    let current = series.data.iter().find(|datum| context.is_current(datum.of));
    let ends =
        series.data.iter().rev().find(|datum| frame.at(datum.x, datum.y).is_some_and(|at| frame.holds(at)));
    let datum = current.or(ends)?;
    Some(Label {
        point: frame.at(datum.x, datum.y)?,
        radius: if series.marker.is_some() { RADIUS + 0.5 } else { 1.0 },
        text: elide(&series.label, size::TEXT, LABEL_WIDTH),
        size: size::TEXT,
        weight: Weight::Regular,
        // Towards the colour of text, since letters are thinner than lines.
        fill: Paint::solid(mix(color_of(series, context), context.inks.text, 0.45)),
        required: current.is_some(),
    })
}

/// Upright bars.
fn bars(bars: &Bars, frame: &Frame, context: &Context<'_>) -> Vec<Item> {
    let own = context.theme.rgb(bars.color);
    let bar = |datum: &Datum| {
        let color = datum.color.map_or(own, |color| context.theme.rgb(color));
        let (from, to) = datum.low.zip(datum.high).unwrap_or((0.0, datum.y));
        let base = frame.at(datum.x - 0.5 * bars.width, from)?;
        let top = frame.at(datum.x + 0.5 * bars.width, to)?;
        let min = [base[0].min(top[0]), base[1].min(top[1])];
        let size = [(top[0] - base[0]).abs(), (top[1] - base[1]).abs()];
        Some(Item::Rect(Rect { min, size, fill: solid(color), stroke: None }))
    };
    bars.data.iter().filter_map(bar).collect()
}

/// The most lines that stand in a cell of a facet.
pub fn lines(facet: &Facet) -> usize {
    let cells = facet
        .marks
        .iter()
        .flat_map(|mark| if let Mark::Cells(table) = mark { &table.cells[..] } else { &[] });
    cells.map(|cell| cell.sign.split('\n').count()).max().unwrap_or(1)
}

/// Tables of colours on the same rows and columns: one image, with the numbers and signs of its cells upon it.
fn cells(tables: &[&Cells], frame: &Frame, context: &Context<'_>) -> Vec<Item> {
    let largest = |of: fn(&Cells) -> usize| tables.iter().map(|table| of(table)).max().unwrap_or(0);
    // The columns and rows that are seen, the first and the one behind the last.
    let seen = |axis: usize, count: usize| {
        let [first, last] = frame.ranges[axis];
        let end = ((last + 0.5).floor().max(0.0) as usize).min(count);
        ((first + 0.5).ceil().max(0.0) as usize).min(end)..end
    };
    let (columns, rows) = (seen(0, largest(|table| table.columns)), seen(1, largest(|table| table.rows)));
    let edge = |axis: usize, at: usize| frame.along(axis, at as f64 - 0.5);
    let (min, max) =
        ([edge(0, columns.start), edge(1, rows.end)], [edge(0, columns.end), edge(1, rows.start)]);
    let size = [max[0] - min[0], max[1] - min[1]];
    let room = [size[0] / columns.len() as f32, size[1] / rows.len() as f32];
    let mut pixels = vec![context.inks.ground; columns.len() * rows.len()];
    let mut texts = Vec::new();
    let cells = tables.iter().flat_map(|table| table.cells.iter().map(move |cell| (table, cell)));
    let inside =
        |cell: &Cell| cell.datum.y.is_finite() && columns.contains(&cell.column) && rows.contains(&cell.row);
    for (table, cell) in cells.filter(|(_, cell)| inside(cell)) {
        let [from, to] = table.range;
        let share = if to > from { ((cell.datum.y - from) / (to - from)) as f32 } else { 0.5 };
        let color = context.theme.rgb(cell.datum.color.unwrap_or_else(|| table.map.at(share)));
        pixels[(rows.end - 1 - cell.row) * columns.len() + cell.column - columns.start] = color;
        let number = if table.has_numbers { two_decimals(cell.datum.y) } else { String::new() };
        let text = number + &cell.sign;
        if let Some(center) = frame.at(cell.column as f64, cell.row as f64).filter(|_| !text.is_empty()) {
            texts.extend(written(&text, table.has_numbers, center, room, readable_on(color)));
        }
    }
    let image = Image { min, size, columns: columns.len(), pixels };
    std::iter::once(Item::Image(image)).chain(texts).collect()
}

/// The lines of a cell; nothing where they have no room. Words are shortened to it, a number would be another.
fn written(text: &str, is_number: bool, [x, y]: [f32; 2], room: [f32; 2], color: Rgb) -> Vec<Item> {
    let lines: Vec<&str> = text.split('\n').collect();
    let wide = room[0] - 1.5;
    let fits = |line: &&str| text_width(line, size::SMALL) <= wide;
    let is_legible = wide >= if is_number { 0.0 } else { 2.5 * size::SMALL };
    if room[1] < LINE * lines.len() as f32 || !is_legible || (is_number && !lines.iter().all(fits)) {
        return Vec::new();
    }
    let first = y - 0.5 * LINE * (lines.len() - 1) as f32 + 0.35 * size::SMALL;
    let line = |(index, line): (usize, &str)| {
        let at = [x, first + LINE * index as f32];
        let text = Text::new(at, elide(line, size::SMALL, wide), size::SMALL, color);
        Item::Text(text.anchored(Anchor::Middle))
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// A number with two decimals and a proper minus, which zero has none of.
fn two_decimals(value: f64) -> String {
    let digits = format!("{value:.2}");
    if digits == "-0.00" { "0.00".to_owned() } else { digits.replace('-', "−") }
}

/// Black or white, whichever stands out more.
fn readable_on(color: Rgb) -> Rgb {
    let [red, green, blue] = color.map(f32::from);
    if 0.299 * red + 0.587 * green + 0.114 * blue > 140.0 { [0; 3] } else { [255; 3] }
}

/// The places of a curve.
fn places(curve: &Curve, frame: &Frame) -> Vec<[f32; 2]> {
    curve.points.iter().filter_map(|[x, y]| frame.at(*x, *y)).collect()
}

fn area(curve: &Curve, frame: &Frame, context: &Context<'_>) -> Option<Item> {
    let points = places(curve, frame);
    let inks = &context.inks;
    let fill = match curve.color {
        Color::Muted => Paint::faint(inks.shade, inks.shade_opacity),
        color => Paint::faint(context.theme.rgb(color), BAND),
    };
    (points.len() > 2).then(|| Item::Path(Path::area(points, fill)))
}

fn curve(
    curve: &Curve,
    frame: &Frame,
    context: &Context<'_>,
    placer: &mut Placer,
    words: &mut Vec<Item>,
) -> Option<Item> {
    let line = curve.line?;
    let (points, color) = (places(curve, frame), context.theme.rgb(curve.color));
    let inside = |place: &[f32; 2]| frame.holds(*place);
    for pair in points.windows(2) {
        let seen = cut(frame, [pair[0], pair[1]]);
        placer.avoid_line(&seen);
        if let ([from, to], false) = (&seen[..], curve.label.is_empty()) {
            let far = [to[0] - from[0], to[1] - from[1]];
            let length = far[0].hypot(far[1]);
            if length > text_width(&curve.label, size::TEXT) + 20.0 {
                // Along the line, a little above it, towards its far end.
                let along = 0.68;
                let turn = far[1].atan2(far[0]);
                let at = [
                    from[0] + along * far[0] + 3.0 * turn.sin(),
                    from[1] + along * far[1] - 3.0 * turn.cos(),
                ];
                let text = Text::new(at, &curve.label, size::TEXT, context.inks.muted);
                let text = text.anchored(Anchor::Middle).turned(turn.to_degrees());
                placer.avoid_text(&text);
                words.push(Item::Text(text));
            }
        }
    }
    let crosses = points.len() > 1
        && (points.iter().any(inside)
            || points.windows(2).any(|pair| !cut(frame, [pair[0], pair[1]]).is_empty()));
    let mut stroke = stroke(line, curve.color, color);
    if let Some(weight) = curve.weight.map(|weight| weight.clamp(0.0, 1.0)) {
        // The eye takes a line of half the opacity for less than half as strong.
        stroke.paint.opacity = weight.sqrt();
        stroke.width = width::DATA * weight.max(0.35);
    }
    crosses.then(|| Item::Path(Path::line(points, stroke)))
}

/// The part of a straight line that lies within a frame; nothing where none does.
fn cut(frame: &Frame, [from, to]: [[f32; 2]; 2]) -> Vec<[f32; 2]> {
    let (mut start, mut end) = (0.0f32, 1.0f32);
    let edges = [[frame.min[0], frame.right()], [frame.min[1], frame.bottom()]];
    for axis in 0..2 {
        let far = to[axis] - from[axis];
        let [low, high] = edges[axis];
        if far == 0.0 {
            if from[axis] < low || from[axis] > high {
                return Vec::new();
            }
            continue;
        }
        let [a, b] = [(low - from[axis]) / far, (high - from[axis]) / far];
        (start, end) = (start.max(a.min(b)), end.min(a.max(b)));
    }
    let at = |share: f32| [0, 1].map(|axis: usize| from[axis] + share * (to[axis] - from[axis]));
    if start < end { vec![at(start), at(end)] } else { Vec::new() }
}

fn rule(
    rule: &Rule,
    frame: &Frame,
    context: &Context<'_>,
    placer: &mut Placer,
    words: &mut Vec<Item>,
) -> Option<Item> {
    let along = frame.along(usize::from(!rule.is_upright), rule.at);
    let [left, top] = frame.min;
    let ends = match rule.is_upright {
        true => [[along, top], [along, frame.bottom()]],
        false => [[left, along], [frame.right(), along]],
    };
    if !along.is_finite() || !ends.iter().all(|end| frame.holds(*end)) {
        return None;
    }
    placer.avoid_line(&ends);
    let color = context.theme.rgb(rule.color);
    if !rule.label.is_empty() {
        let text = elide(&rule.label, size::SMALL, frame.size[0]);
        let half = text_width(&text, size::SMALL);
        let (at, anchor) = match rule.is_upright {
            true if along + half + 4.0 > frame.right() => ([along - 2.0, top + size::SMALL], Anchor::End),
            true => ([along + 2.0, top + size::SMALL], Anchor::Start),
            false => ([frame.right() - 2.0, along - 2.0], Anchor::End),
        };
        let text = with_halo(Text::new(at, text, size::SMALL, context.inks.muted).anchored(anchor), context);
        placer.avoid_text(&text);
        words.push(Item::Text(text));
    }
    let line = Line { dash: Dash::Bound, is_thin: true };
    Some(Item::Path(Path::line(ends.to_vec(), stroke(line, rule.color, color))))
}

fn words(words: &Words, frame: &Frame, context: &Context<'_>, placer: &mut Placer) -> Option<Item> {
    let at = frame.at(words.at[0], words.at[1])?;
    let text = Text::new(
        [at[0], at[1] + 0.35 * size::SMALL],
        &words.text,
        size::SMALL,
        context.theme.rgb(words.color),
    );
    let text = text.anchored(Anchor::Middle);
    placer.avoid_text(&text);
    Some(Item::Text(text))
}

/// Text that stays legible upon marks.
fn with_halo(text: Text, context: &Context<'_>) -> Text {
    let halo = Stroke::new(Paint::faint(context.inks.ground, 0.85), 1.8);
    Text { halo: Some(halo), ..text }
}

/// Lines of words in the corner that the fewest data lie in.
fn remarks(
    remarks: &[&Remark],
    facet: &Facet,
    frame: &Frame,
    context: &Context<'_>,
    placer: &mut Placer,
) -> Vec<Item> {
    let row = size::SMALL + 2.0;
    let widest = remarks.iter().map(|remark| text_width(&remark.text, size::SMALL)).fold(0.0, f32::max);
    let (high, pad) = (row * remarks.len() as f32, 3.0);
    let corners = [false, true].map(|right| [false, true].map(|low| (right, low)));
    // Of bars all the way up counts.
    let heights =
        |mark: &Mark| if matches!(mark, Mark::Bars(_)) { vec![1.0, 0.75, 0.5, 0.25] } else { vec![1.0] };
    let places: Vec<[f32; 2]> = facet
        .marks
        .iter()
        .filter(|mark| matches!(mark, Mark::Series(_) | Mark::Bars(_)))
        .flat_map(|mark| mark.data().map(move |datum| (heights(mark), datum)))
        .flat_map(|(heights, datum)| {
            heights.into_iter().filter_map(|share| frame.at(datum.x, share * datum.y))
        })
        .collect();
    let origin = |(right, low): (bool, bool)| {
        [
            if right { frame.right() - pad - widest } else { frame.min[0] + pad },
            if low { frame.bottom() - pad - high } else { frame.min[1] + pad },
        ]
    };
    let hidden = |corner: &(bool, bool)| {
        let [left, top] = origin(*corner);
        let covers = |[x, y]: &[f32; 2]| {
            *x > left - 4.0 && *x < left + widest + 4.0 && *y > top - 4.0 && *y < top + high + 4.0
        };
        places.iter().filter(|place| covers(place)).count()
    };
    let Some(corner) = corners.into_iter().flatten().min_by_key(hidden) else { return Vec::new() };
    let [left, top] = origin(corner);
    let of = |(index, remark): (usize, &&Remark)| {
        let at = [left, top + row * index as f32 + size::SMALL];
        let color = mix(context.theme.rgb(remark.color), context.inks.text, 0.45);
        let text = elide(&remark.text, size::SMALL, frame.size[0] - 2.0 * pad);
        let text = with_halo(Text::new(at, text, size::SMALL, color), context);
        placer.avoid_text(&text);
        Item::Text(text)
    };
    remarks.iter().enumerate().map(of).collect()
}
