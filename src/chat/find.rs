//! Which chat template a tokenizer's folder has, and its special tokens.
//!
//! As transformers has it, files of templates come before what `tokenizer_config.json` says:
//! `chat_template.jinja` and those in `additional_chat_templates`. Of several with names, the one named
//! `default` is meant. `chat_template.json`, which processors of text and pictures have, is looked at last,
//! since a tokenizer does not know it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::ChatTemplate;
use crate::error::{Error, Kind, Result};
use crate::json;

/// The most that is read of one file, in bytes.
const LARGEST_FILE: u64 = 64 << 20;
/// The folder of further templates, each by its name.
const FURTHER: &str = "additional_chat_templates";
/// The name of the template that is meant where none is named.
const DEFAULT: &str = "default";

/// Special tokens by the names that templates know them by: `bos_token`, `eos_token` and others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialTokens(BTreeMap<String, String>);

impl SpecialTokens {
    /// The names with their tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, token)| (&**name, &**token))
    }

    /// Those of a tokenizer's folder: of `tokenizer_config.json`, and of `special_tokens_map.json`, which
    /// comes first where the other does not list the tokens that were added. A folder with neither file has
    /// none.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if one of the two files is there and cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        Self::of(&object(&folder.join("tokenizer_config.json"))?.unwrap_or_default(), folder)
    }

    fn of(config: &Map<String, Value>, folder: &Path) -> Result<Self> {
        let mut tokens = BTreeMap::new();
        let mut add = |fields: &Map<String, Value>| {
            let named = fields.iter().filter(|(name, _)| name.ends_with("_token"));
            let further = fields.get("extra_special_tokens").and_then(Value::as_object);
            for (name, token) in named.chain(further.into_iter().flatten()) {
                // A setting such as `add_bos_token` is no token.
                if let Some(token) = token.get("content").unwrap_or(token).as_str() {
                    tokens.insert(name.clone(), token.to_owned());
                }
            }
        };
        add(config);
        if !config.contains_key("added_tokens_decoder")
            && let Some(map) = object(&folder.join("special_tokens_map.json"))?
        {
            add(&map);
        }
        Ok(Self(tokens))
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for SpecialTokens {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(tokens: I) -> Self {
        Self(tokens.into_iter().map(|(name, token)| (name.into(), token.into())).collect())
    }
}

impl ChatTemplate {
    /// The template of a tokenizer's folder, `None` if it has none.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if a file cannot be read, has a template that cannot, or several of which none is
    /// the default.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("tokenizer_config.json");
        let config = object(&path)?.unwrap_or_default();
        let tokens = SpecialTokens::of(&config, folder)?;
        let mut templates = files(folder)?;
        if templates.is_empty() {
            templates = of_field(&config, &path)?;
        }
        if templates.is_empty() {
            let path = folder.join("chat_template.json");
            templates = of_field(&object(&path)?.unwrap_or_default(), &path)?;
        }
        if templates.is_empty() {
            return Ok(None);
        }
        let names: Vec<_> = templates.keys().map(|name| format!("`{name}`")).collect();
        let Some((source, path)) = templates.remove(DEFAULT) else {
            return Err(Error::new(
                Kind::Tokenizer,
                format!("of the chat templates {} none is the default", names.join(", ")),
            )
            .help("choose one with --chat-template")
            .at(folder));
        };
        Self::new(source, tokens, path).map(Some)
    }

    /// The template in a file of its own, or in a field `chat_template` of one in JSON, for the tokenizer of
    /// a folder.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it cannot be read or is no template, or if the folder's special tokens cannot
    /// be read.
    pub fn of_file(path: &Path, folder: &Path) -> Result<Self> {
        let tokens = SpecialTokens::of_folder(folder)?;
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            let fields = object(path)?.ok_or_else(|| missing(path))?;
            let (source, path) = of_field(&fields, path)?.remove(DEFAULT).ok_or_else(|| {
                Error::new(
                    Kind::Tokenizer,
                    "no field `chat_template` with a template, or with one named `default`",
                )
                .help("name a file of Jinja")
                .at(path)
            })?;
            return Self::new(source, tokens, path);
        }
        Self::new(text(path)?.ok_or_else(|| missing(path))?, tokens, path)
    }
}

