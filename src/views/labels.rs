//! How the positions of a document are labelled at each width (paper, figures 3 and 14).

use super::View;
use super::options::{Heed, Options};
use super::snapshot::Snapshot;
use crate::chart::{
    Axis, Cell, Cells, Chart, Color, ColorMap, Curve, Dash, Datum, Facet, Line, Mark, Of, Words,
};
use crate::labels::sentence::Sentence;
use crate::measures::{Label, Order};
use crate::words::{counted, thousands};

/// The view.
pub const VIEW: View = View {
    kind: "labels",
    title: "Labels",
    paper: "3, 14",
    about: "The n-grams that label a sentence's positions at each width, input and output, and how often they occur.",
    needs_results: false,
    heeds: &[Heed::Document],
    chart,
};

/// The most tokens side by side whose text can be read.
const WINDOW: usize = 13;
/// The colours of inputs and outputs.
const SIDES: [Color; 2] = [Color::Group(0), Color::Group(2)];
/// How strong the tint of labels seen once is.
const TINT: f32 = 0.22;

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let Some(sentence) = snapshot.sentence(options.document) else {
        return Err("no text is known: choose a corpus and a checkpoint's tokenizer, whose tokens are shown"
            .to_owned());
    };
    let sentence = sentence?;
    let table = Table::of(sentence, sentence.position(options.position)?);
    let shown = &sentence.tokens()[table.position];
    let chosen = format!("labels of position {}, “{}”", table.position, shown.text);
    Ok(Chart {
        title: format!("{}, document {}, position {}", VIEW.title, sentence.document(), table.position),
        facets: vec![
            table.facet(chosen, table.chosen()),
            table.facet("input X: the n-gram that ends with a position".to_owned(), table.all(Label::Input)),
            table.facet("output Y: the n-gram that follows a position".to_owned(), table.all(Label::Output)),
        ],
        columns: 1,
        caption: caption(sentence),
        subjects: snapshot.subjects().clone(),
        ..Chart::default()
    })
}

/// What is shown of a sentence.
struct Table<'s> {
    sentence: &'s Sentence,
    position: usize,
    /// The tokens shown, the first and the one behind the last.
    window: std::ops::Range<usize>,
    /// The most positions of the sample with one label, among those shown.
    most: u32,
}

impl<'s> Table<'s> {
    fn of(sentence: &'s Sentence, position: usize) -> Self {
        let tokens = sentence.tokens().len();
        let start = position.saturating_sub(WINDOW / 2).min(tokens.saturating_sub(WINDOW));
        let mut table = Self { sentence, position, window: start..(start + WINDOW).min(tokens), most: 1 };
        let labels =
            sentence.widest().and_below().flat_map(|order| [Label::Input(order), Label::Output(order)]);
        let counts =
            labels.flat_map(|label| table.window.clone().filter_map(move |at| sentence.count(&label, at)));
        table.most = counts.max().unwrap_or(1);
        table
    }

    fn facet(&self, title: String, marks: Vec<Mark>) -> Facet {
        let (text, orders) = (&self.sentence.tokens(), self.sentence.widest().and_below());
        let tokens = Axis::of_names(self.axis_label(), text.iter().map(|token| token.text.clone()).collect());
        let [first, end] = [self.window.start, self.window.end].map(|token| token as f64 - 0.5);
        Facet {
            title,
            x: tokens.within([first, end]),
            y: Axis::of_names("n-gram order", orders.map(|order| order.to_string()).collect()),
            marks,
            ..Facet::default()
        }
    }

    fn axis_label(&self) -> String {
        let (window, all) = (&self.window, self.sentence.tokens().len());
        format!("token, {} to {} of {}", window.start, window.end - 1, thousands(all as u64))
    }

    fn cells(&self, name: &str, cells: Vec<Cell>) -> Cells {
        Cells {
            name: name.to_owned(),
            columns: self.sentence.tokens().len(),
            rows: self.sentence.widest().number(),
            range: [1.0, f64::from(self.most)],
            map: ColorMap::Value,
            has_numbers: false,
            cells,
        }
    }

