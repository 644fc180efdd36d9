//! A panel: a view with options of its own, its chart made once for the data and options it is of; or the numbers at the
//! scrubber; or a preference pair.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};

use super::Spot;
use super::options::Chosen;
use super::spec::{Content, Own, PanelKind, Spec};
use crate::app::Action;
use crate::app::chart::{ChartMemory, ChartResponse, Cursor, chart_ui};
use crate::app::numbers::{NumbersMemory, WORDS};
use crate::app::pair::PairMemory;
use crate::app::theme::{self, palette};
use crate::app::widgets::{Icon, icon_button};
use crate::chart::Chart;
use crate::state::Glance;
use crate::views::View;
use crate::views::options::{Bound, Differences, Heed, Options, PlaneY};
use crate::views::plane::{self, PlaneView};
use crate::views::snapshot::Snapshot;

/// The view of what preference pairs tell.
const PREFERENCE: &str = "preference";
/// How far a picture turns with a point of the screen, in radians.
const TURN: f64 = 0.01;

/// What stands in a place of the window.
pub(super) enum Panel {
    /// A view.
    Chart(Box<ChartPanel>),
    /// The numbers at the scrubber.
    Numbers(NumbersMemory),
    /// A preference pair in tokens.
    Pair(PairMemory),
}

impl Panel {
    /// A panel as it comes.
    pub fn usual(kind: PanelKind) -> Self {
        match kind {
            PanelKind::View(view) => Self::of_view(view, Options::default(), None),
            PanelKind::Numbers => Self::Numbers(NumbersMemory::default()),
            PanelKind::Pair => Self::Pair(PairMemory::default()),
        }
    }

    fn of_view(view: &'static View, options: Options, own: Own) -> Self {
        Self::Chart(Box::new(ChartPanel::new(view, options, own)))
    }

    /// The panel that a layout says; `None` where there is no such thing.
    pub fn of(spec: &Spec) -> Option<Self> {
        Some(match spec.open()? {
            Content::View(view, options, own) => Self::of_view(view, *options, own),
            Content::Numbers(sort) => Self::Numbers(NumbersMemory::of(sort)),
            Content::Pair(number) => Self::Pair(PairMemory::of(number)),
        })
    }

    /// What a layout says of it.
    pub fn spec(&self) -> Spec {
        match self {
            Self::Chart(chart) => Spec::of_view(chart.view, &chart.options, chart.own),
            Self::Numbers(numbers) => Spec::of_numbers(numbers.sort),
            Self::Pair(pair) => Spec::of_pair(pair.number),
        }
    }

    /// What it shows.
    pub fn kind(&self) -> PanelKind {
        match self {
            Self::Chart(chart) => PanelKind::View(chart.view),
            Self::Numbers(_) => PanelKind::Numbers,
            Self::Pair(_) => PanelKind::Pair,
        }
    }

    /// Another panel of the same.
    pub fn another(&self) -> Self {
        match self {
            Self::Chart(chart) => Self::of_view(chart.view, chart.options.clone(), chart.own),
            Self::Numbers(numbers) => Self::Numbers(NumbersMemory::of(numbers.sort)),
            Self::Pair(pair) => Self::Pair(PairMemory::of(pair.number)),
        }
    }

    /// What it looks at beside the numbers; `view` is the order and layers of charts without their own.
    pub fn glance(&self, view: PlaneView) -> Option<Glance> {
        match self {
            Self::Chart(chart) => chart.glance(view),
            Self::Numbers(_) => None,
            Self::Pair(pair) => Some(pair.glance()),
        }
    }

    /// What stands in the header beside the title.
    pub fn words(&self, less_null: bool) -> String {
        match self {
            Self::Chart(chart) => chart.words(less_null),
            Self::Numbers(_) => WORDS.to_owned(),
            Self::Pair(_) => String::new(),
        }
    }

    /// The chart; `None` of what is none.
    pub fn chart(&self) -> Option<&ChartPanel> {
        if let Self::Chart(chart) = self { Some(chart) } else { None }
    }
}

/// A view on screen.
pub(super) struct ChartPanel {
    /// What it shows.
    pub view: &'static View,
    /// What of it was chosen.
    pub options: Options,
    /// Its order and layers; `None` for the window's.
    pub own: Own,
    memory: ChartMemory,
    made: Option<Made>,
    /// Whether data that are newer than its chart may wait: other panels come first.
    waits: bool,
}

