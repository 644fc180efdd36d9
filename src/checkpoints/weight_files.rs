//! Which of a folder's files are its weights, by their names alone.

use std::collections::BTreeMap;

/// The largest number of shards of a model.
const MOST_SHARDS: usize = 99_999;

/// A form in which weights are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `model.safetensors` and its shards.
    Safetensors,
    /// `pytorch_model.bin` and its shards, as `torch.save` writes them.
    Torch,
}

/// The weights of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightFiles {
    /// The names of one file, or of all shards in order.
    Files(Format, Vec<String>),
    /// The name of the index that names the shards.
    Index(Format, String),
}

impl Format {
    /// The formats, the preferred one first.
    const ALL: [Self; 2] = [Self::Safetensors, Self::Torch];

    /// What the names of its files start and end with.
    fn affixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Safetensors => ("model", ".safetensors"),
            Self::Torch => ("pytorch_model", ".bin"),
        }
    }
}

impl WeightFiles {
    /// The weights among the files `names`; `None` if there are none.
    ///
    /// In each format, safetensors before torch: a single file, the index of shards, or shards of which none is
    /// missing.
    ///
    /// # Errors
    /// Shards without an index of which some are missing, or which are several sets, where no other weights are there.
    pub fn among<S: AsRef<str>>(names: &[S]) -> Result<Option<Self>, String> {
        let mut broken = None;
        for format in Format::ALL {
            match Self::in_format(format, names) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(cause) => broken = broken.or(Some(cause)),
            }
        }
        broken.map_or(Ok(None), Err)
    }

    fn in_format<S: AsRef<str>>(format: Format, names: &[S]) -> Result<Option<Self>, String> {
        let (start, end) = format.affixes();
        let (single, index) = (format!("{start}{end}"), format!("{start}{end}.index.json"));
        let has = |name: &str| names.iter().any(|other| other.as_ref() == name);
        if has(&single) {
            return Ok(Some(Self::Files(format, vec![single])));
        }
        if has(&index) {
            return Ok(Some(Self::Index(format, index)));
        }
        Ok(shards(format, names)?.map(|shards| Self::Files(format, shards)))
    }

    /// The format of the files.
    pub fn format(&self) -> Format {
        match self {
            Self::Files(format, _) | Self::Index(format, _) => *format,
        }
    }
}

/// Whether a file of this name holds weights in `format`, or a part of them.
pub fn is_weight_file(format: Format, name: &str) -> bool {
    let (start, end) = format.affixes();
    match format {
        Format::Safetensors => name.ends_with(end),
        // Beside them lie optimizers and arguments, under the same extension.
        Format::Torch => name.starts_with(start) && name.ends_with(end),
    }
}

/// The number of a shard and that of all shards as they are written, such as `2` and `00003`.
fn shard_of(format: Format, name: &str) -> Option<(usize, &str)> {
    let (start, end) = format.affixes();
    let numbers = name.strip_prefix(start)?.strip_prefix('-')?.strip_suffix(end)?;
    let (number, count) = numbers.split_once("-of-")?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number: usize = number.parse().ok().filter(|_| digits(number))?;
    let valid = |&most: &usize| most <= MOST_SHARDS && (1..=most).contains(&number);
    count.parse().ok().filter(|_| digits(count)).filter(valid).map(|_| (number, count))
}

