//! What the marks on a plane mean, in words: for legends, captions and tooltips alike.

use std::path::Path;

use super::plane::{PlanePoint, Trajectory};
use crate::measures::Information;
use crate::results::caption::{self, MeasuredRun};
use crate::words::counted_range;

/// From this share on, shuffled labels or labels seen once make most of a value.
const MOST: f64 = 0.5;

/// Less than this above the bound is not seen in four digits; where all labels occur once, rounding makes it.
const VISIBLE: f64 = 5e-5;

/// The share of a value that shuffled labels give; of nothing above zero, all.
fn share(null: f64, value: f64) -> f64 {
    if value > 0.0 { null / value } else { f64::INFINITY }
}

/// A reason to take a point with care.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flag {
    /// I(Y;Z) exceeds I(X;Z).
    AboveBound,
    /// This share of positions, of the worse side, has a label that occurs nowhere else: φ tends to 1 by itself.
    SeenOnce(f64),
    /// Shuffled labels give this share of the value, of the worse side.
    Null(f64),
    /// So many of the layers behind the point depend on the seed of the reference points more than on the text.
    Seed {
        /// Those that do.
        layers: usize,
        /// All layers behind the point.
        of: usize,
    },
}

impl PlanePoint {
    /// Whether I(Y;Z) exceeds I(X;Z) by more than rounding.
    pub fn is_above_bound(&self) -> bool {
        self.expressivity > self.complexity + VISIBLE
    }

    /// What a reader must know before believing the point.
    pub fn flags(&self) -> Vec<Flag> {
        let values = [self.complexity, self.expressivity];
        let worse = |shares: [f64; 2]| Some(shares[0].max(shares[1])).filter(|share| *share > MOST);
        let null = |[x, y]: [f64; 2]| worse([share(x, values[0]), share(y, values[1])]);
        let (layers, of) = self.layers_of_seed;
        let flags = [
            self.is_above_bound().then_some(Flag::AboveBound),
            // A minimum count leaves those positions out.
            self.singletons.filter(|_| self.kept.is_none()).and_then(worse).map(Flag::SeenOnce),
            self.null.and_then(null).map(Flag::Null),
            (layers > 0).then_some(Flag::Seed { layers, of }),
        ];
        flags.into_iter().flatten().collect()
    }
}

impl Flag {
    /// Whether the flag says that φ means little, rather than where the point lies.
    pub fn is_of_optimality(&self) -> bool {
        !matches!(self, Self::AboveBound)
    }

    /// Whether most of the value is what the sample's size gives, not what the labels say.
    pub fn is_of_null(&self) -> bool {
        matches!(self, Self::Null(_) | Self::SeenOnce(_))
    }

    /// What must be known before a number made of these informations is believed, where so many of the layers behind it
    /// depend on the seed of the reference points, of so many.
    pub(super) fn of<'i>(
        informations: impl Iterator<Item = &'i Information>,
        (layers, of): (usize, usize),
    ) -> Vec<Self> {
        let (mut once, mut null) = (0.0f64, 0.0f64);
        for information in informations {
            // A minimum count leaves those positions out.
            let whole = information.kept.is_none_or(|kept| kept >= 1.0);
            once = once.max(information.singletons.filter(|_| whole).unwrap_or_default());
            null = null.max(information.null.map_or(0.0, |null| share(null, information.value)));
        }
        let flags = [
            (once > MOST).then_some(Self::SeenOnce(once)),
            (null > MOST).then_some(Self::Null(null)),
            (layers > 0).then_some(Self::Seed { layers, of }),
        ];
        flags.into_iter().flatten().collect()
    }

    /// The reason in a few words.
    pub fn short(&self) -> String {
        self.words("")
    }

    /// The reason with what it means.
    pub fn long(&self) -> String {
        self.explained("")
    }

    /// The reason with `at_most` before its share.
    fn words(&self, at_most: &str) -> String {
        match self {
            Self::AboveBound => "above the bound".to_owned(),
            Self::SeenOnce(share) => {
                format!("{at_most}{:.0} % of positions have a label seen once", 100.0 * share)
            }
            Self::Null(share) if *share >= 1.0 => format!("shuffled labels give {at_most}all of it"),
            Self::Null(share) => format!("shuffled labels give {at_most}{:.0} % of it", 100.0 * share),
            Self::Seed { of: 1, .. } => "depends on the seed".to_owned(),
            Self::Seed { layers, of } => format!("{at_most}{layers} of {of} layers depend on the seed"),
        }
    }

    /// [`Self::words`] with what they mean.
    fn explained(&self, at_most: &str) -> String {
        let meaning = match self {
            Self::AboveBound => {
                "few positions a label, or states that know more than their own token; the bound binds what depends \
                 on the label alone"
            }
            Self::SeenOnce(_) => {
                "complexity and expressivity become equal whatever the model, and φ tends to 1"
            }
            Self::Null(_) => "most of the value comes of the sample's size, not of what the labels say",
            Self::Seed { .. } => {
                "more than on the text: H(Z) moves further from seed to seed than labels account for"
            }
        };
        format!("{}: {meaning}", self.words(at_most))
    }

    /// Of two flags of one kind the worse; `None` for flags of two kinds.
    fn worse(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::AboveBound, Self::AboveBound) => Some(self),
            (Self::SeenOnce(a), Self::SeenOnce(b)) => Some(Self::SeenOnce(a.max(b))),
            (Self::Null(a), Self::Null(b)) => Some(Self::Null(a.max(b))),
            (Self::Seed { layers: a, .. }, Self::Seed { layers: b, .. }) => {
                Some(if b > a { other } else { self })
            }
            _ => None,
        }
    }
}