    /// The tokens that make the labels of the chosen position, with what says which are of which side.
    fn chosen(&self) -> Vec<Mark> {
        let side = |color: Color, label: fn(Order) -> Label| {
            let spans = self.sentence.widest().and_below().filter_map(move |order| {
                let label = label(order);
                Some((self.sentence.span(&label, self.position)?, self.datum(&label, self.position)?))
            });
            let cell = move |(span, datum): (std::ops::RangeInclusive<usize>, Datum)| {
                span.filter(|token| self.window.contains(token)).map(move |token| Cell {
                    column: token,
                    row: datum.of.order.map_or(0, |order| order.number() - 1),
                    sign: self.sentence.tokens()[token].text.clone(),
                    datum: Datum { x: token as f64, color: Some(color), ..datum.clone() },
                })
            };
            spans.flat_map(cell)
        };
        let [input, output] = SIDES;
        let cells = side(input, Label::Input).chain(side(output, Label::Output)).collect();
        let name = |text: &str, at: f64, color: Color| {
            Mark::Words(Words { at: [at, 0.0], text: text.to_owned(), color })
        };
        // Beside the narrowest labels there is room.
        let (left, right) = (self.position as f64 - 2.0, self.position as f64 + 3.0);
        let names = [name("input X", left, input), name("output Y", right, output)];
        let [first, end] = [self.window.start, self.window.end].map(|token| token as f64 - 0.5);
        let inside = |mark: &Mark| match mark {
            Mark::Words(words) => words.at[0] - 0.5 > first && words.at[0] + 0.5 < end,
            _ => true,
        };
        [Mark::Cells(self.cells("chosen", cells))].into_iter().chain(names).filter(inside).collect()
    }

    /// The labels of one side at every position shown.
    fn all(&self, side: fn(Order) -> Label) -> Vec<Mark> {
        let labels: Vec<Label> = self.sentence.widest().and_below().map(side).collect();
        let cell = |label: &Label, position: usize| {
            let datum = self.datum(label, position)?;
            let tokens = &self.sentence.tokens()[self.sentence.span(label, position)?];
            let lines = tokens.iter().map(|token| token.text.clone());
            let times =
                if datum.y > 1.0 { format!("{}×", thousands(datum.y as u64)) } else { "once".to_owned() };
            let sign = lines.chain([times]).collect::<Vec<_>>().join("\n");
            Some(Cell { column: position, row: label.order()?.number() - 1, sign, datum })
        };
        let cells = labels.iter().flat_map(|label| self.window.clone().filter_map(move |at| cell(label, at)));
        let name = if side(Order::Token) == Label::Input(Order::Token) { "input" } else { "output" };
        let cells = Mark::Cells(self.cells(name, cells.collect()));
        let grid = self.grid().map(Mark::Curve);
        [cells].into_iter().chain(self.unlabelled()).chain(grid).chain([Mark::Curve(self.column())]).collect()
    }