/// The names of all shards, in order; `None` if there is not one.
fn shards<S: AsRef<str>>(format: Format, names: &[S]) -> Result<Option<Vec<String>>, String> {
    let mut sets: BTreeMap<&str, BTreeMap<usize, &str>> = BTreeMap::new();
    for name in names.iter().map(S::as_ref) {
        if let Some((number, count)) = shard_of(format, name) {
            sets.entry(count).or_default().insert(number, name);
        }
    }
    let size = |count: &str| count.parse().unwrap_or(MOST_SHARDS);
    let mut complete = sets.iter().filter(|(count, shards)| shards.len() == size(count));
    match (complete.next(), complete.next()) {
        (Some((_, shards)), None) => Ok(Some(shards.values().map(|&name| name.to_owned()).collect())),
        (Some((one, _)), Some((other, _))) => {
            Err(format!("weights in {} shards and in {} lie here, without an index", size(one), size(other)))
        }
        (None, _) => {
            let Some((count, shards)) = sets.iter().max_by_key(|(_, shards)| shards.len()) else {
                return Ok(None);
            };
            let (start, end) = format.affixes();
            let missing = (1..=size(count)).filter(|number| !shards.contains_key(number));
            let missing = missing
                .map(|number| format!("{start}-{number:0width$}-of-{count}{end}", width = count.len()));
            Err(format!("{} missing", listed(missing)))
        }
    }
}

/// Names in a sentence, with its verb: the first three, and how many more.
fn listed(names: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match &names[..] {
        [only] => format!("{only} is"),
        [all @ .., last] if names.len() <= SHOWN => format!("{} and {last} are", all.join(", ")),
        _ => format!("{} and {} more are", names[..SHOWN].join(", "), names.len() - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(format: Format, names: &[&str]) -> Result<Option<WeightFiles>, String> {
        Ok(Some(WeightFiles::Files(format, names.iter().map(|&name| name.to_owned()).collect())))
    }

    #[test]
    fn the_preferred_weights_are_taken() {
        const ALL: [&str; 9] = [
            "model.safetensors",
            "model.safetensors.index.json",
            "model-00002-of-00002.safetensors",
            "model-00001-of-00002.safetensors",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json",
            "pytorch_model-00001-of-00001.bin",
            "optimizer.bin",
            "config.json",
        ];
        let without = |left_out: usize| WeightFiles::among(&ALL[left_out..]);
        let index = |format, name: &str| Ok(Some(WeightFiles::Index(format, name.to_owned())));
        assert_eq!(without(0), files(Format::Safetensors, &["model.safetensors"]));
        assert_eq!(without(1), index(Format::Safetensors, "model.safetensors.index.json"));
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        assert_eq!(without(2), files(Format::Safetensors, &shards));
        // One shard of two is no reason to pass over weights that are complete.
        assert_eq!(without(3), files(Format::Torch, &["pytorch_model.bin"]));
        assert_eq!(without(5), index(Format::Torch, "pytorch_model.bin.index.json"));
        assert_eq!(without(6), files(Format::Torch, &["pytorch_model-00001-of-00001.bin"]));
        assert_eq!(without(7), Ok(None));
    }

    #[test]
    fn missing_shards_are_named() {
        let error = |names: &[&str]| WeightFiles::among(names).unwrap_err();
        assert_eq!(
            error(&["model-00001-of-00002.safetensors"]),
            "`model-00002-of-00002.safetensors` is missing"
        );
        assert_eq!(
            error(&["pytorch_model-2-of-3.bin"]),
            "`pytorch_model-1-of-3.bin` and `pytorch_model-3-of-3.bin` are missing"
        );
        let many = error(&["model-00005-of-99999.safetensors"]);
        assert!(many.ends_with("`model-00003-of-99999.safetensors` and 99995 more are missing"), "{many}");
        let two = ["model-1-of-1.safetensors", "model-1-of-2.safetensors", "model-2-of-2.safetensors"];
        assert!(error(&two).contains("in 1 shards and in 2"), "{}", error(&two));
    }

    #[test]
    fn only_shards_are_taken_for_shards() {
        for name in [
            "model-00000-of-00002.safetensors",
            "model-00003-of-00002.safetensors",
            "model-+1-of-00002.safetensors",
            "model-1-of-.safetensors",
            "model-1-of-18446744073709551616.safetensors",
            "model-1-of-100000.safetensors",
            "other-00001-of-00002.safetensors",
            "model-00001-of-00002.bin",
        ] {
            assert_eq!(WeightFiles::among(&[name]), Ok(None), "{name}");
        }
    }
}