/// A chart with what it was made of.
struct Made {
    snapshot: Arc<Snapshot>,
    /// When, counted in all charts made.
    number: u64,
    options: Options,
    chart: Result<Chart, String>,
}

impl Made {
    /// Whether its runs, each under its condition, are those of a snapshot.
    fn is_of_runs(&self, snapshot: &Snapshot) -> bool {
        let runs =
            |of: &Snapshot| of.subjects().runs.iter().map(|run| (run.run, run.style)).collect::<Vec<_>>();
        runs(&self.snapshot) == runs(snapshot)
    }
}

impl ChartPanel {
    fn new(view: &'static View, options: Options, own: Own) -> Self {
        Self { view, options, own, memory: ChartMemory::default(), made: None, waits: false }
    }

    /// What was chosen.
    pub fn chosen(&self) -> Chosen {
        Chosen { options: self.options.clone(), own: self.own }
    }

    /// What its chart remembers between frames.
    pub fn memory(&mut self) -> &mut ChartMemory {
        &mut self.memory
    }

    /// Whether it has a chart, not only words about what that lacks.
    pub fn has_chart(&self) -> bool {
        self.made.as_ref().is_some_and(|made| made.chart.is_ok())
    }

    /// Whether it shows the gap to the bound, where its view can and that is worth a look; `None` elsewhere.
    pub fn gap(&self) -> Option<bool> {
        let is_gap = self.options.y == PlaneY::Gap;
        let chart = self.made.as_ref()?.chart.as_ref().ok()?;
        let is_offered = is_gap || plane::is_near_bound(chart, self.memory.scale());
        (self.view.heeds.contains(&Heed::Y) && is_offered).then_some(is_gap)
    }

    /// What is not as in other panels, or not seen on the axes.
    pub fn words(&self, less_null: bool) -> String {
        let own = self.own.map(|(order, layers)| format!("{order}, {}", layers.name()));
        let quantity = self.options.quantity.map(|quantity| quantity.name().to_owned());
        let heeds = |heed: Heed| self.view.heeds.contains(&heed);
        let less_null = (less_null && heeds(Heed::LessNull)).then(|| "less null".to_owned());
        let differences = heeds(Heed::Differences) && self.options.differences == Differences::FirstRun;
        let differences = differences.then(|| "differences to the first run".to_owned());
        let parts = quantity.into_iter().chain(differences).chain(own).chain(less_null);
        parts.collect::<Vec<_>>().join(" · ")
    }

    /// Of a chart whose data are not the newest, when it was made, counted in all charts; `None` of others.
    pub fn outdated(&self, snapshot: &Arc<Snapshot>) -> Option<u64> {
        let made = self.made.as_ref().filter(|made| !Arc::ptr_eq(&made.snapshot, snapshot))?;
        // Of other runs nothing may be shown any longer.
        made.is_of_runs(snapshot).then_some(made.number)
    }

    /// What it looks at beside the numbers.
    pub fn glance(&self, view: PlaneView) -> Option<Glance> {
        let heeds = |heed: Heed| self.view.heeds.contains(&heed);
        if heeds(Heed::Document) {
            return Some(Glance::Document(self.options.document));
        }
        let (order, layers) = self.own.unwrap_or((view.order, view.layers));
        if heeds(Heed::Frontier) || heeds(Heed::Bound) && self.options.bound == Bound::Frontier {
            return Some(Glance::Frontier(order));
        }
        heeds(Heed::Sphere).then_some(Glance::States(layers))
    }

    /// Lets newer data wait for another frame, or not.
    pub fn set_waits(&mut self, waits: bool) {
        self.waits = waits;
    }

    /// What its chart is made under, beside what was chosen: the window's order and layers where it has none of its own.
    pub fn options_under(&self, view: PlaneView, less_null: bool) -> Options {
        let (order, layers) = self.own.unwrap_or((view.order, view.layers));
        Options { order, layers, less_null, ..self.options.clone() }
    }

