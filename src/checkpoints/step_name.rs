//! The training time in the name of a checkpoint's folder.
//!
//! A name is words and numbers with marks (`-`, `_`, `=`, `/`, …) between them. A number counts what the word beside
//! it says: the word before it, else the word behind it (`10B-tokens`), with at most one mark between. `WORDS` lists
//! these words, `FILLERS` those that mean nothing here; whatever remains of a name is the [series](StepName::series)
//! that it belongs to. A number may carry a unit: `k`, `M`, `B` or `bn`, `T`.
//!
//! | name | reads as |
//! |---|---|
//! | `step143000`, `checkpoint-500`, `iter_0001000`, `global_step1000`, `1000` | a step |
//! | `stage2-ingredient1-step11931-tokens50B` | phase, branch, step, tokens |
//! | `step-720k-token-1510B` | step 720,000, tokens |
//! | `ckpt_010` | step 10; projects that count checkpoints rather than steps do not say so |
//! | `chck_100M` | tokens: a checkpoint's lone count with `M`, `B` or `T` is of text (words, for some, which come close) |
//! | `epoch=1-step=500`, `checkpoint_pct010` | epoch and step; per cent of training |
//! | `pythia-70m-step1000` | step 1000 of the series `pythia-70m` |

use self::Counts::{Branch, Checkpoint, Epoch, Percent, Phase, Step, Tokens};

/// What a number in a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Phase,
    Branch,
    Step,
    /// Steps, or tokens where the unit is larger than a thousand.
    Checkpoint,
    Tokens,
    Epoch,
    Percent,
}

/// The words that say what a number counts, in lower case.
const WORDS: [(&str, Counts); 37] = [
    ("stage", Phase),
    ("phase", Phase),
    ("ingredient", Branch),
    ("step", Step),
    ("steps", Step),
    ("globalstep", Step),
    ("iter", Step),
    ("iters", Step),
    ("iteration", Step),
    ("iterations", Step),
    ("update", Step),
    ("updates", Step),
    ("ba", Step),
    ("checkpoint", Checkpoint),
    ("checkpoints", Checkpoint),
    ("ckpt", Checkpoint),
    ("ckpts", Checkpoint),
    ("chkpt", Checkpoint),
    ("chckpt", Checkpoint),
    ("chck", Checkpoint),
    ("chk", Checkpoint),
    ("ckp", Checkpoint),
    ("snapshot", Checkpoint),
    ("tokens", Tokens),
    ("token", Tokens),
    ("toks", Tokens),
    ("tok", Tokens),
    ("words", Tokens),
    ("word", Tokens),
    ("epochs", Epoch),
    ("epoch", Epoch),
    ("ep", Epoch),
    ("pct", Percent),
    ("perc", Percent),
    ("percent", Percent),
    ("percentage", Percent),
    ("progress", Percent),
];

/// Words that neither say a time nor set one series of checkpoints apart from another.
const FILLERS: [&str; 15] = [
    "global",
    "model",
    "hf",
    "weights",
    "unsharded",
    "sharded",
    "consolidated",
    "train",
    "training",
    "at",
    "after",
    "final",
    "last",
    "latest",
    "best",
];

/// Millionths in one, the unit of [`Number::millionths`].
const MILLION: u128 = 1_000_000;

/// A number in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// Its value, the unit counted in.
    millionths: u128,
    /// What its unit stands for; 1 where it has none.
    unit: u64,
}

impl Number {
    /// The value, where it is a whole number that fits.
    fn whole(self) -> Option<u64> {
        let whole = self.millionths.is_multiple_of(MILLION).then_some(self.millionths / MILLION)?;
        whole.try_into().ok()
    }
}

