//! `infoplane pairs`: what preference pairs come to, and how one is read.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::settings::{OfPairs, SettingsFlags};
use super::{DONE, deliver, note, printable};
use crate::corpus;
use crate::error::Result;
use crate::pairs::{ReadSide, Role, SIDES};
use crate::settings::{PairPositions, Settings};
use crate::tokens::{self, Tokens};
use crate::words::counted;

/// The flags of `pairs`.
#[derive(Debug, Args)]
pub struct PairsArgs {
    /// Preference pairs: JSON lines, an array of JSON, CSV, Parquet or Arrow with `chosen` and `rejected`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The checkpoint's `tokenizer.json`, beside which its chat template lies.
    #[arg(long, value_name = "FILE")]
    tokenizer: PathBuf,
    /// Show one pair as the model reads it: rendered, in tokens, with the positions that are labelled.
    #[arg(long)]
    inspect: bool,
    /// Which pair is shown, from 1.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "inspect", value_parser = clap::value_parser!(u64).range(1..))]
    pair: u64,
    /// Whether what is shown has colors.
    #[arg(long, value_name = "WHEN", default_value = "auto", requires = "inspect")]
    color: Colors,
    #[command(flatten)]
    settings: SettingsFlags<OfPairs>,
}

/// When output has colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colors {
    /// On a terminal, unless the environment has NO_COLOR.
    Auto,
    /// Whatever reads it.
    Always,
    /// Not.
    Never,
}

impl Colors {
    fn are_on(self) -> bool {
        let wanted = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => std::io::stdout().is_terminal() && wanted(),
        }
    }
}

/// Prints what the pairs come to, or one of them.
pub fn run(args: &PairsArgs) -> Result<u8> {
    let settings = args.settings.settings(Settings::default());
    let text = match args.inspect {
        true => inspected(args, &settings)?,
        false => summary(args, &settings)?,
    };
    deliver(text.as_bytes(), None)?;
    Ok(DONE)
}

/// What all pairs come to.
fn summary(args: &PairsArgs, settings: &Settings) -> Result<String> {
    let read = Tokens::from_pairs(&args.tokenizer, &args.file, settings, &mut || false)?;
    let template = tokens::template(&args.tokenizer, settings)?;
    for note_of in &read.notes {
        note(note_of);
    }
    let answers = read.answers.unwrap_or_default();
    let mut positions = [0; 2];
    for (range, preferred) in answers.positions.iter().zip(&answers.preferred) {
        positions[usize::from(!preferred)] += range.len();
    }
    let which = match settings.pair_positions {
        PairPositions::Last => "of last messages",
        PairPositions::All => "of all messages",
    };
    let mut lines = format!(
        "{}: {}, {} cut away\n",
        corpus::name(&args.file).display(),
        counted(answers.positions.len(), "answer"),
        read.skipped
    );
    let template = template.map_or("none".to_owned(), |template| template.path().display().to_string());
    let [chosen, rejected] = positions;
    let _ = writeln!(lines, "chat template  {template}");
    let _ = writeln!(
        lines,
        "positions      {chosen} chosen, {rejected} rejected, {which}, context {}",
        settings.context
    );
    Ok(lines)
}

/// One pair as the model reads it.
fn inspected(args: &PairsArgs, settings: &Settings) -> Result<String> {
    let number = usize::try_from(args.pair - 1).unwrap_or(usize::MAX);
    let pair = tokens::read_pair(&args.tokenizer, &args.file, settings, number)?;
    let mut text = pair.title() + "\n";
    for (name, side) in SIDES.into_iter().zip(&pair.sides) {
        let _ = writeln!(text, "\n{name}: {}", side.words());
        text += &shown(side, name == SIDES[0], args.color.are_on());
    }
    Ok(text)
}

/// A side in its tokens. With colors labelled ones stand on two shades of green, or of red where the answer is the
/// rejected one, what is not labelled is dim, and special tokens lean; without, a broken bar parts tokens and brackets
/// enclose those labelled.
fn shown(side: &ReadSide, chosen: bool, colors: bool) -> String {
    let (mut text, mut was_labelled) = (String::new(), false);
    let shades = if chosen { ["42;30", "102;30"] } else { ["41;97", "101;30"] };
    for (number, token) in side.tokens.iter().enumerate() {
        // What would move a terminal's cursor is spelled out; a line's end stays one.
        let lines: Vec<String> = token.text.split('\n').map(printable).collect();
        if colors {
            let style = match token.role {
                Role::Labelled => shades[number % 2],
                Role::Cut => "2;9",
                Role::Read => "2",
            };
            let special = if token.is_special { ";3" } else { "" };
            let styled = lines.iter().map(|line| match line.is_empty() {
                true => String::new(),
                false => format!("\x1b[{style}{special}m{line}\x1b[0m"),
            });
            text += &styled.collect::<Vec<_>>().join("\n");
        } else {
            let is_labelled = token.role == Role::Labelled;
            match (was_labelled, is_labelled) {
                (false, true) => text += "[",
                (true, false) => text += "]",
                _ if number > 0 => text += "¦",
                _ => {}
            }
            was_labelled = is_labelled;
            text += &lines.join("\n");
        }
    }
    if was_labelled {
        text += "]";
    }
    text + "\n"
}
