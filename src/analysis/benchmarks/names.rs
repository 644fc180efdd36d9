//! Names of models, which every program writes its own way.

use super::super::table;

/// What of a model's name is the same however it is written: `EleutherAI/pythia-70m`, `pythia_70m-hf` and
/// `EleutherAI__Pythia-70m` agree in [`Self::name`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    /// The organisation; `None` where the name has none.
    pub organisation: Option<String>,
    /// The name proper.
    pub name: String,
}

impl Key {
    pub fn of(model: &str) -> Self {
        let model = bare(model).to_lowercase();
        // `__` stands for the slash where a name is a folder's.
        let model = model.replace("__", "/");
        let mut parts = model.trim_matches('/').rsplit('/');
        let name = parts.next().unwrap_or_default();
        let marks = |c: char| matches!(c, '_' | '-' | '.' | ' ');
        // Marks stay as one mark: `1.4b` and `14b` are not one size.
        let words =
            |text: &str| text.split(marks).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let words_of_name = words(name);
        let name = words_of_name.strip_suffix("-hf").unwrap_or(&words_of_name).to_owned();
        Self { organisation: parts.next().map(words).filter(|organisation| !organisation.is_empty()), name }
    }

    /// Whether two may be one model: their names agree, and their organisations unless one is not told.
    pub fn may_be(&self, other: &Self) -> bool {
        let apart = self.organisation.is_some() && other.organisation.is_some();
        self.name == other.name && (!apart || self.organisation == other.organisation)
    }
}

/// Whether two names may be of one model, however they are written: case, organisation, `_`, `-`, `.` and a `-hf` at the
/// end do not count.
pub fn same_name(a: &str, b: &str) -> bool {
    Key::of(a).may_be(&Key::of(b))
}

/// The name within a link, as leaderboards put it: `<a href="…">name</a>` or `[name](…)`.
pub(super) fn bare(name: &str) -> &str {
    let name = name.trim();
    let within = |from: char, to: char| {
        let (_, rest) = name.split_once(from)?;
        Some(rest.split_once(to)?.0.trim())
    };
    let linked = match () {
        () if name.starts_with('<') => within('>', '<'),
        () if name.starts_with('[') && name.contains("](") => within('[', ']'),
        () => None,
    };
    linked.filter(|linked| !table::is_missing(linked)).unwrap_or(name)
}