/// A part of a name.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'a> {
    Word(&'a str),
    /// A number and how it is written.
    Number(Option<Number>, &'a str),
    Mark(&'a str),
}

/// The time that a name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepName {
    /// What the name holds besides times, such as `pythia-70m`; empty where it is all time.
    pub series: String,
    /// The number of the phase of training, `stageN` in the name; `None` where there is only one.
    pub phase: Option<u64>,
    /// The number of the branch within a phase, `ingredientN`; each starts where the phase before ended. `None` where
    /// there is only one.
    pub ingredient: Option<u64>,
    /// Steps within the phase; `None` where the name does not say.
    pub step: Option<u64>,
    /// Tokens within the phase; `None` where the name does not say.
    pub tokens: Option<u64>,
    /// Epochs; `None` where the name does not say.
    pub epoch: Option<Number>,
    /// Per cent of training; `None` where the name does not say.
    pub percent: Option<Number>,
}

impl StepName {
    /// Reads the name of a folder or a revision; `None` where it says no time, says one twice, or says a number of
    /// steps or tokens that is none.
    pub fn parse(name: &str) -> Option<Self> {
        // A commit may well hold `ba1000`.
        if name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let pieces = pieces(name)?;
        let mut used = vec![false; pieces.len()];
        let mut read = Self::default();
        for at in 0..pieces.len() {
            let Piece::Number(number, _) = pieces[at] else { continue };
            let Some((word, counts)) = word_of(&pieces, &used, at) else {
                // Of `checkpoint_3_1500` nobody knows which number is the time.
                if before(&pieces, at).is_some_and(|other| used[other] && is_number(&pieces, other)) {
                    return None;
                }
                continue;
            };
            (used[word], used[at]) = (true, true);
            read.set(counts, number?)?;
        }
        let placed = read.phase.or(read.step).or(read.tokens).is_some();
        if !placed && read.epoch.is_none() && read.percent.is_none() {
            return None;
        }
        read.series = series(&pieces, &used);
        Some(read)
    }

    /// Sets what a number counts; `None` where it is set already or the number cannot count that.
    fn set(&mut self, counts: Counts, number: Number) -> Option<()> {
        let counts = match counts {
            Checkpoint if number.unit > 1000 => Tokens,
            Checkpoint => Step,
            other => other,
        };
        let fraction = match counts {
            Epoch => Some(&mut self.epoch),
            Percent => Some(&mut self.percent),
            _ => None,
        };
        if let Some(slot) = fraction {
            return slot.replace(number).is_none().then_some(());
        }
        let slot = match counts {
            Phase => &mut self.phase,
            Branch => &mut self.ingredient,
            Tokens => &mut self.tokens,
            _ => &mut self.step,
        };
        slot.replace(number.whole()?).is_none().then_some(())
    }
}

/// What makes siblings one run where no word of theirs says a time: their names without the numbers, and the numbers,
/// which order them. `None` without a number, and where a word says that the numbers are of different runs.
pub fn numbered(name: &str) -> Option<(String, Vec<Number>)> {
    /// Words before numbers that tell trainings apart.
    const OTHERS: [&str; 11] =
        ["seed", "fold", "trial", "run", "replica", "replicate", "exp", "experiment", "rank", "version", "v"];
    let pieces = pieces(name)?;
    let (mut shape, mut numbers) = (String::new(), Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Word(text) | Piece::Mark(text) => shape.push_str(text),
            Piece::Number(number, _) => {
                let word = before(&pieces, at).map(|word| pieces[word]);
                if matches!(word, Some(Piece::Word(word)) if OTHERS.contains(&&*word.to_lowercase())) {
                    return None;
                }
                shape.push('#');
                numbers.push((*number)?);
            }
        }
    }
    (!numbers.is_empty()).then_some((shape, numbers))
}

/// The word that says what number `at` counts, if it is not used yet.
fn word_of(pieces: &[Piece<'_>], used: &[bool], at: usize) -> Option<(usize, Counts)> {
    let known = |word: usize| match pieces[word] {
        Piece::Word(text) if !used[word] => Some((word, meaning(text)?)),
        _ => None,
    };
    if let Some(found) = before(pieces, at).and_then(known) {
        return Some(found);
    }
    // A word behind is that of the number behind it, unless that one has a word behind it in turn.
    let found = behind(pieces, at).and_then(known).filter(|&(word, _)| match behind(pieces, word) {
        Some(next) if is_number(pieces, next) => {
            next > word + 1 && behind(pieces, next).is_some_and(|last| known(last).is_some())
        }
        _ => true,
    });
    // A name that holds one number and nothing else of meaning counts steps; the number is its own word.
    let is_nothing = |(other, piece): (usize, &Piece<'_>)| match piece {
        Piece::Word(word) => is_filler(word),
        Piece::Number(number, _) => other == at && number.is_some_and(|number| number.unit == 1),
        Piece::Mark(_) => true,
    };
    let alone = pieces.iter().enumerate().all(is_nothing);
    found.or(alone.then_some((at, Step)))
}

/// What a word says that the number beside it counts.
fn meaning(word: &str) -> Option<Counts> {
    let lower = word.to_lowercase();
    WORDS.iter().find(|(known, _)| *known == lower).map(|&(_, counts)| counts)
}

fn is_filler(word: &str) -> bool {
    FILLERS.contains(&&*word.to_lowercase())
}

/// Whether a name says no more than that it is the end of a training, as `main`, `final` and, of the series `amber`,
/// `amber-final` do.
pub fn says_the_end(name: &str, series: &str) -> bool {
    let rest = name.strip_prefix(series).unwrap_or(name);
    let is_nothing = |piece: &Piece<'_>| match piece {
        Piece::Word(word) => is_filler(word) || *word == "main" || meaning(word) == Some(Checkpoint),
        Piece::Number(..) => false,
        Piece::Mark(_) => true,
    };
    pieces(rest).is_some_and(|pieces| pieces.iter().all(is_nothing))
}

