//! The model families, a file each: how its `config.json` is read. What computes is in `blocks`.

mod cohere;
mod cohere2;
mod gemma;
mod gemma2;
mod gemma3;
mod gpt2;
mod gpt_neox;
mod llama;
mod mistral;
mod olmo;
mod olmo2;
mod olmo3;
mod qwen2;
mod qwen3;
mod smollm3;

use std::path::Path;

use super::config::{Config, Fields};
use crate::checkpoints::{self, ModelFolder};
use crate::error::{Error, Kind, Result};
use crate::json;

/// The largest `config.json` read, in bytes.
const LARGEST_FILE: u64 = 16 << 20;

/// A model family.
#[derive(Clone, Copy, Debug)]
struct Family {
    /// Its name in `config.json`.
    model_type: &'static str,
    /// The fields of the text model, which may be an object of their own.
    text_fields: for<'a> fn(Fields<'a>) -> Result<Fields<'a>>,
    /// Reads them.
    config: fn(&Fields<'_>) -> Result<Config>,
}

impl Family {
    /// A family of text models.
    const fn new(model_type: &'static str, config: fn(&Fields<'_>) -> Result<Config>) -> Self {
        Self { model_type, text_fields: |fields| Ok(fields), config }
    }
}

/// Every family known.
const ALL: [Family; 16] = [
    Family::new("cohere", cohere::config),
    Family::new("cohere2", cohere2::config),
    Family::new("gemma", gemma::config),
    Family::new("gemma2", gemma2::config),
    // The text tower of a multimodal Gemma 3.
    Family { text_fields: gemma3::text_fields, ..Family::new("gemma3", gemma3::tower_config) },
    Family::new("gemma3_text", gemma3::config),
    Family::new("gpt2", gpt2::config),
    // Pythia is one.
    Family::new("gpt_neox", gpt_neox::config),
    // Llama 2 and 3, SmolLM2 and what else is built like them.
    Family::new("llama", llama::config),
    Family::new("mistral", mistral::config),
    Family::new("olmo", olmo::config),
    Family::new("olmo2", olmo2::config),
    Family::new("olmo3", olmo3::config),
    Family::new("qwen2", qwen2::config),
    Family::new("qwen3", qwen3::config),
    Family::new("smollm3", smollm3::config),
];

/// Reading stands above the config and its fields: it picks the family that knows how.
impl Config {
    /// Reads `config.json` of a model folder.
    ///
    /// # Errors
    /// A checkpoint of another form, a file that is missing or no JSON, an unknown family, a field that is missing, impossible or
    /// asks for what is not supported; each names the field and the file.
    pub fn read(folder: &ModelFolder) -> Result<Self> {
        let missing = || {
            Error::new(Kind::Config, "no config.json in this folder")
                .help("open the folder with a model's config.json and weights")
                .at(folder.path())
        };
        checkpoints::check_form(folder)?;
        let path = folder.file("config.json")?.ok_or_else(missing)?;
        let broken = |cause: String| Error::new(Kind::Config, cause).at(&path);
        let unreadable = |error: std::io::Error| broken(format!("config.json cannot be read ({error})"));
        if std::fs::metadata(&path).map_err(unreadable)?.len() > LARGEST_FILE {
            return Err(broken(format!("larger than {} MiB", LARGEST_FILE >> 20)));
        }
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        Self::parse(&bytes, &path)
    }

    /// Reads the bytes of a `config.json`; `path` is for its errors.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let broken = |cause: String| Error::new(Kind::Config, cause).at(path);
        let json = json::from_slice(bytes).map_err(|error| broken(format!("not valid JSON: {error}")))?;
        let object = json.as_object().ok_or_else(|| broken("not a JSON object".to_owned()))?;
        let fields = Fields::new(object, path);
        let family = family_of(&fields)?;
        refuse_quantised(&fields)?;
        let fields = (family.text_fields)(fields)?;
        refuse_quantised(&fields)?;
        let config = (family.config)(&fields)?;
        let unknown_fields = fields.refuse_the_unread()?;
        let unknown_flags = unknown_fields.iter().filter(|name| fields.is_true(name)).cloned().collect();
        Ok(Self {
            model_type: family.model_type,
            unknown_fields,
            unknown_flags,
            notes: fields.notes(),
            ..config
        })
    }
}

fn family_of(fields: &Fields<'_>) -> Result<Family> {
    let name = fields.text("model_type")?.ok_or_else(|| fields.error("`model_type` is missing"))?;
    ALL.into_iter().find(|family| family.model_type == name).ok_or_else(|| {
        let names = ALL.map(|family| family.model_type).join(", ");
        fields.error(format!("model_type `{name}` is not supported")).help(format!("supported are {names}"))
    })
}

fn refuse_quantised(fields: &Fields<'_>) -> Result<()> {
    for name in ["quantization_config", "compression_config"] {
        if let Some(inner) = fields.object(name)? {
            let method = inner.text("quant_method")?.unwrap_or("unknown method");
            return Err(fields
                .error(format!("quantised weights ({method}) are not supported"))
                .help("use the unquantised checkpoint"));
        }
    }
    Ok(())
}
