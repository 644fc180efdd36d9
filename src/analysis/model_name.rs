//! What a language model's name tells of it: its family, how many parameters it has, and whether it was trained further
//! after pre-training.

/// What a model's name tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelName {
    /// The name without organisation.
    pub short: String,
    /// The family, such as `OLMo` or `Llama`; of a name that is of none known, the name without what tells models of
    /// one family apart.
    pub family: String,
    /// The family's generation, such as `2` of OLMo 2 or `3.2` of Llama 3.2; empty where the name has none.
    pub generation: String,
    /// The number of parameters; `None` where the name does not say.
    pub parameters: Option<f64>,
    /// Whether it was trained further after pre-training: on instructions, preferences or rewards.
    pub is_post_trained: bool,
    /// The short name in lower case without what says how it was trained: a model before and after post-training have the
    /// same.
    pub stem: String,
}

/// The families known: how the first letters of a part of a name read in lower case, the family's name, and the first
/// generation whose plain names are of models after post-training (those before are called `Base`).
const FAMILIES: [(&str, &str, Option<f64>); 46] = [
    ("aya", "Aya", Some(0.0)),
    ("amber", "Amber", None),
    ("baichuan", "Baichuan", None),
    ("bloom", "BLOOM", None),
    ("bloomz", "BLOOM", Some(0.0)),
    ("c4ai", "Command", Some(0.0)),
    ("command", "Command", Some(0.0)),
    ("cerebras", "Cerebras-GPT", None),
    ("codegemma", "Gemma", None),
    ("codellama", "Llama", None),
    ("codestral", "Mistral", Some(0.0)),
    ("dbrx", "DBRX", None),
    ("deepseek", "DeepSeek", None),
    ("exaone", "EXAONE", Some(0.0)),
    ("falcon", "Falcon", None),
    ("galactica", "Galactica", None),
    ("gemma", "Gemma", None),
    ("glm", "GLM", None),
    ("gpt", "GPT", None),
    ("granite", "Granite", None),
    ("internlm", "InternLM", None),
    ("jamba", "Jamba", None),
    ("llama", "Llama", None),
    ("mamba", "Mamba", None),
    ("minicpm", "MiniCPM", None),
    ("ministral", "Mistral", None),
    ("mistral", "Mistral", None),
    ("mixtral", "Mistral", None),
    ("mpt", "MPT", None),
    ("nemotron", "Nemotron", None),
    ("olmo", "OLMo", None),
    ("olmoe", "OLMo", None),
    ("openelm", "OpenELM", None),
    ("opt", "OPT", None),
    ("phi", "Phi", Some(3.0)),
    ("pythia", "Pythia", None),
    ("qwen", "Qwen", Some(3.0)),
    ("qwq", "Qwen", Some(0.0)),
    ("redpajama", "RedPajama", None),
    ("rwkv", "RWKV", None),
    ("smollm", "SmolLM", Some(3.0)),
    ("solar", "SOLAR", None),
    ("stablelm", "StableLM", None),
    ("starcoder", "StarCoder", None),
    ("tinyllama", "TinyLlama", None),
    ("yi", "Yi", None),
];

/// Families by names that count up: parts after `gpt` that make another family of it.
const GPT: [&str; 4] = ["neox", "neo", "j", "oss"];

/// Sizes with names, of families that do not write the number.
const NAMED_SIZES: [(&str, &str, f64); 5] = [
    ("gpt", "", 124e6),
    ("gpt", "small", 124e6),
    ("gpt", "medium", 355e6),
    ("gpt", "large", 774e6),
    ("gpt", "xl", 1558e6),
];

/// Parts of names of models after post-training.
const POST_TRAINED: [&str; 29] = [
    "aligned",
    "alpaca",
    "assistant",
    "chat",
    "distill",
    "dolly",
    "dpo",
    "grpo",
    "hermes",
    "instruct",
    "instruction",
    "it",
    "kto",
    "openhermes",
    "orpo",
    "ppo",
    "reasoning",
    "rl",
    "rlhf",
    "rlvr",
    "rm",
    "sft",
    "simpo",
    "think",
    "thinking",
    "tuned",
    "tulu",
    "vicuna",
    "zephyr",
];

/// Parts of names of models before it.
const PRE_TRAINED: [&str; 4] = ["base", "foundation", "pretrained", "pt"];

