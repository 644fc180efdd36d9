//! The soft-entropy estimator on a sphere in three dimensions (paper, figure 2; SPEC 2).

mod camera;

use self::camera::{BEHIND, Camera, Seen, line};
use super::View;
use super::options::{Heed, Options, Sphere};
use super::quantity::Quantity;
use super::snapshot::Snapshot;
use crate::chart::{
    Aspect, Axis, Bars, Chart, Color, Dash, Datum, Facet, Key, Legend, Line, Mark, Marker, Of, Rule, Scale,
    Series,
};
use crate::measures::cloud::Cloud;
use crate::measures::soft_entropy::{assignment, distribution, efficiency, temperature, unit_rows};
use crate::settings::Temperature;
use crate::words::counted;

/// The view.
pub const VIEW: View = View {
    kind: "estimator",
    title: "The estimator",
    paper: "2",
    about: "How soft entropy is estimated: states on a sphere are shared out among reference points, and averaged.",
    needs_results: false,
    heeds: &[Heed::Sphere],
    chart,
};

/// The hidden size of what can be seen.
const WIDTH: usize = Sphere::WIDTH;
/// The preset for a sphere, where the bound that the usual one goes by is far below the divergence itself.
const CALIBRATED: Temperature = Temperature::Exact;
/// The seed of the cloud, whose centres lie well apart; that of the reference points is chosen.
const CLOUD: u64 = 1114;
/// The colours of states, of reference points with what they hold, and of the state chosen.
const STATES: Color = Color::Group(0);
const POINTS: Color = Color::Group(2);
const CHOSEN: Color = Color::Group(1);
/// The length of the bar that stands on the fullest reference point, in radii.
const TALLEST: f64 = 0.3;
/// The number of steps of ε at which entropies are computed.
const STEPS: usize = 24;
/// The line of a rule.
const RULE: Line = Line { dash: Dash::Bound, is_thin: true };
/// Shares of a state below this part of its largest are not drawn on the sphere.
const LEAST: f64 = 0.02;

/// What the estimator makes of a cloud.
struct Estimate<'c> {
    cloud: &'c Cloud,
    sphere: Sphere,
    epsilon: f64,
    /// The reference points, a row of three each.
    rows: Vec<f64>,
    chosen: usize,
    /// The assignment p of the chosen state.
    own: Vec<f64>,
    /// P(Z).
    all: Vec<f64>,
}

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let sphere = options.sphere;
    let made;
    let cloud = match snapshot.cloud() {
        Some(cloud) => cloud,
        None => {
            made = Cloud::mixture(CLOUD, sphere.states, sphere.scatter);
            &made
        }
    };
    let estimate = Estimate::of(cloud, sphere)?;
    Ok(Chart {
        title: format!("{}, n = {}, ε = {}", VIEW.title, sphere.points, digits(estimate.epsilon)),
        facets: vec![estimate.picture(), estimate.one(), estimate.temperatures(), estimate.mean()],
        columns: 2,
        legend: estimate.legend(),
        caption: estimate.caption(),
        subjects: snapshot.subjects().clone(),
    })
}

impl<'c> Estimate<'c> {
    fn of(cloud: &'c Cloud, sphere: Sphere) -> Result<Self, String> {
        if sphere.points == 0 {
            return Err("there are no reference points: choose one or more".to_owned());
        }
        let Some(last) = cloud.states.len().checked_sub(1) else {
            return Err("there are no states: choose one or more".to_owned());
        };
        let epsilon = sphere.epsilon().map_err(|error| error.to_string())?;
        let rows = unit_rows(sphere.seed, sphere.points, WIDTH);
        let chosen = sphere.chosen.min(last);
        let own = assignment(&cloud.states[chosen], &rows, epsilon);
        let all = distribution(cloud.states.iter().map(|state| &state[..]), &rows, epsilon);
        Ok(Self { cloud, sphere, epsilon, rows, chosen, own, all })
    }

    /// The reference points.
    fn points(&self) -> impl Iterator<Item = [f64; 3]> {
        self.rows.chunks_exact(WIDTH).map(|row| [row[0], row[1], row[2]])
    }

