//! `infoplane figure`: measured results as a figure of any kind.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{DONE, PARTLY, deliver, note, order};
use crate::analysis::benchmarks;
use crate::chart::{Chart, ColorBy, csv};
use crate::error::{Error, Kind, Result};
use crate::figure::command::USUAL_DPI;
use crate::figure::{self, FigureOptions, POINTS_PER_MM, TWO_COLUMNS, Theme, layout};
use crate::frontier::Report;
use crate::labels::sentence;
use crate::measures::Order;
use crate::output::write_atomically;
use crate::results::{join, read_all};
use crate::settings::{Settings, Temperature};
use crate::tokens::{Tokens, Vocabulary};
use crate::views::options::{Bound, Differences, FacetBy, Heed, LayerChoice, Options, PlaneY, Sphere, Time};
use crate::views::quantity::Quantity;
use crate::views::snapshot::Snapshot;
use crate::views::{self, View};

/// The flags of `figure`.
#[derive(Debug, Args)]
pub struct FigureArgs {
    /// Results as `measure` wrote them, or folders of such; parts of a run are one. Of kinds `labels` and `estimator` none
    /// are needed.
    results: Vec<PathBuf>,
    /// A run that is not drawn, by its name, or with what tells it from others of that name, as the legend has it: `--hide
    /// 'run, n = 50'`. May be given several times; the others keep their colours.
    #[arg(long, value_name = "RUN", requires = "results")]
    hide: Vec<String>,
    /// Lists the kinds, one a line: the kind, the figures of the paper, and what it shows, tabs between.
    #[arg(long, exclusive = true)]
    list: bool,
    /// A text, of which kind `labels` shows a document.
    #[arg(long, value_name = "FILE", requires = "tokenizer")]
    corpus: Option<PathBuf>,
    /// The checkpoint's `tokenizer.json` that the text is read by.
    #[arg(long, value_name = "FILE", requires = "corpus")]
    tokenizer: Option<PathBuf>,
    /// The number of the document, from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    document: usize,
    /// The number of the token whose labels are pointed out, from 0; one near the beginning without.
    #[arg(long, value_name = "N", requires = "corpus")]
    position: Option<usize>,
    /// The widest n-grams that it is labelled by, 1 to 4.
    #[arg(long, value_name = "N", default_value = "4", value_parser = order)]
    max_order: Order,
    /// The figure; its extension decides the form: svg, pdf, png, or csv for its numbers, a row a datum.
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    out: Option<PathBuf>,
    /// What the figure shows.
    #[arg(long, value_name = "KIND", default_value = "plane", value_parser = kinds())]
    kind: String,
    /// The n-gram order (back-off), 1 to 4.
    #[arg(long, value_name = "N", default_value = "1", value_parser = order)]
    order: Order,
    /// `mean` over layers 1 to L, the `last` hidden state of each model, the number of one, or a relative depth such as
    /// 0.5.
    #[arg(long, value_name = "mean|last|N|DEPTH", default_value = "mean")]
    layer: LayerChoice,
    /// The number shown, in kinds that show one of several: complexity, expressivity, optimality, entropy, regularity,
    /// token-share to quadgram-share, residual, preference or loss. Without, what the kind shows by itself.
    #[arg(long, value_name = "MEASURE")]
    measure: Option<Quantity>,
    /// What stands side by side: none, run, order, layer or condition.
    #[arg(long, value_name = "BY", default_value = "none")]
    facet: FacetBy,
    /// What an axis of training's time counts: steps, tokens or relative.
    #[arg(long, value_name = "TIME", default_value = "steps")]
    time: Time,
    /// Training's time on a logarithmic axis.
    #[arg(long)]
    log: bool,
    /// Values less what shuffled labels give.
    #[arg(long)]
    less_null: bool,
    /// What the plane shows upward: expressivity, or the gap to the bound, I(X;Z) − I(Y;Z).
    #[arg(long, value_name = "Y", default_value = "expressivity")]
    y: PlaneY,
    /// What bounds the plane: line, or the frontier of --frontier.
    #[arg(long, value_name = "BOUND", default_value = "line")]
    bound: Bound,
    /// The frontier of the text's labels, as `infoplane frontier` wrote it in JSON.
    #[arg(long, value_name = "FILE")]
    frontier: Option<PathBuf>,
    /// What numbers over training are compared with: none, or first-run, which shows them less those of the first run at the
    /// same steps.
    #[arg(long, value_name = "WITH", default_value = "none")]
    differences: Differences,
    /// The checkpoints of a kind that shows single ones, by name or step; first, middle and last without.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    checkpoints: Vec<String>,
    /// Checkpoints that stand out, by name or step; none without.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    current: Vec<String>,
    /// Scores of benchmarks: a table of models, the Open LLM Leaderboard's, or results of lm-evaluation-harness, a file or
    /// a folder of them.
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// The benchmark, by its column; the average without.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The number of reference points on the sphere of kind `estimator`; 100 without.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=2000))]
    points: Option<u16>,
    /// The temperature ε there: a number, or root, grid, leading or exact; 0.1 without.
    #[arg(long, value_name = "EPSILON")]
    temperature: Option<Temperature>,
    /// From where the sphere is seen: degrees that it is turned about its upright axis, and then tilted down.
    #[arg(long, value_name = "YAW,PITCH", value_parser = direction, allow_hyphen_values = true)]
    view: Option<[f64; 2]>,
    /// The width in millimetres; 183, two columns of a journal, without.
    #[arg(long, value_name = "MM", value_parser = millimetres)]
    width: Option<f32>,
    /// The height in millimetres; what suits the figure, without.
    #[arg(long, value_name = "MM", value_parser = millimetres)]
    height: Option<f32>,
    /// Pixels of a PNG per point (1/72 inch): 300 dots per inch without.
    #[arg(long, value_name = "FACTOR", default_value_t = USUAL_DPI / 72.0)]
    scale: f32,
    /// A title above the figure.
    #[arg(long)]
    title: Option<String>,
    /// No words below on what the numbers were measured under.
    #[arg(long)]
    no_caption: bool,
    /// What decides the colours of runs: run, family, size or optimality.
    #[arg(long, value_name = "BY", default_value = "run")]
    color_by: ColorBy,
    /// Light on dark instead of dark on white.
    #[arg(long)]
    dark: bool,
}