/// The word or number before a piece, with at most one mark between.
fn before(pieces: &[Piece<'_>], at: usize) -> Option<usize> {
    let at = at.checked_sub(1)?;
    let at = if matches!(pieces[at], Piece::Mark(_)) { at.checked_sub(1)? } else { at };
    (!matches!(pieces[at], Piece::Mark(_))).then_some(at)
}

/// The word or number behind a piece, with at most one mark between.
fn behind(pieces: &[Piece<'_>], at: usize) -> Option<usize> {
    let is_mark = |at: usize| pieces.get(at).map(|piece| matches!(piece, Piece::Mark(_)));
    let at = if is_mark(at + 1)? { at + 2 } else { at + 1 };
    (!is_mark(at)?).then_some(at)
}

fn is_number(pieces: &[Piece<'_>], at: usize) -> bool {
    matches!(pieces[at], Piece::Number(..))
}

/// What a name says besides times, with the marks within it.
fn series(pieces: &[Piece<'_>], used: &[bool]) -> String {
    let (mut series, mut marks, mut parted) = (String::new(), String::new(), false);
    for (piece, used) in pieces.iter().zip(used) {
        let text = match piece {
            Piece::Mark(mark) => {
                marks.push_str(mark);
                continue;
            }
            // The word `checkpoint` is used to no time in `checkpoint-epoch-3`.
            Piece::Word(word) if is_filler(word) || meaning(word) == Some(Checkpoint) => "",
            Piece::Word(text) | Piece::Number(_, text) => text,
        };
        if *used || text.is_empty() {
            parted = true;
            continue;
        }
        if !series.is_empty() {
            series.push_str(if parted { "-" } else { &marks });
        }
        series.push_str(text);
        (marks, parted) = (String::new(), false);
    }
    series
}

/// The parts of a name; `None` where it has more than any name of a checkpoint.
fn pieces(name: &str) -> Option<Vec<Piece<'_>>> {
    const MOST: usize = 64;
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        if pieces.len() == MOST {
            return None;
        }
        let (piece, length) = if first.is_ascii_digit() {
            let (number, length) = number(rest);
            (Piece::Number(number, &rest[..length]), length)
        } else if first.is_alphabetic() {
            let length = prefix(rest, char::is_alphabetic);
            (Piece::Word(&rest[..length]), length)
        } else {
            let length = first.len_utf8();
            (Piece::Mark(&rest[..length]), length)
        };
        pieces.push(piece);
        rest = &rest[length..];
    }
    Some(pieces)
}

/// The bytes at the start of a text whose characters are `of` a kind.
fn prefix(text: &str, of: fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

/// The number that a text starts with, and its length; `None` for one that is too large.
fn number(text: &str) -> (Option<Number>, usize) {
    let digit = |c: char| c.is_ascii_digit();
    let whole = prefix(text, digit);
    let decimals = text[whole..].strip_prefix('.').map_or(0, |rest| prefix(rest, digit));
    let fraction = if decimals > 0 { &text[whole + 1..][..decimals] } else { "" };
    let end = whole + if decimals > 0 { 1 + decimals } else { 0 };
    let (unit, letters) = unit(&text[end..]);
    let millionths = || {
        let whole: u128 = text[..whole].parse().ok()?;
        // Six digits behind the point, more than any name has.
        let fraction: u128 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
        whole.checked_mul(MILLION)?.checked_add(fraction)?.checked_mul(u128::from(unit))
    };
    (millionths().map(|millionths| Number { millionths, unit }), end + letters)
}

/// What the letters behind a number multiply it by, and how many of them do: `k`, `M`, `B`, `bn` and `T`, alone or
/// before a word that counts, as in `10Btokens`.
fn unit(text: &str) -> (u64, usize) {
    const UNITS: [(&str, u64); 5] = [
        ("bn", 1_000_000_000),
        ("b", 1_000_000_000),
        ("k", 1000),
        ("m", 1_000_000),
        ("t", 1_000_000_000_000),
    ];
    let letters = &text[..prefix(text, char::is_alphabetic)];
    let lower = letters.to_ascii_lowercase();
    let ended = !text[letters.len()..].starts_with(|c: char| c.is_ascii_digit());
    let found = UNITS.into_iter().find(|(unit, _)| match lower.strip_prefix(unit) {
        Some("") => ended,
        Some(word) => matches!(meaning(word), Some(Tokens | Step)),
        None => false,
    });
    found.map_or((1, 0), |(unit, value)| (value, unit.len()))
}

#[cfg(test)]
#[path = "step_name_tests.rs"]
mod tests;