/// Templates by their names, each with the file it is from.
type Templates = BTreeMap<String, (String, PathBuf)>;

/// Those that are files of their own.
fn files(folder: &Path) -> Result<Templates> {
    let mut templates = Templates::new();
    let path = folder.join("chat_template.jinja");
    if let Some(source) = text(&path)? {
        templates.insert(DEFAULT.to_owned(), (source, path));
    }
    let further = match fs::read_dir(folder.join(FURTHER)) {
        Ok(further) => further,
        Err(error) if is_missing(&error) => return Ok(templates),
        Err(error) => return Err(unreadable(&error, &folder.join(FURTHER))),
    };
    for entry in further {
        let path = entry.map_err(|error| unreadable(&error, &folder.join(FURTHER)))?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".jinja"));
        if let Some(name) = name
            && let Some(source) = text(&path)?
        {
            templates.insert(name.to_owned(), (source, path));
        }
    }
    Ok(templates)
}

/// Those of a field `chat_template`: one, a list of named ones, or a mapping of names to them.
fn of_field(fields: &Map<String, Value>, path: &Path) -> Result<Templates> {
    let wrong = || {
        Error::new(Kind::Tokenizer, "`chat_template` is neither a template nor a list of named ones")
            .help("correct it, or choose another with --chat-template")
            .at(path)
    };
    let named = |name: &str, template: &Value| match template.as_str() {
        Some(template) => Ok((name.to_owned(), (template.to_owned(), path.to_owned()))),
        None => Err(wrong()),
    };
    match fields.get("chat_template") {
        None | Some(Value::Null) => Ok(Templates::new()),
        Some(Value::String(template)) => {
            Ok([(DEFAULT.to_owned(), (template.clone(), path.to_owned()))].into())
        }
        Some(Value::Object(templates)) => {
            templates.iter().map(|(name, template)| named(name, template)).collect()
        }
        Some(Value::Array(templates)) => {
            let entry = |entry: &Value| {
                let name = entry.get("name").and_then(Value::as_str).ok_or_else(wrong)?;
                named(name, entry.get("template").unwrap_or(&Value::Null))
            };
            templates.iter().map(entry).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// The object in a file of JSON, `None` if there is no such file.
fn object(path: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let value = json::from_slice(&bytes).map_err(|error| {
        Error::new(Kind::Tokenizer, format!("not valid JSON ({error})"))
            .help("copy the model's file again")
            .at(path)
    })?;
    match value {
        Value::Object(fields) => Ok(Some(fields)),
        _ => {
            Err(Error::new(Kind::Tokenizer, "not a JSON object").help("copy the model's file again").at(path))
        }
    }
}

/// The text of a file, `None` if there is no such file.
fn text(path: &Path) -> Result<Option<String>> {
    let text = bytes(path)?.map(String::from_utf8).transpose();
    text.map_err(|_| {
        Error::new(Kind::Tokenizer, "the chat template is not in UTF-8").help("convert it").at(path)
    })
}

/// What a file holds, `None` if there is no such file.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    // A pipe could be waited on for ever.
    let size = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err(unreadable(&"it is not a file", path)),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&error, path)),
    };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(unreadable(&error, path)),
        Ok(_) if bytes.len() as u64 > LARGEST_FILE => Err(unreadable(&format!("it has {size} bytes"), path)),
        Ok(_) => Ok(Some(bytes)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn missing(path: &Path) -> Error {
    Error::new(Kind::Tokenizer, "there is no such chat template").help("check the spelling").at(path)
}

fn unreadable(cause: &dyn std::fmt::Display, path: &Path) -> Error {
    Error::new(Kind::Tokenizer, format!("the file cannot be read ({cause})"))
        .help("mend it, or choose another chat template with --chat-template")
        .at(path)
}
