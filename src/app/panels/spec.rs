//! What a panel shows, as it is written in layouts.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app::numbers::sort::{By, Sort};
use crate::measures::Order;
use crate::views::options::{Bound, Differences, FacetBy, LayerChoice, Options, PlaneY, Sphere, Time};
use crate::views::quantity::Quantity;
use crate::views::{self, View};

/// How many reference points a sphere may have.
pub(super) const SPHERE_POINTS: RangeInclusive<usize> = 2..=500;

/// The order and layers of a panel; `None` for the window's.
pub(in crate::app) type Own = Option<(Order, LayerChoice)>;

/// What a panel shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct Spec {
    /// The kind of its view.
    pub view: String,
    /// What of it was chosen, by name; what is as usual is left out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

/// What there are panels of.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) enum PanelKind {
    /// The chart of a view.
    View(&'static View),
    /// The numbers at the scrubber, in a table.
    Numbers,
    /// A preference pair in tokens.
    Pair,
}

impl PanelKind {
    /// Everything there is a panel of, in the order of menus.
    pub fn all() -> impl Iterator<Item = Self> {
        views::ALL.iter().map(Self::View).chain([Self::Numbers, Self::Pair])
    }

    /// What has this name in layouts; `None` where there is nothing.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// Its name in layouts.
    pub fn name(self) -> &'static str {
        match self {
            Self::View(view) => view.kind,
            Self::Numbers => "numbers",
            Self::Pair => "pair",
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::View(view) => view.title,
            Self::Numbers => "Numbers",
            Self::Pair => "Preference pair",
        }
    }

    /// What it shows, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::View(view) => view.about,
            Self::Numbers => {
                "The numbers of every run at the scrubber, and what tells whether to believe them."
            }
            Self::Pair => {
                "A preference pair as the model reads it: rendered, in tokens, with the positions that are labelled."
            }
        }
    }
}

/// What a panel shows, with what of it was chosen.
pub(in crate::app) enum Content {
    /// The chart of a view.
    View(&'static View, Box<Options>, Own),
    /// The numbers at the scrubber, in this order.
    Numbers(Option<Sort>),
    /// The preference pair of this number, from 0.
    Pair(usize),
}

impl Spec {
    /// A panel as it comes.
    pub fn usual(kind: PanelKind) -> Self {
        Self { view: kind.name().to_owned(), options: Map::new() }
    }

    /// The numbers in an order.
    pub fn of_numbers(sort: Option<Sort>) -> Self {
        let words =
            sort.map(|sort| [("sort", sort.by.name().into()), ("descending", sort.is_descending.into())]);
        let options = words.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { options, ..Self::usual(PanelKind::Numbers) }
    }

    /// The preference pair of a number, from 0; layouts count from 1, as the window does.
    pub fn of_pair(number: usize) -> Self {
        let options = (number > 0).then(|| ("pair".to_owned(), (number as u64 + 1).into()));
        Self { options: options.into_iter().collect(), ..Self::usual(PanelKind::Pair) }
    }

    /// A view with options; `order` and `layers` only where they are the panel's own.
    pub fn of_view(view: &View, options: &Options, own: Own) -> Self {
        let (usual, mut chosen) = (Options::default(), Map::new());
        let mut set = |name: &str, value: Value| {
            chosen.insert(name.to_owned(), value);
        };
        if let Some((order, layers)) = own {
            set("order", order.name().into());
            set("layers", layers.to_string().into());
        }
        if let Some(quantity) = options.quantity {
            set("quantity", quantity.name().into());
        }
        if options.facet != usual.facet {
            set("facet", options.facet.name().into());
        }
        if options.time != usual.time {
            set("time", options.time.name().into());
        }
        if options.log != usual.log {
            set("log", options.log.into());
        }
        if options.y != usual.y {
            set("y", options.y.name().into());
        }
        if options.bound != usual.bound {
            set("bound", options.bound.name().into());
        }
        if options.differences != usual.differences {
            set("differences", options.differences.name().into());
        }
        if !options.checkpoints.is_empty() {
            set("checkpoints", options.checkpoints.clone().into());
        }
        if options.document != usual.document {
            set("document", options.document.into());
        }
        if let Some(position) = options.position {
            set("position", position.into());
        }
        let (sphere, usual) = (&options.sphere, &usual.sphere);
        if sphere.points != usual.points {
            set("points", sphere.points.into());
        }
        if sphere.seed != usual.seed {
            set("seed", sphere.seed.into());
        }
        if sphere.temperature != usual.temperature {
            set("temperature", sphere.temperature.to_string().into());
        }
        if sphere.chosen != usual.chosen {
            set("state", sphere.chosen.into());
        }
        if let Some(score) = &options.score {
            set("score", score.clone().into());
        }
        Self { view: view.kind.to_owned(), options: chosen }
    }

    /// What the panel shows; `None` where there is no such thing. An option that has no such value is as usual.
    pub fn open(&self) -> Option<Content> {
        match PanelKind::of_name(&self.view)? {
            PanelKind::View(view) => {
                let (options, own) = self.open_view();
                Some(Content::View(view, Box::new(options), own))
            }
            PanelKind::Numbers => Some(Content::Numbers(self.open_numbers())),
            PanelKind::Pair => Some(Content::Pair(self.open_pair())),
        }
    }

    fn open_numbers(&self) -> Option<Sort> {
        let name = self.options.get("sort")?.as_str()?;
        let by = By::of_name(name)?;
        let is_descending = self.options.get("descending").and_then(Value::as_bool).unwrap_or_default();
        Some(Sort { by, is_descending })
    }