    /// Draws the chart, or what it lacks.
    pub fn chart_ui(
        &mut self,
        ui: &mut Ui,
        spot: Spot<'_>,
        cursor: &Cursor,
        actions: &mut Vec<Action>,
    ) -> ChartResponse {
        let options = self.options_under(spot.view, spot.less_null);
        let is_made = self.made.as_ref().is_some_and(|made| {
            (self.waits || Arc::ptr_eq(&made.snapshot, spot.snapshot)) && made.options == options
        });
        if !is_made {
            let chart = (self.view.chart)(spot.snapshot, &options);
            let is_news =
                |made: &Made| made.options == options && made.is_of_runs(spot.snapshot) && made.chart.is_ok();
            let grow = spot.is_measuring && self.made.as_ref().is_some_and(is_news);
            self.memory.chart_changed(chart.as_ref().unwrap_or(&Chart::default()), grow);
            let number = spot.made.get() + 1;
            spot.made.set(number);
            self.made = Some(Made { snapshot: Arc::clone(spot.snapshot), number, options, chart });
        }
        match self.made.as_ref().map(|made| &made.chart) {
            Some(Ok(chart)) => {
                if !spot.is_measuring {
                    self.memory.settle(chart);
                }
                let area = ui.available_rect_before_wrap();
                let response = chart_ui(ui, chart, &mut self.memory, cursor);
                fit_ui(ui, area, &mut self.memory);
                if self.view.heeds.contains(&Heed::Sphere) {
                    let sphere = &mut self.options.sphere;
                    sphere.yaw += f64::from(response.turned.x) * TURN;
                    sphere.pitch = (sphere.pitch + f64::from(response.turned.y) * TURN).clamp(-1.5, 1.5);
                }
                response
            }
            Some(Err(missing)) => {
                missing_ui(ui, missing, &remedies(self.view, spot.snapshot), actions);
                ChartResponse::default()
            }
            None => ChartResponse::default(),
        }
    }
}

/// A button that shows all data again, where not all are in sight.
fn fit_ui(ui: &mut Ui, area: egui::Rect, memory: &mut ChartMemory) {
    if memory.is_fitted() {
        return;
    }
    let size = theme::icon_size(ui);
    let corner = egui::Rect::from_min_size(egui::pos2(area.right() - size.x - 6.0, area.top() + 6.0), size);
    let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(corner));
    let button = icon_button(&mut corner, Icon::Fit, "Fit", false);
    if button.on_hover_text("Show all data (double click, F; Ctrl+Z for the look before)").clicked() {
        memory.fit();
    }
}

/// What would give a view something to show, where that is a file to measure on or another view: what it is called, what
/// it does, and how it is asked for.
fn remedies(view: &'static View, snapshot: &Snapshot) -> Vec<(String, &'static str, Action)> {
    let is_measured = snapshot.measured().next().is_some();
    let preference = View::of_kind(PREFERENCE);
    if is_measured && view.kind == PREFERENCE {
        let help = "Chosen and rejected answers, measured beside the text";
        vec![("Choose preference pairs…".to_owned(), help, Action::AskPairs)]
    } else if is_measured && !snapshot.has_ngrams() && view.heeds.contains(&Heed::Order) {
        let help = "A text whose n-grams are measured beside the pairs";
        let text = ("Choose corpus…".to_owned(), help, Action::AskText);
        let open = |view: &'static View| {
            (format!("Open {}", view.title), view.about, Action::OpenPanel(PanelKind::View(view)))
        };
        std::iter::once(text).chain(preference.map(open)).collect()
    } else {
        Vec::new()
    }
}

/// What a view lacks, in the middle, and what would help.
fn missing_ui(
    ui: &mut Ui,
    missing: &str,
    remedies: &[(String, &'static str, Action)],
    actions: &mut Vec<Action>,
) {
    let mut letters = missing.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let text = RichText::new(format!("{first}{}.", letters.as_str())).color(palette(ui.visuals()).weak);
    let area = ui.available_rect_before_wrap();
    let height = 120.0 + 30.0 * remedies.len() as f32;
    let size = egui::vec2((area.width() - 24.0).min(420.0), area.height().min(height));
    let place = egui::Rect::from_center_size(area.center(), size);
    let layout = egui::Layout::top_down(egui::Align::Center).with_main_align(egui::Align::Center);
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
    ui.add(egui::Label::new(text).wrap());
    for (name, help, action) in remedies {
        if ui.button(name).on_hover_text(*help).clicked() {
            actions.push(action.clone());
        }
    }
}
