//! The settings, one entry each.

use super::access::{Choice, Field, Parsed};
use super::descriptor::{Descriptor, Kind, Role, Section, Words};
use super::{
    Dtype, LARGEST_ORDER, Named, Number, ORDER_NAMES, PairPositions, Precision, Settings, file_name,
};

/// All settings, in the order of captions and flags.
pub static ALL: [&Descriptor; 18] = [
    &SAMPLES,
    &CONTEXT,
    &POINTS,
    &TEMPERATURE,
    &TEMPERATURE_FACTOR,
    &SEED,
    &REFERENCE_SEEDS,
    &MAX_ORDER,
    &MIN_COUNT,
    &TOLERANCE,
    &DTYPE,
    &SCORES,
    &TEXT_FIELD,
    &LABELS,
    &PAIRS,
    &CHAT_TEMPLATE,
    &PAIR_POSITIONS,
    &BACKEND,
];

macro_rules! field {
    ($name:ident) => {
        Field { get: |settings| &settings.$name, get_mut: |settings| &mut settings.$name }
    };
}

/// [`Settings::samples`].
pub static SAMPLES: Descriptor = Descriptor {
    name: "samples",
    label: "Documents",
    help: "How many documents are read at the most",
    unit: Some("documents"),
    section: Section::Sample,
    role: Role::Tokens,
    extent: true,
    placeholder: "N",
    kind: Kind::Usize(Number { field: field!(samples), legal: 1..=1_000_000_000, common: None, step: 0.2 }),
    words: |_| None,
};

/// [`Settings::context`].
pub static CONTEXT: Descriptor = Descriptor {
    name: "context",
    label: "Context",
    help: "Documents are cut to this many tokens",
    unit: Some("tokens"),
    section: Section::Sample,
    role: Role::Tokens,
    extent: false,
    placeholder: "N",
    kind: Kind::Usize(Number { field: field!(context), legal: 2..=1_048_576, common: None, step: 1.0 }),
    words: |Settings { context, .. }| {
        Some(Words::new(format!("context {context}"), format!("up to {context} tokens each")))
    },
};

/// [`Settings::points`].
pub static POINTS: Descriptor = Descriptor {
    name: "points",
    label: "Ref. points",
    help: "The number n of reference points on the unit sphere",
    unit: None,
    section: Section::Estimator,
    role: Role::Question,
    extent: false,
    placeholder: "N",
    kind: Kind::Usize(Number { field: field!(points), legal: 2..=65_536, common: Some(2..=256), step: 0.25 }),
    words: |Settings { points, .. }| Some(Words::new(format!("n = {points}"), format!("n = {points}"))),
};

/// [`Settings::temperature`].
pub static TEMPERATURE: Descriptor = Descriptor {
    name: "temperature",
    label: "Temperature",
    help: "How the temperature ε of the soft binning is chosen: root, leading, grid, exact or a number",
    unit: None,
    section: Section::Estimator,
    role: Role::Question,
    extent: false,
    placeholder: "PRESET|NUMBER",
    kind: Kind::Temperature(Parsed {
        field: field!(temperature),
        legal: "root, leading, grid, exact or a number above 0",
    }),
    words: |Settings { temperature, temperature_factor, .. }| {
        let words = match temperature_factor {
            1.0 => format!("temperature {temperature}"),
            factor => format!("temperature {temperature} × {factor}"),
        };
        Some(Words::new(words.clone(), words))
    },
};

/// [`Settings::temperature_factor`].
pub static TEMPERATURE_FACTOR: Descriptor = Descriptor {
    name: "temperature_factor",
    label: "ε factor",
    help: "Multiplies the chosen temperature; 1 is the calibrated value itself",
    unit: None,
    section: Section::Estimator,
    role: Role::Question,
    extent: false,
    placeholder: "NUMBER",
    kind: Kind::F64(Number {
        field: field!(temperature_factor),
        legal: 0.001..=1000.0,
        common: Some(0.25..=4.0),
        step: 0.01,
    }),
    // With the temperature.
    words: |_| None,
};