    /// Sphere, reference points with their bars, states, and how the chosen one is shared out.
    fn picture(&self) -> Facet {
        let camera = Camera::of(&self.sphere);
        let fullest = largest(&self.all);
        let bar = |(point, share): ([f64; 3], &f64)| {
            let tip = point.map(|value| value * (1.0 + TALLEST * share / fullest));
            let weight = if camera.see(point).is_behind { BEHIND } else { 1.0 };
            line(vec![camera.see(point).at, camera.see(tip).at], POINTS, weight)
        };
        let bars: Vec<Mark> = self.points().zip(&self.all).map(bar).map(Mark::Curve).collect();
        let point = |(index, (point, share)): (usize, ([f64; 3], &f64))| {
            let more = vec![format!("reference point {index}"), format!("P {}", digits(*share))];
            (camera.see(point), more)
        };
        let points = self.points().zip(&self.all).enumerate().map(point);
        let [back_points, front_points] = halves("reference points", (POINTS, Marker::Dot), points);
        let state = |(index, state): (usize, &[f64; 3])| (camera.see(*state), vec![format!("state {index}")]);
        let others = self.cloud.states.iter().enumerate().filter(|(index, _)| *index != self.chosen);
        let [back_states, front_states] = halves("states", (STATES, Marker::Speck), others.map(state));
        let chosen = self.cloud.states[self.chosen];
        let strongest = largest(&self.own);
        let share = |(point, share): ([f64; 3], &f64)| {
            let weight = share / strongest;
            let faint = if camera.see(point).is_behind { BEHIND } else { 1.0 };
            (weight >= LEAST).then(|| line(camera.way(chosen, point), CHOSEN, weight as f32 * faint))
        };
        let shares: Vec<Mark> = self.points().zip(&self.own).filter_map(share).map(Mark::Curve).collect();
        let own = [state((self.chosen, &chosen))].into_iter();
        let [back_own, front_own] = halves("chosen state", (CHOSEN, Marker::Dot), own);
        let globe = camera.globe().into_iter().map(Mark::Curve);
        let marks = globe
            .chain([Mark::Series(back_points), Mark::Series(back_states)])
            .chain(bars)
            .chain([Mark::Series(front_states)])
            .chain(shares)
            .chain([Mark::Series(front_points), Mark::Series(back_own), Mark::Series(front_own)]);
        let reach = 1.0 + TALLEST;
        Facet {
            title: match self.cloud.share {
                Some(_) => self.cloud.name.clone(),
                None => "states and reference points".to_owned(),
            },
            x: Axis::new("across", "radii").within([-reach, reach]),
            y: Axis::new("up", "radii").within([-reach, reach]),
            marks: marks
                .filter(|mark| mark.data().next().is_some() || matches!(mark, Mark::Curve(_)))
                .collect(),
            aspect: Aspect::Equal,
            is_bare: true,
        }
    }

    fn points_in_words(&self) -> String {
        counted(self.sphere.points, "reference point")
    }

    /// The soft assignment of the chosen state.
    fn one(&self) -> Facet {
        let title = format!("state {} shared out, H(p) = {:.3}", self.chosen, efficiency(&self.own));
        self.bars(title, "p", &self.own, CHOSEN)
    }

    /// P(Z).
    fn mean(&self) -> Facet {
        let states = counted(self.cloud.states.len(), "state");
        let title = format!("mean of {states}, H(Z) = {:.3}", efficiency(&self.all));
        self.bars(title, "P(Z)", &self.all, POINTS)
    }

    fn bars(&self, title: String, name: &str, shares: &[f64], color: Color) -> Facet {
        let datum = |(index, share): (usize, &f64)| Datum::new(index as f64, *share, Of::default());
        let data = shares.iter().enumerate().map(datum).collect();
        let bars = Bars { name: name.to_owned(), color, width: 0.8, data };
        Facet {
            title,
            x: Axis::new("reference point", "").within([-0.5, shares.len() as f64 - 0.5]),
            y: Axis::new(name, "").with_zero(),
            marks: vec![Mark::Bars(bars), rule(false, 1.0 / shares.len() as f64)],
            ..Facet::default()
        }
    }

    /// The calibrated ε; `None` where there are too few points for one.
    fn calibrated(&self) -> Option<f64> {
        temperature(CALIBRATED, self.sphere.points, WIDTH).ok()
    }