impl ModelName {
    /// What a name tells, with or without an organisation before it, as on the Hugging Face hub or in its cache.
    pub fn of(name: &str) -> Self {
        let short = without_organisation(name.trim());
        let lower = short.to_lowercase();
        let parts = parts(&lower);
        let known = family(&parts);
        let size = parts.iter().position(|part| size(part, known.is_some()).is_some());
        let has = |words: &[&str]| parts.iter().any(|part| words.contains(&without_digits(part)));
        let parameters = size.and_then(|at| self::size(&parts[at], known.is_some()));
        let generation = known.map_or_else(String::new, |known| generation(&parts, known.part));
        let plain_is_post_trained = known.and_then(|known| FAMILIES[known.index].2).is_some_and(|first| {
            first == 0.0 || generation.parse::<f64>().is_ok_and(|generation| generation >= first)
        });
        Self {
            family: match known {
                Some(known) => family_name(&parts, known),
                None => own_family(short),
            },
            parameters: parameters.or_else(|| known.and_then(|known| named_size(&parts, known))),
            is_post_trained: has(&POST_TRAINED) || (plain_is_post_trained && !has(&PRE_TRAINED)),
            stem: stem(&parts),
            short: short.to_owned(),
            generation,
        }
    }
}

/// A family found in a name: its place in [`FAMILIES`], and in the name's parts.
#[derive(Clone, Copy)]
struct Known {
    index: usize,
    part: usize,
}

/// The name after its organisation: `org/name`, or `models--org--name` of the hub's cache.
fn without_organisation(name: &str) -> &str {
    let name = name.trim_end_matches(['/', '\\']);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match name.strip_prefix("models--").and_then(|cached| cached.split_once("--")) {
        Some((_, name)) => name,
        None => name,
    }
}

/// The parts of a name in lower case. `1_6b` is a number written with an underscore.
fn parts(lower: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in lower.split(['-', ' ', ':', '(', ')', '@', ',']) {
        let mut rest = part.split('_').filter(|piece| !piece.is_empty());
        let Some(first) = rest.next() else { continue };
        parts.push(first.to_owned());
        for piece in rest {
            let whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            match parts.last_mut() {
                Some(last) if whole(last) && piece.len() > 1 && size(piece, true).is_some() => {
                    *last = format!("{last}.{piece}");
                }
                _ => parts.push(piece.to_owned()),
            }
        }
    }
    parts
}

/// The letters that a part begins with.
fn letters(part: &str) -> &str {
    let end = part.find(|letter: char| !letter.is_alphabetic()).unwrap_or(part.len());
    &part[..end]
}

/// A part without the digits at its end, as `tulu3` for `tulu`.
fn without_digits(part: &str) -> &str {
    part.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.')
}

/// The family that a name's parts are of: of a distilled model that of its weights, otherwise the first known.
fn family(parts: &[String]) -> Option<Known> {
    let of = |part: usize| {
        let index = FAMILIES.iter().position(|(letters, ..)| *letters == self::letters(&parts[part]))?;
        Some(Known { index, part })
    };
    let distilled = parts.iter().position(|part| part == "distill").map_or(0, |at| at + 1);
    (distilled..parts.len()).find_map(of).or_else(|| (0..distilled).find_map(of))
}

/// The family's name, with what makes another of GPT.
fn family_name(parts: &[String], known: Known) -> String {
    let name = FAMILIES[known.index].1;
    if name != "GPT" {
        return name.to_owned();
    }
    match parts.get(known.part + 1).map(|part| letters(part)).filter(|next| GPT.contains(next)) {
        Some("neox") => "GPT-NeoX".to_owned(),
        Some("neo") => "GPT-Neo".to_owned(),
        Some(other) => format!("GPT-{}", if other == "j" { "J" } else { "OSS" }),
        None => "GPT-2".to_owned(),
    }
}

/// The generation: what follows the family's letters, in the same part or as the next.
fn generation(parts: &[String], part: usize) -> String {
    let is_number = |text: &str| text.len() <= 4 && text.parse::<f64>().is_ok_and(|number| number < 100.0);
    let version = |text: &str| text.strip_prefix('v').unwrap_or(text).to_owned();
    let own = version(&parts[part][letters(&parts[part]).len()..]);
    let own =
        if own.is_empty() { parts.get(part + 1).map_or_else(String::new, |next| version(next)) } else { own };
    let number: String = own.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    let rest = &own[number.len()..];
    if is_number(&number) && (rest.is_empty() || rest == "n") { number } else { String::new() }
}