    /// What a label of a position is and how often it occurs; `None` where there is none.
    fn datum(&self, label: &Label, position: usize) -> Option<Datum> {
        let count = self.sentence.count(label, position)?;
        let tokens = &self.sentence.tokens()[self.sentence.span(label, position)?];
        let ids: Vec<String> = tokens.iter().map(|token| token.id.to_string()).collect();
        let once = (count == 1).then(|| "label seen once".to_owned());
        Some(Datum {
            label: tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" "),
            flags: once.into_iter().collect(),
            color: Some(self.color(count)),
            more: vec![format!("ids {}", ids.join(" ")), counted(count as usize, "occurrence")],
            ..Datum::new(position as f64, f64::from(count), Of::default().of_order(label.order()?))
        })
    }

    /// By the logarithm of the count; a label seen once tells nothing of others, and is tinted.
    fn color(&self, count: u32) -> Color {
        match count {
            0 | 1 => Color::Signed(TINT),
            _ => Color::Value((f64::from(count).ln() / f64::from(self.most).ln()) as f32),
        }
    }

    /// What says that the first and the last tokens carry no label.
    fn unlabelled(&self) -> Vec<Mark> {
        let (labelled, window) = (self.sentence.labelled(), &self.window);
        let margins = [window.start..*labelled.start(), labelled.end() + 1..window.end];
        let height = self.sentence.widest().number() as f64;
        let margin = |tokens: std::ops::Range<usize>| {
            let [left, right] = [tokens.start, tokens.end].map(|token| token as f64 - 0.5);
            let area = Curve {
                points: [[left, -0.5], [right, -0.5], [right, height - 0.5], [left, height - 0.5]].into(),
                color: Color::Muted,
                is_area: true,
                ..Curve::default()
            };
            let at = [f64::midpoint(left, right), (height - 1.0) / 2.0];
            let words = Words { at, text: "no label".to_owned(), color: Color::Muted };
            [Mark::Curve(area), Mark::Words(words)]
        };
        margins.into_iter().filter(|tokens| !tokens.is_empty()).flat_map(margin).collect()
    }

    /// Lines between the cells.
    fn grid(&self) -> impl Iterator<Item = Curve> {
        let orders = self.sentence.widest().number();
        let labelled = self.sentence.labelled();
        let shown = self.window.start.max(*labelled.start())..self.window.end.min(labelled.end() + 1);
        let [left, right] = [shown.start, shown.end].map(|token| token as f64 - 0.5);
        let upright =
            shown.map(move |token| token as f64 - 0.5).map(move |x| [[x, -0.5], [x, orders as f64 - 0.5]]);
        let level = (0..orders).map(|order| order as f64 + 0.5).map(move |y| [[left, y], [right, y]]);
        upright.chain(level).map(|points| Curve {
            points: points.into(),
            color: Color::Muted,
            line: Some(Line { dash: Dash::Solid, is_thin: true }),
            weight: Some(0.25),
            ..Curve::default()
        })
    }

    /// The outline of the chosen position.
    fn column(&self) -> Curve {
        let (left, right) = (self.position as f64 - 0.5, self.position as f64 + 0.5);
        let top = self.sentence.widest().number() as f64 - 0.5;
        Curve {
            points: [[left, -0.5], [right, -0.5], [right, top], [left, top], [left, -0.5]].into(),
            color: Color::Text,
            line: Some(Line { dash: Dash::Solid, is_thin: false }),
            ..Curve::default()
        }
    }
}

/// A count in words, its thousands apart.
fn many(count: usize, noun: &str) -> String {
    match count {
        1 => counted(1, noun),
        _ => format!("{} {noun}s", thousands(count as u64)),
    }
}