    /// Entropies of one state and of all by ε, with the present ε and the calibrated one.
    fn temperatures(&self) -> Facet {
        let calibrated = self.calibrated();
        let seen =
            || [Some(self.epsilon), calibrated].into_iter().flatten().map(|epsilon| epsilon.clamp(1e-6, 1e3));
        let [least, largest] = [seen().fold(1e-3, f64::min) / 2.0, seen().fold(2.0, f64::max) * 2.0];
        let at = |step: usize| least * (largest / least).powf(step as f64 / STEPS as f64);
        let all: Vec<f64> = (0..=STEPS).map(at).collect();
        let series = |name: &str, color: Color, epsilons: &[f64], of: &dyn Fn(f64) -> f64| {
            let is_line = epsilons.len() > 1;
            let datum =
                |&epsilon: &f64| Datum { joined: true, ..Datum::new(epsilon, of(epsilon), Of::default()) };
            Mark::Series(Series {
                name: name.to_owned(),
                color,
                line: is_line.then(Line::default),
                marker: (!is_line).then_some(Marker::Dot),
                data: epsilons.iter().map(datum).collect(),
                ..Series::default()
            })
        };
        let states = || self.cloud.states.iter().map(|state| &state[..]);
        let mean = |epsilon: f64| efficiency(&distribution(states(), &self.rows, epsilon));
        let own =
            |epsilon: f64| efficiency(&assignment(&self.cloud.states[self.chosen], &self.rows, epsilon));
        let now = [self.epsilon];
        let usual: Vec<f64> = calibrated.into_iter().collect();
        let marks = vec![
            rule(true, self.epsilon),
            series("entropy by temperature", POINTS, &all, &mean),
            series("assignment entropy by temperature", CHOSEN, &all, &own),
            series(Quantity::Entropy.name(), POINTS, &now, &mean),
            series("assignment entropy", CHOSEN, &now, &own),
            series("calibrated entropy", Color::Muted, &usual, &mean),
            series("calibrated assignment entropy", Color::Muted, &usual, &own),
        ];
        Facet {
            title: "by ε: H(Z) above, H(p) below".to_owned(),
            x: Axis { scale: Scale::Log, ..Axis::new("temperature ε", "").within([least, largest]) },
            y: Axis::new("entropy H", "nats / ln n").within([0.0, 1.04]),
            marks: marks
                .into_iter()
                .filter(|mark| !matches!(mark, Mark::Series(of) if of.data.is_empty()))
                .collect(),
            ..Facet::default()
        }
    }

    fn legend(&self) -> Legend {
        let key = |label: &str, color: Color, marker: Option<Marker>| Key {
            label: label.to_owned(),
            color,
            marker,
            line: marker.is_none().then(Line::default),
            ..Key::default()
        };
        let keys = vec![
            key("state, normalized", STATES, Some(Marker::Speck)),
            key("reference point, its bar P(Z)", POINTS, Some(Marker::Dot)),
            key("state chosen", CHOSEN, Some(Marker::Dot)),
            key("its assignment, by weight", CHOSEN, None),
            Key { line: Some(RULE), ..key("present ε; 1/n, all points alike", Color::Muted, None) },
        ];
        let calibrated = self.calibrated().map(|epsilon| {
            key(&format!("calibrated ε = {}", digits(epsilon)), Color::Muted, Some(Marker::Dot))
        });
        let keys = keys.into_iter().chain(calibrated).collect();
        Legend { keys, ..Legend::default() }
    }

    fn caption(&self) -> Vec<String> {
        let of = match self.cloud.share {
            Some(share) => format!(
                "{}, on the three directions that hold {:.0} % of their squares; entropies are of that projection, not of \
                 the hidden states",
                self.cloud.name,
                100.0 * share
            ),
            None => self.cloud.name.clone(),
        };
        let chosen = match self.sphere.temperature {
            Temperature::Fixed(_) => "as chosen".to_owned(),
            preset => format!("by the preset {preset}"),
        };
        vec![
            of,
            format!(
                "{} of seed {}, ε = {} {chosen}, in {WIDTH} dimensions; H in nats / ln n",
                self.points_in_words(),
                self.sphere.seed,
                digits(self.epsilon)
            ),
            "p = softmax(W z / ε); P(Z) is its mean over states".to_owned(),
        ]
    }
}

/// What lies behind and what in front, the former faint.
fn halves(
    name: &str,
    (color, marker): (Color, Marker),
    seen: impl Iterator<Item = (Seen, Vec<String>)>,
) -> [Series; 2] {
    let (behind, front): (Vec<_>, Vec<_>) = seen.partition(|(seen, _)| seen.is_behind);
    let series = |seen: Vec<(Seen, Vec<String>)>, is_faint: bool| Series {
        name: name.to_owned(),
        color,
        marker: Some(marker),
        is_faint,
        data: seen
            .into_iter()
            .map(|(seen, more)| Datum { more, ..Datum::new(seen.at[0], seen.at[1], Of::default()) })
            .collect(),
        ..Series::default()
    };
    [series(behind, true), series(front, false)]
}

/// A line across a frame that is no data.
fn rule(is_upright: bool, at: f64) -> Mark {
    Mark::Rule(Rule { is_upright, at, label: String::new(), color: Color::Muted, of: Of::default() })
}

fn largest(shares: &[f64]) -> f64 {
    shares.iter().copied().fold(0.0, f64::max)
}

/// A number in three significant digits, as far as a fraction needs them.
fn digits(value: f64) -> String {
    if !(1e-6..1e4).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let decimals = (2 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests;