/// [`Settings::seed`].
pub static SEED: Descriptor = Descriptor {
    name: "seed",
    label: "Seed",
    help: "The seed of the reference points, as NumPy's default_rng takes it",
    unit: None,
    section: Section::Estimator,
    role: Role::Scores,
    extent: false,
    placeholder: "N",
    kind: Kind::U64(Number { field: field!(seed), legal: 0..=u64::MAX, common: None, step: 0.1 }),
    words: |Settings { seed, .. }| {
        Some(Words::new(format!("seed {seed}"), format!("values of seed {seed} of the reference points")))
    },
};

/// [`Settings::reference_seeds`].
pub static REFERENCE_SEEDS: Descriptor = Descriptor {
    name: "reference_seeds",
    label: "Ref. seeds",
    help: "How many seeds are scored, the first and those that follow it: the spread over them is told beside every \
           measure",
    unit: None,
    section: Section::Estimator,
    role: Role::Question,
    extent: false,
    placeholder: "N",
    kind: Kind::Usize(Number { field: field!(reference_seeds), legal: 1..=100, common: None, step: 0.05 }),
    words: |&Settings { seed, reference_seeds: count, .. }| {
        let last = seed.saturating_add(count.saturating_sub(1) as u64);
        let seeds = if count == 1 { "seed" } else { "seeds" };
        Some(Words::unless(
            count <= 1,
            format!("± over {count} {seeds}"),
            format!("± the standard deviation over seeds {seed} to {last}"),
        ))
    },
};

/// [`Settings::max_order`].
pub static MAX_ORDER: Descriptor = Descriptor {
    name: "max_order",
    label: "Widest n-gram",
    help: "The widest n-gram (back-off) measured, 1 to 4; it also decides which positions are labelled",
    unit: None,
    section: Section::Sample,
    role: Role::Scores,
    extent: false,
    placeholder: "N",
    kind: Kind::Named(Named { field: field!(max_order), names: &ORDER_NAMES }),
    words: |settings| {
        let words = format!("widest n-gram {}", MAX_ORDER.shown(settings));
        Some(Words::unless(settings.max_order == LARGEST_ORDER, words.clone(), words))
    },
};

/// [`Settings::min_count`].
pub static MIN_COUNT: Descriptor = Descriptor {
    name: "min_count",
    label: "Min. count",
    help: "Labels seen fewer times than this are dropped, their positions with them",
    unit: None,
    section: Section::Estimator,
    role: Role::Question,
    extent: false,
    placeholder: "N",
    kind: Kind::U32(Number {
        field: field!(min_count),
        legal: 1..=u32::MAX,
        common: Some(1..=20),
        step: 0.25,
    }),
    words: |&Settings { min_count, .. }| {
        let words = match min_count {
            0 | 1 => "every label".to_owned(),
            count => format!("labels seen at least {count} times"),
        };
        Some(Words::unless(min_count <= 1, words.clone(), words))
    },
};

/// [`Settings::tolerance`].
pub static TOLERANCE: Descriptor = Descriptor {
    name: "tolerance",
    label: "Tolerance",
    help: "A checkpoint is done once four times as many documents moved no complexity and no expressivity by more \
           than this; 0 reads the whole sample",
    unit: None,
    section: Section::Sample,
    role: Role::Question,
    extent: true,
    placeholder: "NUMBER",
    kind: Kind::F64(Number { field: field!(tolerance), legal: 0.0..=1.0, common: None, step: 1e-4 }),
    words: |&Settings { tolerance, .. }| {
        Some(Words::unless(
            tolerance == 0.0,
            format!("tolerance {tolerance}"),
            format!("documents added until they moved nothing by more than {tolerance}"),
        ))
    },
};

/// [`Settings::dtype`].
pub static DTYPE: Descriptor = Descriptor {
    name: "dtype",
    label: "Products",
    help: "The type of matrix products: auto is f32 or as near; bf16x2 on the CPU, bf16 there or on a GPU that has it, f16 on such a GPU",
    unit: None,
    section: Section::Computation,
    role: Role::Scores,
    extent: false,
    placeholder: "DTYPE",
    kind: Kind::Choice(&Choice(field!(dtype))),
    words: |settings| {
        let dtype = settings.dtype.resolved();
        let name = match dtype {
            Dtype::Auto | Dtype::F32 => "f32",
            Dtype::F16 => "f16",
            Dtype::Bf16 => "bf16",
            Dtype::Bf16x2 => "bf16x2",
        };
        Some(Words::unless(dtype == Dtype::F32, name, format!("computed in {name}")))
    },
};

