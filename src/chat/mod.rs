//! Chat templates: conversations to the text that a model was trained on, as transformers renders them.
//!
//! A template is a program in Jinja that comes with a model, from anybody. It runs within limits that do not
//! depend on the clock: so much work, so deep, so long a text. What is the same for everybody is passed as
//! transformers passes it: `messages`, `add_generation_prompt`, `tools` and `documents` as none, the special
//! tokens by name, and the functions and the filter it adds, on [`TODAY`] for whoever asks for the date.
//!
//! | file | duty |
//! |---|---|
//! | `find.rs` | which template a tokenizer's folder has, and its special tokens |
//! | `functions.rs` | what transformers adds to Jinja, and the tests that minijinja answers otherwise |
//! | `message.rs` | a turn of a conversation, and how templates see it |
//! | `methods.rs` | methods of Python's strings, lists and mappings |
//! | `number.rs` | numbers as Python writes them |
//! | `source.rs` | a source as minijinja takes it: blocks of `generation`, bounds to what is given a name |
//! | `time.rs` | dates as Python formats them |
//! | `to_json.rs` | values as JSON, as Python writes it |
//!
//! # What Jinja accepts and this does not
//! Each is an error that names the template's line:
//! - `"%s" % x` on texts (`"%s"|format(x)` works), a plus before a number, `varargs` and `kwargs` within
//!   macros, integers beyond 128 bits, and calls of what is no method here, such as `encode` and `translate`.
//! - The filters `center`, `filesizeformat`, `random`, `striptags`, `truncate`, `urlencode`, `wordcount`,
//!   `wordwrap` and `xmlattr`, and the functions `cycler`, `joiner` and `lipsum`.
//! - What one template takes from another: `include`, `import`, `extends`, `block`. transformers has no other
//!   either.
//! - A namespace, or an iterator, within a list that is given a name; lists deeper than 64; a tag of more
//!   than 4 KiB.
//!
//! These are no errors, but other texts:
//! - A mapping's own key comes before a method of its name: `tool.items` is what the mapping says.
//! - Mappings within messages, such as the arguments of a call, are in the order of their keys.
//! - Numbers with a fraction that are very large or small have no exponent within a list or beside a `~`.
//! - Iterators have a length, can be printed and gone through twice; nothing is compared with an error.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, Value};

use crate::error::{Error, Kind, Result, caught};
pub use find::SpecialTokens;
pub use message::Message;
use source::Rewriting;
pub use time::TODAY;

mod find;
#[cfg(test)]
mod find_tests;
mod functions;
#[cfg(test)]
mod golden_tests;
mod message;
mod methods;
mod number;
mod source;
#[cfg(test)]
mod tests;
mod time;
mod to_json;

/// The longest template, in bytes: published ones have some ten thousand, and minijinja counts no further in
/// a line.
const LONGEST_TEMPLATE: usize = u16::MAX as usize;
/// How much longer than a conversation its text may be, in bytes.
const FURTHER_TEXT: usize = 8 << 20;
/// The work for one conversation, in steps of the template or 64 bytes handled. A comparison of lists counts
/// as one step, however long they are, so this is also how often some hundred thousand items may be compared.
const WORK: u64 = 200_000;
/// The further work for every message: some templates look back at all those before it.
const WORK_BY_MESSAGE: u64 = 5_000;
/// The further work for every byte of a conversation: some templates go through its characters.
const WORK_BY_BYTE: u64 = 16;
/// How deep loops, conditions and calls of macros may stand in each other, in minijinja's own measure, in
/// which a macro counts several times.
const DEEPEST: usize = 200;
/// The stack of the thread that reads and renders a template, in bytes: the longest tag, and what it makes,
/// are gone through by recursion, as deep as a tag has signs.
const STACK: usize = 32 << 20;
/// The most of a template's own words that an error repeats, in characters.
const LONGEST_CAUSE: usize = 300;

/// A template that was read, ready to render conversations.
pub struct ChatTemplate {
    environment: Environment<'static>,
    /// As it was written.
    source: String,
    path: PathBuf,
    special_tokens: SpecialTokens,
}

impl fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatTemplate").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The template's name within its environment.
const NAME: &str = "template";

impl ChatTemplate {
    /// A template by its source, with the special tokens of the tokenizer it is for. `path` is the file it
    /// was read from, which errors name.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it is no template, with the line where it fails to be one.
    pub fn new(
        source: impl Into<String>,
        special_tokens: SpecialTokens,
        path: impl Into<PathBuf>,
    ) -> Result<Self> {
        let (source, path) = (source.into(), path.into());
        if source.len() > LONGEST_TEMPLATE {
            return Err(Error::new(Kind::Tokenizer, format!("the chat template has {} bytes", source.len()))
                .help(format!("at most {LONGEST_TEMPLATE} are read; choose another with --chat-template"))
                .at(path));
        }
        // As Python's text files and Jinja itself have it.
        let lines = source.replace("\r\n", "\n").replace('\r', "\n");
        let environment =
            with_stack(|| compile(&lines).map_err(|(cause, line)| unusable(cause, line, &path)))?;
        Ok(Self { environment, source, path, special_tokens })
    }