    fn open_pair(&self) -> usize {
        let number =
            self.options.get("pair").and_then(Value::as_u64).and_then(|number| number.checked_sub(1));
        number.and_then(|number| number.try_into().ok()).unwrap_or_default()
    }

    /// The estimator on a sphere; where it is seen from is as usual.
    fn open_sphere(&self) -> Sphere {
        let usual = Sphere::default();
        let number = |name: &str| self.options.get(name).and_then(Value::as_u64);
        let size = |name: &str| number(name).and_then(|number| usize::try_from(number).ok());
        let temperature = self.options.get("temperature").and_then(Value::as_str);
        Sphere {
            points: size("points").filter(|points| SPHERE_POINTS.contains(points)).unwrap_or(usual.points),
            seed: number("seed").unwrap_or(usual.seed),
            temperature: temperature.and_then(|text| text.parse().ok()).unwrap_or(usual.temperature),
            chosen: size("state").unwrap_or(usual.chosen),
            ..usual
        }
    }

    /// The options of a view, and the order and layers where they are the panel's own.
    fn open_view(&self) -> (Options, Own) {
        let word = |name: &str| self.options.get(name).and_then(Value::as_str);
        fn read<T: std::str::FromStr + Default>(word: Option<&str>) -> T {
            word.and_then(|word| word.parse().ok()).unwrap_or_default()
        }
        let number = |name: &str| self.options.get(name)?.as_u64()?.try_into().ok();
        let checkpoints = self.options.get("checkpoints").and_then(Value::as_array);
        let checkpoints = checkpoints.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let options = Options {
            quantity: word("quantity").and_then(|word| word.parse::<Quantity>().ok()),
            facet: read::<FacetBy>(word("facet")),
            time: read::<Time>(word("time")),
            log: self.options.get("log").and_then(Value::as_bool).unwrap_or_default(),
            y: read::<PlaneY>(word("y")),
            bound: read::<Bound>(word("bound")),
            differences: read::<Differences>(word("differences")),
            checkpoints: checkpoints.collect(),
            score: word("score").map(str::to_owned),
            document: number("document").unwrap_or_default(),
            position: number("position"),
            sphere: self.open_sphere(),
            ..Options::default()
        };
        let order = word("order").and_then(|word| Order::ALL.into_iter().find(|order| order.name() == word));
        let layers = word("layers").and_then(|word| word.parse().ok());
        (options, order.zip(layers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::numbers::columns::Column;

    #[test]
    fn options_come_back_as_they_were() {
        let view = View::of_kind("plane").unwrap();
        let options = Options {
            quantity: Some(Quantity::Loss),
            facet: FacetBy::Run,
            time: Time::Tokens,
            log: true,
            y: PlaneY::Gap,
            bound: Bound::Frontier,
            differences: Differences::FirstRun,
            checkpoints: vec!["step-10".to_owned()],
            score: Some("mmlu".to_owned()),
            document: 3,
            position: Some(17),
            sphere: Sphere {
                points: 50,
                seed: 7,
                temperature: "root".parse().unwrap(),
                chosen: 3,
                ..Sphere::default()
            },
            ..Options::default()
        };
        for own in [LayerChoice::Mean, LayerChoice::Last, LayerChoice::Layer(3), "1.0".parse().unwrap()]
            .map(|layers| Some((Order::Trigram, layers)))
            .into_iter()
            .chain([None])
        {
            let spec = Spec::of_view(view, &options, own);
            let Some(Content::View(opened, again, its_own)) = spec.open() else { panic!("a view") };
            assert_eq!((opened.kind, *again, its_own), (view.kind, options.clone(), own));
        }
        let usual = Spec::of_view(view, &Options::default(), None);
        assert!(usual.options.is_empty(), "what is as usual is not written");
        let tomorrow = Spec { view: "of-tomorrow".to_owned(), ..usual };
        assert!(tomorrow.open().is_none());
        let odd = Spec { view: "plane".to_owned(), options: serde_json::from_str("{\"facet\": 3}").unwrap() };
        assert_eq!(odd.open_view().0, Options::default());
    }

    #[test]
    fn the_order_of_numbers_comes_back_as_it_was() {
        let others = [Quantity::Preference, "field:source".parse().unwrap()];
        let sorts = By::all(Column::all(&others, true))
            .flat_map(|by| [true, false].map(|is_descending| Sort { by, is_descending }));
        for sort in sorts.map(Some).chain([None]) {
            let spec = Spec::of_numbers(sort);
            assert!(matches!(spec.open(), Some(Content::Numbers(again)) if again == sort), "{spec:?}");
        }
        assert!(Spec::of_numbers(None).options.is_empty());
        let odd = Spec {
            options: serde_json::from_str("{\"sort\": \"convergence\"}").unwrap(),
            ..Spec::of_numbers(None)
        };
        assert!(matches!(odd.open(), Some(Content::Numbers(None))), "no order by curves");
    }

    #[test]
    fn the_number_of_a_pair_comes_back_as_it_was() {
        for number in [0, 1, 41] {
            assert!(matches!(Spec::of_pair(number).open(), Some(Content::Pair(again)) if again == number));
        }
        assert!(Spec::of_pair(0).options.is_empty());
        let odd = Spec { options: serde_json::from_str("{\"pair\": 0}").unwrap(), ..Spec::of_pair(0) };
        assert!(matches!(odd.open(), Some(Content::Pair(0))));
    }
}