/// The kinds of figures, with what each shows.
fn kinds() -> PossibleValuesParser {
    let value = |view: &View| clap::builder::PossibleValue::new(view.kind).help(view.about);
    PossibleValuesParser::new(views::ALL.iter().map(value))
}

/// Draws the figure.
pub fn run(args: &FigureArgs) -> Result<u8> {
    let (false, Some(out)) = (args.list, &args.out) else {
        let line = |view: &View| format!("{}\t{}\t{}\n", view.kind, view.paper, view.about);
        deliver(views::ALL.iter().map(line).collect::<String>().as_bytes(), None)?;
        return Ok(DONE);
    };
    // The parser knows no other kinds.
    let view = View::of_kind(&args.kind).unwrap_or(&views::ALL[0]);
    if args.results.is_empty() && view.needs_results {
        return Err(Error::new(Kind::Usage, format!("no RESULTS are named, which kind {} shows", view.kind))
            .help("name a file that `infoplane measure` wrote"));
    }
    let snapshot = args.snapshot()?.colored_by(args.color_by).without(&args.hide).map_err(|cause| {
        let file = args.results.first().unwrap_or(out);
        Error::new(Kind::Usage, cause).help("name what --hide leaves out as the legend does").at(file)
    })?;
    let options = args.options();
    for flag in args.unheeded(view, &options) {
        note(&format!("infoplane: a figure of kind {} has no use for {flag}", view.kind));
    }
    let chart = (view.chart)(&snapshot, &options).map_err(|missing| {
        let missing = match missing.ends_with("another order or layer") {
            true => missing + ", by --order and --layer",
            false => missing,
        };
        let place = if view.needs_results { " in these results" } else { "" };
        let cause = format!("there is no figure of kind {}{place}", view.kind);
        Error::new(Kind::Usage, cause).help(missing).at(args.results.first().unwrap_or(out))
    })?;
    args.write(&chart, out)?;
    let absent: Vec<_> = chart.legend.keys.iter().filter(|key| key.is_absent).collect();
    absent.iter().for_each(|key| note(&format!("infoplane: {} is not drawn: {}", key.label, key.detail)));
    Ok(if absent.is_empty() { DONE } else { PARTLY })
}