/// The number of parameters that a part tells: `7b`, `1.4b`, `135m`, `7b1`, `8x7b`, `r7b`, and `200k` where no family is
/// known, of which it may be the length of a context.
fn size(part: &str, is_known: bool) -> Option<f64> {
    let digits = |text: &str| text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    // `r7b` and `e2b` have a letter before the number.
    let part =
        if digits(part) { part } else { part.get(1..).filter(|rest| digits(rest) && part.is_ascii())? };
    let (times, part) = match part.split_once('x') {
        Some((times, rest)) => (times.parse::<u32>().ok()?, rest),
        None => (1, part),
    };
    let unit = part.find(|letter: char| letter.is_ascii_alphabetic())?;
    let scale = match &part[unit..=unit] {
        "k" if !is_known => 1e3,
        "m" => 1e6,
        "b" => 1e9,
        "t" => 1e12,
        _ => return None,
    };
    let (whole, fraction) = (&part[..unit], &part[unit + 1..]);
    let number: f64 = match fraction {
        "" => whole.parse().ok()?,
        tenths if tenths.len() == 1 && digits(tenths) && !whole.contains('.') => {
            format!("{whole}.{tenths}").parse().ok()?
        }
        _ => return None,
    };
    Some(f64::from(times) * number * scale).filter(|number| *number > 0.0)
}

/// The number of parameters of a size that has a name.
fn named_size(parts: &[String], known: Known) -> Option<f64> {
    let (letters, ..) = FAMILIES[known.index];
    if family_name(parts, known) != "GPT-2" {
        return None;
    }
    let next = parts.get(known.part + 1).map_or("", |part| part);
    NAMED_SIZES.into_iter().find(|(of, name, _)| *of == letters && *name == next).map(|(.., size)| size)
}

/// The family of a name that is of none known: what comes before its size and its training, or its first part.
fn own_family(short: &str) -> String {
    let is_own = |part: &&str| {
        let lower = part.to_lowercase();
        let of_training = |words: &[&str]| words.contains(&without_digits(&lower));
        size(&lower, false).is_none() && !of_training(&POST_TRAINED) && !of_training(&PRE_TRAINED)
    };
    let pieces: Vec<&str> = short.split(['-', '_', ' ']).filter(|part| !part.is_empty()).collect();
    let own: Vec<&str> = pieces.iter().copied().take_while(is_own).collect();
    match pieces.first() {
        None => short.to_owned(),
        Some(first) if own.is_empty() => (*first).to_owned(),
        Some(_) => own.join("-"),
    }
}

