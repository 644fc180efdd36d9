//! What the marks on a plane mean, in words: for legends, captions and tooltips alike.

use super::plane::PlanePoint;
use crate::measures::Information;

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

    /// What must be known before the information about a label that is no n-gram is believed.
    pub fn of_label(information: &Information) -> Vec<Self> {
        let mut flags = Self::of(std::iter::once(information), (0, 0));
        flags.retain(|flag| matches!(flag, Self::Null(_)));
        flags
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
    let mut worst: Vec<Flag> = Vec::new();
    for flag in flags {
        match worst.iter_mut().find_map(|kept| Some((kept.worse(flag)?, kept))) {
            Some((worse, kept)) => *kept = worse,
            None => worst.push(flag),
        }
    }
    // What stands before the share of the worst of several points.
    let at_most = if is_of_several { "up to " } else { "" };
    worst.iter().map(|flag| [flag.words(at_most), flag.explained(at_most)]).collect()
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

    #[test]
    fn sound_points_need_no_words() {
        let sound = PlanePoint {
            null: Some([0.1, 0.05]),
            singletons: Some([0.3, 0.4]),
            layers_of_seed: (0, 4),
            ..point()
        };
        assert_eq!(sound.flags(), []);
        assert!(summed_up([], true).is_empty());
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
    fn each_flag_is_told_once_by_its_worst() {
        let once = |share| PlanePoint { singletons: Some([share; 2]), ..point() }.flags();
        let flags: Vec<Flag> = [once(0.6), once(0.92), once(0.7)].concat();
        let told = summed_up(flags.clone(), true);
        let [short, long] = &told[0];
        assert_eq!((told.len(), short.as_str()), (1, "up to 92 % of positions have a label seen once"));
        assert!(long.starts_with("up to 92 % of positions have a label seen once: "), "{long}");
        assert_eq!(summed_up(flags, false)[0][0], "92 % of positions have a label seen once");
    }
}