impl FigureArgs {
    /// What is to be drawn.
    fn snapshot(&self) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        if !self.results.is_empty() {
            let (runs, conflicts) = join(read_all(&self.results)?);
            conflicts.iter().for_each(|conflict| note(&format!("infoplane: {conflict}")));
            snapshot = Snapshot::recorded(&runs);
        }
        if let Some(file) = &self.frontier {
            let report = read_frontier(file)?;
            // What is of no order stands for the one that is asked for.
            let order = report.order.and_then(Order::of_number).unwrap_or(self.order);
            snapshot = snapshot.with_frontier(order, Ok(report.into()));
        }
        if let Some(scores) = &self.scores {
            snapshot = snapshot.with_benchmarks(benchmarks::read(scores)?);
        }
        if let (Some(corpus), Some(tokenizer)) = (&self.corpus, &self.tokenizer) {
            let settings = Settings { max_order: self.max_order.number(), ..Settings::default() };
            let tokens = Tokens::from_text(tokenizer, corpus, &settings, &mut || false)?;
            tokens.notes.iter().for_each(|line| note(&format!("infoplane: {line}")));
            let vocabulary = Vocabulary::read(tokenizer)?;
            let decode = |id| vocabulary.text(id);
            let sentence = sentence::of(&tokens.documents, decode, self.document, self.max_order)
                .map_err(|error| error.at(corpus))?;
            snapshot = snapshot.with_sentence(self.document, Ok(sentence.into()));
        }
        Ok(snapshot)
    }

    fn options(&self) -> Options {
        Options {
            order: self.order,
            layers: self.layer,
            quantity: self.measure,
            facet: self.facet,
            time: self.time,
            log: self.log,
            less_null: self.less_null,
            y: self.y,
            bound: self.bound,
            differences: self.differences,
            checkpoints: self.checkpoints.clone(),
            score: self.score.clone(),
            sphere: self.sphere(),
            document: self.document,
            position: self.position,
        }
    }

    fn sphere(&self) -> Sphere {
        let usual = Sphere::default();
        let [yaw, pitch] = self.view.map_or([usual.yaw, usual.pitch], |view| view.map(f64::to_radians));
        Sphere {
            yaw,
            pitch,
            points: self.points.map_or(usual.points, usize::from),
            temperature: self.temperature.unwrap_or(usual.temperature),
            ..usual
        }
    }

    /// The flags that a kind of figure does not heed and that ask for something.
    fn unheeded(&self, view: &View, options: &Options) -> Vec<&'static str> {
        let usual = Options::default();
        let asked = [
            (Heed::Order, "--order", options.order != usual.order),
            (Heed::Layers, "--layer", options.layers != usual.layers),
            (Heed::Quantity, "--measure", options.quantity != usual.quantity),
            (Heed::Facet, "--facet", options.facet != usual.facet),
            (Heed::Time, "--time", options.time != usual.time),
            (Heed::Time, "--log", options.log),
            (Heed::LessNull, "--less-null", options.less_null),
            (Heed::Y, "--y", options.y != usual.y),
            (Heed::Bound, "--bound", options.bound != usual.bound),
            (Heed::Differences, "--differences", options.differences != usual.differences),
            (Heed::Checkpoints, "--checkpoints", !options.checkpoints.is_empty()),
            (Heed::Score, "--score", options.score.is_some()),
            (Heed::Sphere, "--points", self.points.is_some()),
            (Heed::Sphere, "--temperature", self.temperature.is_some()),
            (Heed::Sphere, "--view", self.view.is_some()),
            (Heed::Document, "--document", self.document != 0),
            (Heed::Document, "--position", self.position.is_some()),
        ];
        let unheeded = asked.into_iter().filter(|(heed, _, asked)| *asked && !view.heeds.contains(heed));
        unheeded.map(|(_, flag, _)| flag).collect()
    }

    fn write(&self, chart: &Chart, out: &Path) -> Result<()> {
        if is_csv(out) {
            return write_atomically(out, &csv(chart)?);
        }
        figure::write(&layout(chart, &self.figure(chart)), out, self.scale)
    }

    /// How a chart is laid out.
    fn figure(&self, chart: &Chart) -> FigureOptions {
        let called = |name: &String| {
            let mut found = chart.subjects.called(name).peekable();
            if found.peek().is_none() {
                note(&format!("infoplane: no checkpoint is called {name}, which --current names"));
            }
            found.collect::<Vec<_>>()
        };
        FigureOptions {
            theme: if self.dark { Theme::Dark } else { Theme::Light },
            width: self.width.map_or(TWO_COLUMNS, |width| width * POINTS_PER_MM),
            height: self.height.map(|height| height * POINTS_PER_MM),
            title: self.title.clone(),
            has_caption: !self.no_caption,
            current: self.current.iter().flat_map(called).collect(),
        }
    }
}

