//! The training time in the name of a checkpoint's folder.
//!
//! One grammar covers the names in use:
//! `[stageN-][ingredientN-][global_](step|checkpoint)[-|_]N[-tokensNB]`, as in
//! `stage2-ingredient1-step11931-tokens50B` (OLMo2), `step143000` (Pythia), `step-240000` (SmolLM2),
//! `checkpoint-500` (the Trainer), `step_360` (OLMo Instruct) and `global_step1000` (DeepSpeed).

use std::cmp::Ordering;

/// The parts of a step name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepName {
    /// The number of the phase of training, `stageN` in the name; `None` where there is only one.
    pub phase: Option<u64>,
    /// The number of the branch within a phase, `ingredientN`; each starts where the phase before ended. `None` where
    /// there is only one.
    pub ingredient: Option<u64>,
    /// Steps within the phase.
    pub step: u64,
    /// Tokens within the phase; `None` where the name does not say.
    pub tokens: Option<u64>,
}

impl StepName {
    /// Reads a folder's name; `None` where any part of it is not of the grammar, or a number does not fit.
    pub fn parse(name: &str) -> Option<Self> {
        let (phase, rest) = prefixed_number(name, "stage");
        let (ingredient, rest) = prefixed_number(rest, "ingredient");
        let rest = rest.strip_prefix("global_").unwrap_or(rest);
        let rest = rest.strip_prefix("step").or_else(|| rest.strip_prefix("checkpoint"))?;
        let rest = rest.strip_prefix(['-', '_']).unwrap_or(rest);
        let (step, rest) = number(rest)?;
        let tokens = match rest {
            "" => None,
            _ => match number(rest.strip_prefix("-tokens")?)? {
                (billions, "B") => Some(billions.checked_mul(1_000_000_000)?),
                _ => return None,
            },
        };
        Some(Self { phase, ingredient, step, tokens })
    }
}

/// Strips `<word>N-` where the text starts with it.
fn prefixed_number<'a>(text: &'a str, word: &str) -> (Option<u64>, &'a str) {
    let part = text.strip_prefix(word).and_then(number);
    match part.and_then(|(value, rest)| Some((value, rest.strip_prefix('-')?))) {
        Some((value, rest)) => (Some(value), rest),
        None => (None, text),
    }
}

/// Splits leading ASCII digits off a text.
fn number(text: &str) -> Option<(u64, &str)> {
    let (digits, rest) = split_digits(text);
    Some((digits.parse().ok()?, rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Sorts the checkpoints of a run by training time: by tokens where all whose name says when have them, else by
/// phase, branch and step; those whose name does not say come last. `time_of` gives a checkpoint's step name, its
/// tokens counted over all phases, and its name.
pub fn sort_by_training<T>(
    checkpoints: &mut [T],
    time_of: impl Fn(&T) -> (Option<StepName>, Option<u64>, &str),
) {
    let by_tokens = checkpoints.iter().all(|checkpoint| {
        let (name, tokens, _) = time_of(checkpoint);
        name.is_none() || tokens.is_some()
    });
    let key = |checkpoint: &T| {
        let (name, tokens, _) = time_of(checkpoint);
        let time = name
            .map(|name| (tokens.filter(|_| by_tokens), name.phase.unwrap_or(0), name.ingredient, name.step));
        (time.is_none(), time)
    };
    checkpoints.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| natural_order(time_of(a).2, time_of(b).2)));
}

/// Compares names as people order them: digits by their value, `epoch2` before `epoch10`.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (left_digits, right_digits) = (split_digits(left), split_digits(right));
        if !left_digits.0.is_empty() && !right_digits.0.is_empty() {
            // Compared as text after leading zeros, so that no number is too long.
            let (x, y) = (left_digits.0.trim_start_matches('0'), right_digits.0.trim_start_matches('0'));
            match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
                Ordering::Equal => (left, right) = (left_digits.1, right_digits.1),
                unequal => return unequal,
            }
            continue;
        }
        let (mut left_chars, mut right_chars) = (left.chars(), right.chars());
        match (left_chars.next(), right_chars.next()) {
            // `01` and `1` are equal so far; any fixed order will do.
            (None, None) => return a.cmp(b),
            (x, y) if x == y => (left, right) = (left_chars.as_str(), right_chars.as_str()),
            (x, y) => return x.cmp(&y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64) -> StepName {
        StepName { step, ..StepName::default() }
    }

    #[test]
    fn names_in_use() {
        for (name, expected) in [
            ("step0", step(0)),
            ("step143000", step(143_000)),
            ("step-240000", step(240_000)),
            ("step_360", step(360)),
            ("checkpoint-500", step(500)),
            ("global_step1000", step(1000)),
            (
                "stage1-step150-tokens1B",
                StepName { phase: Some(1), tokens: Some(1_000_000_000), ..step(150) },
            ),
            (
                "stage2-ingredient1-step11931-tokens50B",
                StepName { phase: Some(2), ingredient: Some(1), step: 11_931, tokens: Some(50_000_000_000) },
            ),
            ("step250-tokens0B", StepName { tokens: Some(0), ..step(250) }),
        ] {
            assert_eq!(StepName::parse(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn other_names() {
        for name in [
            "",
            "main",
            "step",
            "step-",
            "steps10",
            "step--1",
            "step1.5",
            "step1 ",
            " step1",
            "Step1",
            "xstep1",
            "step1-tokensB",
            "step1-tokens1",
            "step1-tokens1M",
            "step1-tokens1B-x",
            "stage-step1",
            "stage1step1",
            "ingredient1-stage1-step1",
            "step99999999999999999999",
            "step1-tokens99999999999B",
            "step١",
            "epoch-1",
        ] {
            assert_eq!(StepName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn people_count_digits() {
        let mut names = ["b", "a10", "a2", "a", "a2b", "a02", "a100000000000000000000000", "a99", "é1", ""];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            ["", "a", "a02", "a2", "a2b", "a10", "a99", "a100000000000000000000000", "b", "é1"]
        );
    }
}