/// What flags of several points say, each once by its worst: in a few words, and with what it means.
pub(super) fn summed_up(flags: impl IntoIterator<Item = Flag>, is_of_several: bool) -> Vec<[String; 2]> {
    let mut seen = Seen::default();
    flags.into_iter().for_each(|flag| seen.add(flag));
    seen.points = if is_of_several { 2 } else { 1 };
    let at_most = seen.at_most();
    seen.flags.iter().map(|flag| [flag.words(at_most), flag.explained(at_most)]).collect()
}

/// A sign on the plane that needs an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// An open mark.
    Open,
    /// A dashed line between open marks.
    Dashed,
    /// An exclamation mark.
    Exclamation,
}

/// A line of a legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is seen.
    pub sign: Sign,
    /// What it means.
    pub text: String,
}

/// The explanation of every sign that occurs on a plane, for its legend.
pub fn notes(trajectories: &[Trajectory]) -> Vec<Note> {
    let seen = Seen::on(trajectories);
    let open = seen.previews().map(|text| Note { sign: Sign::Open, text });
    let dashed = seen.stale.then(|| Note { sign: Sign::Dashed, text: STALE.to_owned() });
    let flags =
        seen.flags.iter().map(|flag| Note { sign: Sign::Exclamation, text: flag.words(seen.at_most()) });
    open.into_iter().chain(dashed).chain(flags).collect()
}

/// The same in sentences, for a caption.
pub fn summary(trajectories: &[Trajectory]) -> Vec<String> {
    let seen = Seen::on(trajectories);
    let open = seen.previews().map(|text| format!("Open marks: {text}"));
    let dashed = seen.stale.then(|| format!("Open marks with dashed lines: {STALE}"));
    let flags = seen.flags.iter().map(|flag| format!("! {}", flag.explained(seen.at_most())));
    open.into_iter().chain(dashed).chain(flags).collect()
}

/// What trajectories were measured under and what their marks mean, for under a figure.
pub fn caption(trajectories: &[Trajectory]) -> String {
    let drawn: Vec<&Trajectory> = trajectories.iter().filter(|t| !t.points.is_empty()).collect();
    let runs: Vec<MeasuredRun<'_>> = drawn
        .iter()
        .map(|t| MeasuredRun { name: &t.name, place: Path::new(""), measured: &t.measured })
        .collect();
    let mut caption = caption::caption(&runs);
    let kept = drawn.iter().flat_map(|t| &t.points).filter_map(|point| point.kept);
    if let Some((least, most)) = range(kept) {
        caption += &format!("; {} of positions kept", percent_range(least, most));
    }
    for sentence in summary(trajectories) {
        caption += &format!(". {sentence}");
    }
    for trajectory in trajectories {
        if let Some(absence) = &trajectory.absence {
            caption += &format!(". Not drawn: {}, {absence}", trajectory.label());
        }
    }
    caption
}

/// The least and the largest of some numbers.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// `0.5 %`, `0.5 to 0.7 %`.
fn percent_range(least: f64, most: f64) -> String {
    let [least, most] = [least, most].map(|share| format!("{:.1}", 100.0 * share));
    if least == most { format!("{least} %") } else { format!("{least} to {most} %") }
}

/// What a dashed line means.
const STALE: &str = "measured under earlier settings";

/// Which signs occur, with their worst case.
#[derive(Debug, Default)]
struct Seen {
    previews: Option<(usize, usize)>,
    stale: bool,
    flags: Vec<Flag>,
    points: usize,
}