/// Reads a frontier.
///
/// # Errors
/// A file that cannot be read, or holds something else.
fn read_frontier(file: &Path) -> Result<Report> {
    let bytes = std::fs::read(file).map_err(|error| {
        Error::new(Kind::Output, format!("the frontier cannot be read ({error})")).at(file)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::new(Kind::Output, format!("not a frontier ({error})"))
            .help("name a file that `infoplane frontier` wrote as .json")
            .at(file)
    })
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// Two angles in degrees.
fn direction(text: &str) -> Result<[f64; 2], String> {
    let angle = |text: &str| text.trim().parse().ok().filter(|angle: &f64| angle.is_finite());
    let angles = text.split_once(',').and_then(|(yaw, pitch)| Some([angle(yaw)?, angle(pitch)?]));
    angles.ok_or_else(|| "not two angles in degrees, such as -126,14".to_owned())
}

/// A length on paper.
fn millimetres(text: &str) -> Result<f32, String> {
    let length: f32 = text.parse().map_err(|_| "not a number of millimetres".to_owned())?;
    if (40.0..=1200.0).contains(&length) {
        Ok(length)
    } else {
        Err("a figure is 40 to 1200 mm long".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser as _;

    use super::*;
    use crate::chart::{CheckpointSubject, Datum, Facet, Mark, Of, RunSubject, Series, Subjects};
    use crate::figure::command::Remade;

    #[derive(Debug, clap::Parser)]
    struct Only {
        #[command(flatten)]
        figure: FigureArgs,
    }

    /// What flags make of the words that remake a figure, but for the name of the command.
    fn read(remade: &Remade<'_>) -> FigureArgs {
        let words = remade.words();
        assert_eq!(words[..2], ["infoplane", "figure"]);
        Only::try_parse_from(&words[1..]).unwrap_or_else(|error| panic!("{words:?}: {error}")).figure
    }

    /// A chart of two runs of two checkpoints, each with a place.
    fn chart() -> Chart {
        let checkpoint =
            |step| CheckpointSubject { name: format!("step-{step}"), step: Some(step), tokens: None };
        let run = || RunSubject { checkpoints: [1, 20].map(checkpoint).into(), ..RunSubject::default() };
        let places = (0..2).flat_map(|run| (0..2).map(move |checkpoint| Of::checkpoint(run, checkpoint)));
        let data = places.map(|of| Datum::new(0.0, 0.0, of)).collect();
        let facet =
            Facet { marks: vec![Mark::Series(Series { data, ..Series::default() })], ..Facet::default() };
        Chart::of("", facet, &Arc::new(Subjects { runs: vec![run(), run()], ..Subjects::default() }))
    }

    #[test]
    fn the_words_that_remake_a_figure_ask_for_the_same() {
        let chart = &chart();
        let chosen = Options {
            order: Order::Quadgram,
            layers: "0.5".parse().unwrap(),
            quantity: Some(Quantity::Loss),
            facet: FacetBy::Layer,
            time: Time::Relative,
            log: true,
            less_null: true,
            y: PlaneY::Gap,
            bound: Bound::Frontier,
            differences: Differences::FirstRun,
            checkpoints: vec!["step-1".to_owned(), "20".to_owned()],
            score: Some("-mmlu pro".to_owned()),
            sphere: Sphere { points: 50, temperature: Temperature::Root, ..Sphere::default() },
            document: 3,
            position: Some(7),
        };
        let current = vec![Of::checkpoint(0, 1), Of::checkpoint(1, 1)];
        let laid_out = FigureOptions {
            theme: Theme::Dark,
            width: 69.85 * POINTS_PER_MM,
            height: Some(60.0 * POINTS_PER_MM),
            title: Some("--out of 'it'".to_owned()),
            has_caption: false,
            current,
        };
        let results = [PathBuf::from("a b.json"), PathBuf::from("c.json")];
        let hidden = ["-a".to_owned(), "b, n = 50".to_owned()];
        let text = &[PathBuf::from("books.jsonl"), PathBuf::from("tokenizer.json")];
        for view in views::ALL {
            for (options, figure, dpi) in
                [(&chosen, &laid_out, 600.0), (&Options::default(), &FigureOptions::default(), USUAL_DPI)]
            {
                let out = Path::new("figure.png");
                let args = read(&Remade {
                    view,
                    options,
                    chart,
                    figure,
                    dpi,
                    results: &results,
                    hidden: &hidden,
                    text: Some(text),
                    out,
                });
                assert_eq!(
                    (&*args.kind, &args.results[..], args.out.as_deref()),
                    (view.kind, &results[..], Some(out))
                );
                assert_eq!(args.hide, hidden);
                assert_eq!(args.figure(chart), *figure, "{}", view.kind);
                assert!((args.scale * 72.0 - dpi).abs() < 1e-3, "{}", args.scale);
                let read = args.options();
                assert_eq!(args.unheeded(view, &read), [""; 0], "{}", view.kind);
                let usual = Options::default();
                for heed in view.heeds {
                    match heed {
                        Heed::Order => assert_eq!(read.order, options.order),
                        Heed::Layers => assert_eq!(read.layers, options.layers),
                        Heed::Quantity => assert_eq!(read.quantity, options.quantity),
                        Heed::Facet => assert_eq!(read.facet, options.facet),
                        Heed::Time => assert_eq!((read.time, read.log), (options.time, options.log)),
                        Heed::LessNull => assert_eq!(read.less_null, options.less_null),
                        Heed::Y => assert_eq!(read.y, options.y),
                        Heed::Bound => assert_eq!(read.bound, options.bound),
                        Heed::Frontier => {}
                        Heed::Differences => assert_eq!(read.differences, options.differences),
                        Heed::Checkpoints => assert_eq!(read.checkpoints, options.checkpoints),
                        Heed::Score => assert_eq!(read.score, options.score),
                        Heed::Sphere => assert_eq!(read.sphere, options.sphere),
                        Heed::Document => {
                            assert_eq!((read.document, read.position), (options.document, options.position));
                            assert_eq!(
                                (args.corpus.as_ref(), args.tokenizer.as_ref()),
                                (Some(&text[0]), Some(&text[1]))
                            );
                        }
                    }
                }
                assert!(view.heeds.contains(&Heed::Order) || read.order == usual.order);
            }
        }
    }

    #[test]
    fn a_sphere_is_seen_from_where_the_words_say() {
        let sphere = Sphere { yaw: -1.25, pitch: -0.5, ..Sphere::default() };
        let (view, options) =
            (View::of_kind("estimator").unwrap(), &Options { sphere, ..Options::default() });
        let (chart, figure, out) = (&chart(), &FigureOptions::default(), Path::new("sphere.pdf"));
        let args = read(&Remade {
            view,
            options,
            chart,
            figure,
            dpi: USUAL_DPI,
            results: &[],
            hidden: &[],
            text: None,
            out,
        });
        let read = args.options().sphere;
        assert!((read.yaw - sphere.yaw).abs() < 1e-5 && (read.pitch - sphere.pitch).abs() < 1e-5, "{read:?}");
    }
}