/// A name's parts without what says how it was trained.
fn stem(parts: &[String]) -> String {
    let of_training = |part: &str| POST_TRAINED.contains(&part) || PRE_TRAINED.contains(&part);
    let kept: Vec<&str> =
        parts.iter().map(String::as_str).filter(|part| !of_training(without_digits(part))).collect();
    kept.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_family_size_and_training() {
        // Names as the hub has them: family, generation, parameters, whether after post-training.
        let known = [
            ("allenai/OLMo-2-1124-7B-Instruct", "OLMo", "2", 7e9, true),
            ("allenai/OLMo-2-0425-1B", "OLMo", "2", 1e9, false),
            ("OLMo-2-1124-7B-SFT", "OLMo", "2", 7e9, true),
            ("allenai/OLMo-1B-hf", "OLMo", "", 1e9, false),
            ("allenai/Olmo-3-7B-Think", "OLMo", "3", 7e9, true),
            ("allenai/Olmo-3-1025-7B", "OLMo", "3", 7e9, false),
            ("EleutherAI/pythia-1.4b-deduped", "Pythia", "", 1.4e9, false),
            ("pythia-70m", "Pythia", "", 70e6, false),
            ("HuggingFaceTB/SmolLM2-135M", "SmolLM", "2", 135e6, false),
            ("SmolLM2-1.7B-Instruct", "SmolLM", "2", 1.7e9, true),
            ("HuggingFaceTB/SmolLM3-3B", "SmolLM", "3", 3e9, true),
            ("HuggingFaceTB/SmolLM3-3B-Base", "SmolLM", "3", 3e9, false),
            ("Qwen/Qwen2.5-0.5B", "Qwen", "2.5", 0.5e9, false),
            ("Qwen/Qwen2.5-Coder-7B-Instruct", "Qwen", "2.5", 7e9, true),
            ("Qwen/Qwen1.5-14B-Chat", "Qwen", "1.5", 14e9, true),
            ("Qwen/Qwen3-0.6B", "Qwen", "3", 0.6e9, true),
            ("Qwen/Qwen3-30B-A3B-Base", "Qwen", "3", 30e9, false),
            ("google/gemma-3-270m-it", "Gemma", "3", 270e6, true),
            ("google/gemma-3-1b-pt", "Gemma", "3", 1e9, false),
            ("google/gemma-2-9b", "Gemma", "2", 9e9, false),
            ("google/gemma-7b", "Gemma", "", 7e9, false),
            ("google/gemma-3n-E2B-it", "Gemma", "3", 2e9, true),
            ("meta-llama/Llama-3.2-1B", "Llama", "3.2", 1e9, false),
            ("meta-llama/Meta-Llama-3-8B-Instruct", "Llama", "3", 8e9, true),
            ("meta-llama/Llama-2-70b-chat-hf", "Llama", "2", 70e9, true),
            ("huggyllama/llama-65b", "Llama", "", 65e9, false),
            ("models--meta-llama--Llama-3.1-8B", "Llama", "3.1", 8e9, false),
            ("codellama/CodeLlama-34b-hf", "Llama", "", 34e9, false),
            ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "Llama", "", 8e9, true),
            ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "Qwen", "", 1.5e9, true),
            ("allenai/Llama-3.1-Tulu-3-8B-DPO", "Llama", "3.1", 8e9, true),
            ("NousResearch/Hermes-3-Llama-3.1-8B", "Llama", "3.1", 8e9, true),
            ("mistralai/Mistral-7B-v0.3", "Mistral", "", 7e9, false),
            ("mistralai/Mistral-7B-Instruct-v0.3", "Mistral", "", 7e9, true),
            ("mistralai/Mixtral-8x7B-v0.1", "Mistral", "", 56e9, false),
            ("HuggingFaceH4/zephyr-7b-beta", "zephyr", "", 7e9, true),
            ("CohereForAI/c4ai-command-r7b-12-2024", "Command", "", 7e9, true),
            ("CohereForAI/aya-23-8B", "Aya", "23", 8e9, true),
            ("bigscience/bloom-7b1", "BLOOM", "", 7.1e9, false),
            ("bigscience/bloomz-560m", "BLOOM", "", 560e6, true),
            ("stabilityai/stablelm-2-1_6b", "StableLM", "2", 1.6e9, false),
            ("tiiuae/falcon-40b-instruct", "Falcon", "", 40e9, true),
            ("tiiuae/Falcon3-7B-Base", "Falcon", "3", 7e9, false),
            ("01-ai/Yi-1.5-34B-Chat", "Yi", "1.5", 34e9, true),
            ("openai-community/gpt2", "GPT-2", "2", 124e6, false),
            ("gpt2-xl", "GPT-2", "2", 1558e6, false),
            ("EleutherAI/gpt-neo-125m", "GPT-Neo", "", 125e6, false),
            ("EleutherAI/gpt-neox-20b", "GPT-NeoX", "", 20e9, false),
            ("EleutherAI/gpt-j-6b", "GPT-J", "", 6e9, false),
            ("facebook/opt-1.3b", "OPT", "", 1.3e9, false),
            ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", "TinyLlama", "", 1.1e9, false),
            ("internlm/internlm2_5-7b-chat", "InternLM", "2", 7e9, true),
            ("gutenberg-200k", "gutenberg", "", 200e3, false),
            ("me/gutenberg-1m", "gutenberg", "", 1e6, false),
            ("my_own-350M-sft", "my-own", "", 350e6, true),
        ];
        for (name, family, generation, parameters, is_post_trained) in known {
            let of = ModelName::of(name);
            assert_eq!((&*of.family, &*of.generation), (family, generation), "{name}");
            assert!((of.parameters.unwrap() / parameters - 1.0).abs() < 1e-12, "{name}: {:?}", of.parameters);
            assert_eq!(of.is_post_trained, is_post_trained, "{name}");
        }
    }

    #[test]
    fn what_a_name_does_not_tell_is_not_known() {
        for (name, family) in [
            ("microsoft/Phi-3-mini-4k-instruct", "Phi"),
            ("microsoft/phi-4", "Phi"),
            ("run", "run"),
            ("", ""),
            ("instruct", "instruct"),
            ("experiment 7", "experiment-7"),
            ("émile-ß", "émile-ß"),
            ("---", "---"),
        ] {
            let of = ModelName::of(name);
            assert_eq!((&*of.family, of.parameters), (family, None), "{name}");
        }
        assert!(ModelName::of("Phi-3-mini-4k-instruct").is_post_trained);
        assert!(ModelName::of("phi-4").is_post_trained && !ModelName::of("phi-2").is_post_trained);
    }

    #[test]
    fn before_and_after_post_training_have_one_stem() {
        for pair in [
            ["allenai/OLMo-2-1124-7B", "OLMo-2-1124-7B-Instruct"],
            ["google/gemma-3-1b-pt", "google/gemma-3-1b-it"],
            ["mistralai/Mistral-7B-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"],
            ["Qwen/Qwen3-8B-Base", "Qwen/Qwen3-8B"],
            ["meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-1B-Instruct"],
        ] {
            let [before, after] = pair.map(ModelName::of);
            assert_eq!(before.stem, after.stem);
            assert!(!before.is_post_trained && after.is_post_trained, "{pair:?}");
        }
        assert_ne!(ModelName::of("Llama-3.1-8B").stem, ModelName::of("Llama-3-8B").stem);
    }
}