/// [`Settings::scores`].
pub static SCORES: Descriptor = Descriptor {
    name: "scores",
    label: "Scores",
    help: "The type that scores have in memory and in the store",
    unit: None,
    section: Section::Computation,
    role: Role::Scores,
    extent: false,
    placeholder: "SCORES",
    kind: Kind::Choice(&Choice(field!(scores))),
    words: |settings| {
        let words = format!("scores in {}", SCORES.text(settings));
        Some(Words::unless(settings.scores == Precision::F32, words.clone(), words))
    },
};

/// [`Settings::text_field`].
pub static TEXT_FIELD: Descriptor = Descriptor {
    name: "text_field",
    label: "Text field",
    help: "The field that holds the text, a.b.c within others",
    unit: None,
    section: Section::Sample,
    role: Role::Tokens,
    extent: false,
    placeholder: "FIELD",
    kind: Kind::Text(Parsed { field: field!(text_field), legal: "any name" }),
    words: |settings| {
        let words = format!("field {}", settings.text_field);
        let usual = settings.text_field == Settings::default().text_field;
        Some(Words::unless(usual, words.clone(), words))
    },
};

/// [`Settings::labels`].
pub static LABELS: Descriptor = Descriptor {
    name: "labels",
    label: "Labels",
    help: "Fields of the corpus whose values are labels beside the n-grams, a.b.c within others, commas between them",
    unit: None,
    section: Section::Sample,
    role: Role::Question,
    extent: false,
    placeholder: "FIELD,…",
    kind: Kind::Names(Parsed { field: field!(labels), legal: "names of fields, commas between them" }),
    words: |settings| {
        let words = format!("labels {}", settings.labels);
        Some(Words::unless(settings.labels.is_empty(), words.clone(), words))
    },
};

/// [`Settings::pairs`].
pub static PAIRS: Descriptor = Descriptor {
    name: "pairs",
    label: "Pairs",
    help: "Preference pairs whose answers are measured beside the text: JSON lines or Parquet with chosen and rejected",
    unit: None,
    section: Section::Sample,
    role: Role::Tokens,
    extent: false,
    placeholder: "FILE",
    kind: Kind::Text(Parsed { field: field!(pairs), legal: "a file" }),
    words: |settings| {
        let words = format!("pairs {}", file_name(&settings.pairs));
        Some(Words::unless(settings.pairs.is_empty(), words.clone(), words))
    },
};

/// [`Settings::chat_template`].
pub static CHAT_TEMPLATE: Descriptor = Descriptor {
    name: "chat_template",
    label: "Chat template",
    help: "The template that pairs are rendered by, instead of the tokenizer's own",
    unit: None,
    section: Section::Sample,
    role: Role::Tokens,
    extent: false,
    placeholder: "FILE",
    kind: Kind::Text(Parsed { field: field!(chat_template), legal: "a file" }),
    words: |settings| {
        let words = format!("chat template {}", file_name(&settings.chat_template));
        Some(Words::unless(settings.chat_template.is_empty(), words.clone(), words))
    },
};

/// [`Settings::pair_positions`].
pub static PAIR_POSITIONS: Descriptor = Descriptor {
    name: "pair_positions",
    label: "Pair positions",
    help: "Which positions of a pair's answers are labelled: those of the last message, or all",
    unit: None,
    section: Section::Sample,
    role: Role::Scores,
    extent: false,
    placeholder: "POSITIONS",
    kind: Kind::Choice(&Choice(field!(pair_positions))),
    words: |settings| {
        let usual = settings.pair_positions == PairPositions::Last;
        let words = if usual { "last message of each answer" } else { "all positions of each answer" };
        Some(Words::unless(usual, words, words))
    },
};

/// [`Settings::backend`].
pub static BACKEND: Descriptor = Descriptor {
    name: "backend",
    label: "Backend",
    help: "The device: auto takes a real GPU where there is one; gpu takes any adapter, software too",
    unit: None,
    section: Section::Computation,
    role: Role::Device,
    extent: false,
    placeholder: "BACKEND",
    kind: Kind::Choice(&Choice(field!(backend))),
    words: |_| None,
};
