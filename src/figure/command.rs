//! The command lines that remake a figure: from results, and results where there are none yet.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::layout::{FigureOptions, POINTS_PER_MM, TWO_COLUMNS};
use super::style::Theme;
use crate::chart::{Chart, ColorBy, Of};
use crate::condition::Condition;
use crate::settings::{self, Settings};
use crate::views::View;
use crate::views::options::{Bound, Heed, Options, Sphere};

/// Dots per inch of a PNG for which no scale is named.
pub const USUAL_DPI: f32 = 300.0;

/// A figure to be remade.
#[derive(Clone, Debug)]
pub struct Remade<'f> {
    /// What it shows.
    pub view: &'static View,
    /// What of that was chosen.
    pub options: &'f Options,
    /// The chart that was laid out.
    pub chart: &'f Chart,
    /// How it is laid out.
    pub figure: &'f FigureOptions,
    /// Dots per inch, where it is a PNG.
    pub dpi: f32,
    /// The results that it shows.
    pub results: &'f [PathBuf],
    /// The runs of them that it does not show, by their labels.
    pub hidden: &'f [String],
    /// The text that a document shown is of, and the tokenizer that it is read by; `None` where none is known.
    pub text: Option<&'f [PathBuf; 2]>,
    /// Where it is written.
    pub out: &'f Path,
}

impl Remade<'_> {
    /// The words of `infoplane figure` that remake it: flags only where they differ from what they are without, and of
    /// those of views only what its kind heeds.
    pub fn words(&self) -> Vec<String> {
        let mut words = Words::new("figure");
        words.0.extend(self.results.iter().map(|path| path.to_string_lossy().into_owned()));
        for run in self.hidden {
            words.flag("hide", run, true);
        }
        words.flag("kind", self.view.kind, self.view.kind != "plane");
        for heed in self.view.heeds {
            self.heed(*heed, &mut words);
        }
        let figure = self.figure;
        let current = self.current();
        words.flag("current", current.join(","), !current.is_empty());
        words.flag("width", millimetres(figure.width), figure.width != TWO_COLUMNS);
        let height = figure.height.map(millimetres);
        words.flag("height", height.as_deref().unwrap_or_default(), height.is_some());
        let is_png = self.out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        words.flag("scale", number(f64::from(self.dpi / 72.0), 6), is_png && self.dpi != USUAL_DPI);
        let title = figure.title.as_deref();
        words.flag("title", title.unwrap_or_default(), title.is_some());
        words.switch("no-caption", !figure.has_caption);
        let color_by = self.chart.subjects.color_by;
        words.flag("color-by", color_by.name(), color_by != ColorBy::Run);
        words.switch("dark", figure.theme == Theme::Dark);
        words.flag("out", self.out.to_string_lossy(), true);
        words.0
    }

    /// The names of checkpoints that stand out and are drawn, each once.
    fn current(&self) -> Vec<&str> {
        let checkpoint = |of: Of| Of { layer: None, order: None, ..of };
        let drawn: HashSet<Of> = self.chart.data().map(|(.., datum)| checkpoint(datum.of)).collect();
        let mut names = Vec::new();
        for of in self.figure.current.iter().filter(|of| drawn.contains(&checkpoint(**of))) {
            let name = self.chart.subjects.checkpoint(*of).map(|checkpoint| &*checkpoint.name);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    fn heed(&self, heed: Heed, words: &mut Words) {
        let (options, usual) = (self.options, Options::default());
        match heed {
            Heed::Order => {
                words.flag("order", options.order.number().to_string(), options.order != usual.order);
            }
            Heed::Layers => words.flag("layer", options.layers.to_string(), options.layers != usual.layers),
            Heed::Quantity => {
                let quantity = options.quantity.map(|quantity| quantity.name());
                words.flag("measure", quantity.unwrap_or_default(), quantity.is_some());
            }
            Heed::Facet => words.flag("facet", options.facet.name(), options.facet != usual.facet),
            Heed::Time => {
                words.flag("time", options.time.name(), options.time != usual.time);
                words.switch("log", options.log);
            }
            Heed::LessNull => words.switch("less-null", options.less_null),
            Heed::Y => words.flag("y", options.y.name(), options.y != usual.y),
            Heed::Bound => words.flag("bound", options.bound.name(), options.bound != usual.bound),
            // Its file is said by whoever has one.
            Heed::Frontier => {}
            Heed::Differences => {
                let is_other = options.differences != usual.differences;
                words.flag("differences", options.differences.name(), is_other);
            }
            Heed::Checkpoints => {
                let named = !options.checkpoints.is_empty();
                words.flag("checkpoints", options.checkpoints.join(","), named);
            }
            Heed::Score => {
                let score = options.score.as_deref();
                words.flag("score", score.unwrap_or_default(), score.is_some());
            }
            Heed::Sphere => {
                let (sphere, usual) = (&options.sphere, &usual.sphere);
                words.flag("points", sphere.points.to_string(), sphere.points != usual.points);
                let is_other = sphere.temperature != usual.temperature;
                words.flag("temperature", sphere.temperature.to_string(), is_other);
                let [yaw, pitch] = [sphere.yaw, sphere.pitch].map(|angle| number(angle.to_degrees(), 4));
                let is_turned = (sphere.yaw, sphere.pitch) != (usual.yaw, usual.pitch);
                words.flag("view", format!("{yaw},{pitch}"), is_turned);
            }
            Heed::Document => {
                let Some([corpus, tokenizer]) = self.text else { return };
                words.flag("corpus", corpus.to_string_lossy(), true);
                words.flag("tokenizer", tokenizer.to_string_lossy(), true);
                words.flag("document", options.document.to_string(), options.document != usual.document);
                let position = options.position.map(|position| position.to_string());
                words.flag("position", position.as_deref().unwrap_or_default(), position.is_some());
            }
        }
    }

    /// What of the figure no flag says, in words; `None` where the command remakes all of it.
    pub fn lacks(&self) -> Option<&'static str> {
        let (sphere, usual) = (&self.options.sphere, Sphere::default());
        let is_other = (sphere.seed, sphere.chosen) != (usual.seed, usual.chosen);
        let heeds = |heed: Heed| self.view.heeds.contains(&heed);
        match () {
            () if is_other && heeds(Heed::Sphere) => {
                Some("seed and state of the sphere, which no flag names")
            }
            () if self.text.is_none() && heeds(Heed::Document) => {
                Some("the text, which --corpus and --tokenizer name")
            }
            () if heeds(Heed::Frontier) || heeds(Heed::Bound) && self.options.bound == Bound::Frontier => {
                Some("the frontier, whose file --frontier names")
            }
            () if heeds(Heed::Score) => Some("the scores, whose file --scores names"),
            () => None,
        }
    }
}

