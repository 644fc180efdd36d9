//! Preference pairs: two answers to one prompt, of which people or a program chose one.
//!
//! A record of a data set becomes a [`Pair`] of two sides, each side the text that a model reads, and of its
//! tokens those that are labelled.
//!
//! | file | duty |
//! |---|---|
//! | `message.rs` | messages as data sets write them |
//! | `positions.rs` | which tokens are labelled |
//! | `problem.rs` | why a record or a pair is skipped |
//! | `reading.rs` | a pair in its tokens, for whoever shows it |
//! | `record.rs` | records of the layouts that are in use to pairs |
//! | `render.rs` | sides to text, by a chat template or without |
//! | `transcript.rs` | conversations written as one text, as in HH-RLHF |

mod message;
mod positions;
mod problem;
mod reading;
mod record;
mod render;
#[cfg(test)]
mod tests;
mod transcript;

pub use positions::labelled;
pub use problem::{Fault, Problem};
pub use reading::{OfPairs, ReadPair, ReadSide, ReadToken, Role, SIDES};
pub use record::pair;
pub use render::render;

use serde_json::{Map, Value};

use crate::chat::Message;

/// Two conversations that differ in how they end, and which end was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The one that ends with the chosen answer.
    pub chosen: Side,
    /// The one that ends with the other.
    pub rejected: Side,
    /// What else the record holds, such as where it is from.
    pub fields: Map<String, Value>,
}

/// A conversation that ends with an answer, of the role `assistant` and not blank.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its messages, at least one.
    pub messages: Vec<Message>,
    /// Its text without a template, where the record has texts instead of messages.
    pub plain: Option<Rendered>,
}

/// A side as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The whole conversation. It has the special tokens that it is to have: none are added to it.
    pub text: String,
    /// Where the last message begins, in bytes: the end of what the whole has in common with the messages
    /// before the last, rendered with what asks for an answer. On a character's boundary.
    pub prefix: usize,
}

impl Rendered {
    /// The prefix in characters.
    pub fn prefix_in_characters(&self) -> usize {
        self.text[..self.prefix].chars().count()
    }
}