/// The caption: what labels are, where there are none, and what they were counted over.
fn caption(sentence: &Sentence) -> Vec<String> {
    let (order, labelled) = (sentence.widest().number(), sentence.labelled());
    let positions = match (labelled.start(), labelled.end()) {
        (first, last) if first == last => format!("position {first} alone carries"),
        (first, last) => format!("positions {first} to {last} carry"),
    };
    vec![
        format!(
            "Of {}, {positions} labels: those with {order} tokens up to and {order} after them",
            many(sentence.tokens().len(), "token"),
        ),
        format!(
            "Counted over {} of {}: the lighter, the more often; tinted where a label occurs once and tells nothing of others",
            many(sentence.positions(), "position"),
            many(sentence.documents(), "document")
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::csv;
    use crate::labels::sentence::of;

    const TEXT: &str = "the cat sat on the mat and the cat sat on the dog while it rained all day long";

    /// The words of a text as tokens, numbered as they first occur.
    fn documents() -> (Vec<Vec<u32>>, Vec<String>) {
        let mut names: Vec<String> = Vec::new();
        let ids = TEXT.split(' ').map(|word| match names.iter().position(|name| name == word) {
            Some(id) => id as u32,
            None => {
                names.push(word.to_owned());
                names.len() as u32 - 1
            }
        });
        (vec![ids.collect()], names)
    }

    fn drawn(position: Option<usize>, widest: Order) -> Chart {
        let (documents, names) = documents();
        let sentence = of(&documents, |id| names[id as usize].clone(), 0, widest).unwrap();
        let snapshot = Snapshot::default().with_sentence(0, Ok(sentence.into()));
        chart(&snapshot, &Options { position, ..Options::default() }).unwrap()
    }

    #[test]
    fn a_position_is_labelled_by_what_ends_with_it_and_what_follows() {
        let chart = drawn(Some(8), Order::Quadgram);
        let labels = |facet: usize, at: usize| {
            let data = chart.facets[facet].marks.iter().flat_map(Mark::data);
            data.filter(|datum| datum.x == at as f64)
                .map(|datum| (datum.label.as_str(), datum.y))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            labels(1, 8),
            [("cat", 1.0), ("the cat", 1.0), ("and the cat", 1.0), ("mat and the cat", 1.0)]
        );
        assert_eq!(
            labels(2, 8),
            [("sat", 1.0), ("sat on", 1.0), ("sat on the", 1.0), ("sat on the dog", 1.0)]
        );
        // "the" is the token of positions 4, 7 and 11 (0 carries no label), "on the" of 4 and 11.
        assert_eq!(labels(1, 4)[..2], [("the", 3.0), ("on the", 2.0)]);
        // The chosen position's quadgrams cover positions 5 to 8 and 9 to 12.
        let at = |mark: &Mark, order: Order| {
            let data = mark.data().filter(|datum| datum.of.order == Some(order));
            data.map(|datum| datum.x as usize).collect::<Vec<_>>()
        };
        let marks = &chart.facets[0].marks;
        assert_eq!(at(&marks[0], Order::Quadgram), [5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(at(&marks[0], Order::Token), [8, 9]);
    }

    #[test]
    fn a_window_around_the_position_is_shown() {
        let window = |position, widest| drawn(position, widest).facets[1].x_range();
        assert_eq!(window(None, Order::Quadgram), [-0.5, 12.5]);
        assert_eq!(window(Some(9), Order::Quadgram), [2.5, 15.5]);
        assert_eq!(window(Some(3), Order::Quadgram), [-0.5, 12.5]);
        assert_eq!(window(Some(17), Order::Token), [5.5, 18.5]);
    }

    #[test]
    fn what_has_no_label_and_what_is_seen_once_stand_out() {
        let chart = drawn(None, Order::Quadgram);
        let words = |facet: &Facet| facet.marks.iter().filter(|mark| matches!(mark, Mark::Words(_))).count();
        assert_eq!(chart.facets.iter().map(words).collect::<Vec<_>>(), [2, 1, 1], "the sides, and margins");
        let once: Vec<&Datum> =
            chart.data().map(|(.., datum)| datum).filter(|datum| datum.y == 1.0).collect();
        assert!(once.len() > 10 && once.iter().all(|datum| !datum.flags.is_empty()));
        let text = String::from_utf8(csv(&chart).unwrap()).unwrap();
        assert!(text.lines().any(|line| line.contains(",input,") && line.ends_with(",on the")), "{text}");
        let missing = |snapshot: &Snapshot, document, position| {
            super::chart(snapshot, &Options { document, position, ..Options::default() }).unwrap_err()
        };
        let nothing = missing(&Snapshot::default(), 0, None);
        assert!(nothing.contains("corpus"), "{nothing}");
        let (documents, _) = documents();
        let sentence = of(&documents, |id| id.to_string(), 0, Order::Quadgram).unwrap();
        let snapshot = Snapshot::default()
            .with_sentence(0, Ok(sentence.into()))
            .with_sentence(2, Err("there is no document 2".to_owned()));
        assert_eq!(missing(&snapshot, 2, None), "there is no document 2");
        assert!(missing(&snapshot, 0, Some(1)).contains("carries no label"));
    }
}