impl Seen {
    fn on(trajectories: &[Trajectory]) -> Self {
        let mut seen = Self::default();
        for point in trajectories.iter().flat_map(|trajectory| &trajectory.points) {
            seen.points += 1;
            let basis = point.basis;
            seen.stale |= basis.is_stale();
            if !basis.complete && !basis.is_stale() {
                let (least, most) = seen.previews.unwrap_or((basis.documents, basis.documents));
                seen.previews = Some((least.min(basis.documents), most.max(basis.documents)));
            }
            point.flags().into_iter().for_each(|flag| seen.add(flag));
        }
        seen
    }

    fn add(&mut self, flag: Flag) {
        match self.flags.iter_mut().find_map(|kept| Some((kept.worse(flag)?, kept))) {
            Some((worse, kept)) => *kept = worse,
            None => self.flags.push(flag),
        }
    }

    fn previews(&self) -> Option<String> {
        let (least, most) = self.previews?;
        Some(format!("first estimates on {}", counted_range(least, most, "document")))
    }

    /// What stands before the share of the worst of several points.
    fn at_most(&self) -> &'static str {
        if self.points > 1 { "up to " } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plane::Basis;
    use super::*;

    fn point() -> PlanePoint {
        PlanePoint {
            complexity: 0.5,
            expressivity: 0.25,
            basis: Basis { documents: 64, complete: true, ..Basis::default() },
            ..PlanePoint::default()
        }
    }

    fn on(points: Vec<PlanePoint>) -> [Trajectory; 1] {
        [Trajectory { points, ..Trajectory::default() }]
    }

    #[test]
    fn sound_points_need_no_words() {
        let sound = PlanePoint {
            null: Some([0.1, 0.05]),
            singletons: Some([0.3, 0.4]),
            layers_of_seed: (0, 4),
            ..point()
        };
        assert_eq!(sound.flags(), []);
        assert!(notes(&on(vec![sound.clone(), sound])).is_empty());
        assert!(notes(&[]).is_empty() && summary(&[]).is_empty());
    }

    #[test]
    fn what_makes_a_point_doubtful_is_flagged() {
        let with = |change: fn(&mut PlanePoint)| {
            let mut point = point();
            change(&mut point);
            point.flags()
        };
        assert_eq!(with(|p| p.expressivity = 0.51), [Flag::AboveBound]);
        assert_eq!(with(|p| p.expressivity = p.complexity + 1e-7), [], "rounding is not above");
        assert_eq!(with(|p| p.singletons = Some([0.2, 0.92])), [Flag::SeenOnce(0.92)]);
        assert_eq!(with(|p| p.null = Some([0.125, 0.1875])), [Flag::Null(0.75)]);
        assert_eq!(with(|p| p.layers_of_seed = (4, 18)), [Flag::Seed { layers: 4, of: 18 }]);
        let nothing = with(|p| (p.complexity, p.expressivity, p.null) = (0.2, 0.1, Some([0.25, 0.0])));
        assert_eq!(nothing[0].short(), "shuffled labels give all of it");
        assert!(!Flag::AboveBound.is_of_optimality() && Flag::SeenOnce(0.9).is_of_optimality());
        assert!(
            Flag::Seed { layers: 4, of: 18 }
                .long()
                .starts_with("4 of 18 layers depend on the seed: more than")
        );
    }

    #[test]
    fn legend_and_caption_explain_each_sign_once() {
        let preview = |documents| PlanePoint { basis: Basis { documents, ..Basis::default() }, ..point() };
        let stale = PlanePoint { basis: Basis { earlier: 1, ..point().basis }, ..point() };
        let once = |share| PlanePoint { singletons: Some([share; 2]), ..point() };
        let shown = on(vec![point(), preview(16), preview(64), stale, once(0.6), once(0.92)]);
        let texts: Vec<String> = notes(&shown).into_iter().map(|note| note.text).collect();
        let expected = [
            "first estimates on 16 to 64 documents",
            "measured under earlier settings",
            "up to 92 % of positions have a label seen once",
        ];
        assert_eq!(texts, expected);
        let sentences = summary(&shown);
        assert_eq!(sentences[0], "Open marks: first estimates on 16 to 64 documents");
        assert_eq!(sentences[1], "Open marks with dashed lines: measured under earlier settings");
        assert!(sentences[2].starts_with("! up to 92 % of positions have a label seen once: "));
        assert_eq!(sentences.len(), 3);
    }
}
