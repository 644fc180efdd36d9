//! A pair as a model reads it: both sides in tokens, with what each token is. Terminal and window draw the same.

use std::path::PathBuf;

use crate::words::counted;

/// What the sides of a pair are called, the preferred one first.
pub const SIDES: [&str; 2] = ["chosen", "rejected"];

/// A pair as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPair {
    /// Its number among those that are pairs, from 0.
    pub number: usize,
    /// What its record is called, such as `line 3`.
    pub place: String,
    /// The file of the template that rendered it; `None` for plain text.
    pub template: Option<PathBuf>,
    /// The chosen and the rejected side.
    pub sides: [ReadSide; 2],
    /// The sample that it is of; `None` where it was read alone.
    pub sample: Option<OfPairs>,
}

/// What is known of all pairs of a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfPairs {
    /// How many there are.
    pub pairs: usize,
    /// What of the file was skipped, and why; `None` if nothing was.
    pub skipped: Option<String>,
}

/// A side of a pair in its tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSide {
    /// The tokens within the context, and those beyond it where they were read. None of a side that is left out of a sample.
    pub tokens: Vec<ReadToken>,
    /// Whether the side goes on beyond the context.
    pub is_cut: bool,
}

/// A token of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadToken {
    /// Its number in the vocabulary.
    pub id: u32,
    /// What it adds to the text; empty where several tokens make a character.
    pub text: String,
    /// What its position counts for.
    pub role: Role,
    /// Whether it stands for no text of its own but for a mark, such as the end of a message.
    pub is_special: bool,
}

/// What a position counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The model reads it, and it is not labelled: the prompt, mostly.
    Read,
    /// It is labelled with its side.
    Labelled,
    /// It lies beyond the context.
    Cut,
}

impl ReadPair {
    /// Which pair it is and what rendered it, in a line.
    pub fn title(&self) -> String {
        let template = self.template.as_ref();
        let template =
            template.map_or("no chat template, plain text".to_owned(), |path| path.display().to_string());
        format!("pair {} ({}), by {template}", self.number + 1, self.place)
    }
}

impl ReadSide {
    /// How many tokens have a role.
    pub fn count(&self, role: Role) -> usize {
        self.tokens.iter().filter(|token| token.role == role).count()
    }

    /// How many tokens there are, how many of them are labelled, and what is cut away, in a line.
    pub fn words(&self) -> String {
        if self.tokens.is_empty() {
            return "left out, its last message lies wholly beyond the context".to_owned();
        }
        let cut = match self.count(Role::Cut) {
            0 if self.is_cut => ", cut to the context".to_owned(),
            0 => String::new(),
            cut => format!(", {cut} beyond the context"),
        };
        format!("{}, {} labelled{cut}", counted(self.tokens.len(), "token"), self.count(Role::Labelled))
    }
}