/// The words of `infoplane measure` that measure models under a condition, and write the results to a file.
pub fn measure(models: &[PathBuf], condition: &Condition, out: &Path) -> Vec<String> {
    let mut words = Words::new("measure");
    words.0.extend(models.iter().map(|path| path.to_string_lossy().into_owned()));
    words.flag(condition.text.noun(), condition.text.path().to_string_lossy(), true);
    let usual = Settings::default();
    for entry in settings::ALL {
        let value = entry.text(&condition.settings);
        let is_other = value != entry.text(&usual);
        words.flag(&entry.flag(), value, is_other);
    }
    words.flag("out", out.to_string_lossy(), true);
    words.0
}

/// Words as a line that a shell takes apart into the same.
pub fn shell(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words of a command.
struct Words(Vec<String>);

impl Words {
    fn new(command: &str) -> Self {
        Self(vec!["infoplane".to_owned(), command.to_owned()])
    }

    /// A flag with its value, where it is said. In one word where the value could pass for a flag.
    fn flag(&mut self, name: &str, value: impl AsRef<str>, is_said: bool) {
        let value = value.as_ref();
        match (is_said, value.starts_with('-')) {
            (false, _) => {}
            (true, true) => self.0.push(format!("--{name}={value}")),
            (true, false) => self.0.extend([format!("--{name}"), value.to_owned()]),
        }
    }

    /// A flag without a value, where it is said.
    fn switch(&mut self, name: &str, is_said: bool) {
        self.0.extend(is_said.then(|| format!("--{name}")));
    }
}

/// A length in points as millimetres, to the hundredth.
fn millimetres(points: f32) -> String {
    number(f64::from(points / POINTS_PER_MM), 2)
}

/// A number with so many decimals at the most.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::chart::{CheckpointSubject, Datum, Facet, Mark, RunSubject, Series, Subjects};
    use crate::condition::TextSource;
    use crate::measures::Order;
    use crate::settings::Temperature;
    use crate::views::options::{Differences, FacetBy, LayerChoice, PlaneY, Time};
    use crate::views::quantity::Quantity;

    fn line(kind: &str, options: &Options, figure: &FigureOptions, dpi: f32, out: &str) -> String {
        let checkpoint =
            |step| CheckpointSubject { name: format!("step {step}"), step: Some(step), tokens: None };
        let runs =
            vec![RunSubject { checkpoints: vec![checkpoint(1), checkpoint(2)], ..RunSubject::default() }; 2];
        let view = View::of_kind(kind).unwrap();
        let results = ["/r/a.json".into(), "/r/it's b.json".into()];
        let data = vec![Datum::new(0.0, 0.0, Of::checkpoint(0, 1).at_layer(Some(3)))];
        let series = Series { data, ..Series::default() };
        let facet = Facet { marks: vec![Mark::Series(series)], ..Facet::default() };
        let chart = &Chart::of("", facet, &Arc::new(Subjects { runs, ..Subjects::default() }));
        let (text, out) = (Some(&["/b/books.jsonl".into(), "/m/tokenizer.json".into()]), Path::new(out));
        let hidden = &["a run, n = 50".to_owned()][..usize::from(kind == "loss")];
        let remade = Remade { view, options, chart, figure, dpi, results: &results, hidden, text, out };
        shell(&remade.words())
    }

    #[test]
    fn what_is_as_usual_is_not_said() {
        let plain = line("plane", &Options::default(), &FigureOptions::default(), 300.0, "plane.svg");
        assert_eq!(plain, r"infoplane figure /r/a.json '/r/it'\''s b.json' --out plane.svg");
    }

    #[test]
    fn what_was_chosen_is_said_in_the_words_of_its_flags() {
        let options = Options {
            order: Order::Trigram,
            layers: LayerChoice::Layer(3),
            quantity: Some(Quantity::Loss),
            facet: FacetBy::Run,
            time: Time::Tokens,
            log: true,
            less_null: true,
            y: PlaneY::Gap,
            bound: Bound::Line,
            differences: Differences::FirstRun,
            checkpoints: vec!["first one".to_owned(), "7".to_owned()],
            score: Some("mmlu".to_owned()),
            sphere: Sphere { yaw: -1.0, temperature: Temperature::Root, points: 50, ..Sphere::default() },
            document: 2,
            position: Some(5),
        };
        let figure = FigureOptions {
            theme: Theme::Dark,
            width: 69.85 * POINTS_PER_MM,
            height: Some(60.0 * POINTS_PER_MM),
            title: Some("-θ".to_owned()),
            has_caption: false,
            current: vec![Of::checkpoint(0, 1), Of::checkpoint(1, 1)],
        };
        let plane = line("plane", &options, &figure, 600.0, "/f/a b.png");
        let expected = "infoplane figure /r/a.json '/r/it'\\''s b.json' --order 3 --layer 3 --facet run --y gap --less-null \
                        --current 'step 2' --width 69.85 --height 60 --scale 8.333333 --title=-θ --no-caption \
                        --dark --out '/f/a b.png'";
        assert_eq!(plane, expected);
        let said = |kind: &str| line(kind, &options, &FigureOptions::default(), 600.0, "f.pdf");
        assert!(
            said("timecourse").contains(" --kind timecourse ")
                && said("timecourse").contains(" --time tokens --log --differences first-run ")
        );
        assert!(said("profile").contains(" --checkpoints 'first one,7' "));
        assert!(said("benchmarks").contains(" --score mmlu "));
        assert!(said("loss").contains(" --hide 'a run, n = 50' --kind loss "));
        let text = " --corpus /b/books.jsonl --tokenizer /m/tokenizer.json --document 2 --position 5 ";
        assert!(said("labels").contains(text) && !said("plane").contains("--corpus"));
        let sphere = said("estimator");
        assert!(sphere.contains(" --points 50 --temperature root --view=-57.2958,14.3239 "), "{sphere}");
        assert!(!sphere.contains("--scale") && !sphere.contains("--current"));
    }

    #[test]
    fn what_is_measured_here_is_measured_by_a_command_too() {
        let settings = Settings { samples: 64, seed: 7, ..Settings::default() };
        let condition = Condition { settings, text: TextSource::Corpus("/b/books.jsonl".into()) };
        let words = measure(&["/runs/a b".into(), "/runs/c".into()], &condition, Path::new("RESULTS.json"));
        let expected = "infoplane measure '/runs/a b' /runs/c --corpus /b/books.jsonl --samples 64 --seed 7 \
                        --out RESULTS.json";
        assert_eq!(shell(&words), expected);
    }
}