    /// The template as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The special tokens that it is rendered with.
    pub fn special_tokens(&self) -> &SpecialTokens {
        &self.special_tokens
    }

    /// The file it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a conversation, with what asks for an answer at its end where `add_generation_prompt`.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if the template raises an exception, whose words the error has, fails otherwise,
    /// goes beyond the work it may do, or writes 8 MiB more than it was given.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let size: u64 = messages.iter().map(Message::size).sum();
        let tokens = self.special_tokens.iter().map(|(name, token)| (name, Value::from(token)));
        let usual = [
            ("messages", messages.iter().map(Message::value).collect()),
            ("tools", Value::from(())),
            ("documents", Value::from(())),
            ("add_generation_prompt", Value::from(add_generation_prompt)),
        ];
        let context = Value::from_pairs(tokens.chain(usual));
        let mut environment = self.environment.clone();
        let work = WORK + WORK_BY_MESSAGE * messages.len() as u64 + WORK_BY_BYTE * size;
        environment.set_fuel(Some(work));
        let render = || {
            let mut text = Limited { bytes: Vec::new(), room: FURTHER_TEXT.saturating_add(size as usize) };
            let template = environment.get_template(NAME).map_err(|error| self.failure(&error))?;
            template.render_captured_to(context, &mut text).map_err(|error| self.failure(&error))?;
            String::from_utf8(text.bytes).map_err(|error| self.failed(error, None))
        };
        with_stack(render)
    }

    /// What became of a conversation, in words of people who write templates.
    fn failure(&self, error: &minijinja::Error) -> Error {
        match (functions::raised(error), error.kind()) {
            (Some(raised), _) => {
                Error::new(Kind::Tokenizer, format!("the chat template refuses: {}", shown(raised)))
                    .help("change the conversation, or choose another with --chat-template")
                    .at(&self.path)
            }
            (None, ErrorKind::OutOfFuel) => self.failed("it never ends, or does too much", error.line()),
            (None, ErrorKind::WriteFailure) => {
                let most =
                    format!("its text is more than {} MiB longer than what was said", FURTHER_TEXT >> 20);
                self.failed(most, error.line())
            }
            (None, _) => self.failed(words(error), error.line()),
        }
    }

    fn failed(&self, cause: impl Display, line: Option<usize>) -> Error {
        Error::new(Kind::Tokenizer, format!("the chat template fails{}: {cause}", at_line(line)))
            .help("choose another with --chat-template")
            .at(&self.path)
    }
}

fn unusable(cause: impl Display, line: Option<usize>, path: &Path) -> Error {
    Error::new(Kind::Tokenizer, format!("the chat template cannot be read{}: {cause}", at_line(line)))
        .help("correct it, or choose another with --chat-template")
        .at(path)
}

fn at_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" in line {line}"))
}

/// What minijinja says, without the name it knows the template by.
fn words(error: &minijinja::Error) -> String {
    let words = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    shown(&words)
}

/// A template's own words, neither too long nor commanding a terminal.
fn shown(words: &str) -> String {
    let control = |c: char| c.is_control() && !c.is_whitespace();
    let mut shown: String = words.replace(control, "\u{fffd}").chars().take(LONGEST_CAUSE).collect();
    if words.chars().nth(LONGEST_CAUSE).is_some() {
        shown.push('…');
    }
    shown
}

/// Jinja as transformers sets it up.
fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_recursion_limit(DEEPEST);
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(number::format);
    functions::add(&mut environment);
    Ok(environment)
}

/// An environment with the template of a source; or what is wrong with it, and in which line.
fn compile(source: &str) -> Result<Environment<'static>, (String, Option<usize>)> {
    let said = |error: minijinja::Error| (words(&error), error.line());
    let mut environment = environment().map_err(said)?;
    for rewriting in [Rewriting::Blocks, Rewriting::BlocksAndNames] {
        let too_long = |line| (format!("a tag says more than {} bytes", source::LONGEST_TAG), Some(line));
        let source = source::rewrite(source, rewriting).map_err(too_long)?;
        environment.add_template_owned(NAME, source).map_err(said)?;
    }
    Ok(environment)
}

/// Does work that may nest deep, on a thread of its own.
fn with_stack<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || caught(work));
        let thread = thread.map_err(|error| {
            Error::new(Kind::Memory, format!("no thread for a chat template can be started ({error})"))
                .help("let this process use more memory or threads")
        })?;
        thread.join().unwrap_or_else(|_| Err(Error::new(Kind::Bug, "a thread ended without a word")))
    })
}

/// A text that may be so long and no longer.
struct Limited {
    bytes: Vec<u8>,
    /// The bytes that may follow.
    room: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self.room.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
