//! `infoplane [PATH…]`: the window.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};

use super::demo::{self, Demo};
use super::{DONE, MeasuringArgs, TextArgs, pairs_alone};
use crate::app::{self, Start};
use crate::checkpoints;
use crate::condition::TextSource;
use crate::corpus;
use crate::engine;
use crate::error::{Error, Kind, Result};
use crate::results;
use crate::settings::Settings;

/// The flags of the window.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Models, runs of checkpoints, folders of runs, or results; the demo where none is named.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    text: TextArgs,
    /// Benchmark scores beside the measures: a table of models, or results of lm-evaluation-harness, a file or a folder of
    /// them.
    #[arg(long, value_name = "FILE")]
    benchmarks: Option<PathBuf>,
    #[command(flatten)]
    measuring: MeasuringArgs,
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// A path with nothing behind it; no display, or nothing that could draw on it.
pub fn run(args: WindowArgs) -> Result<u8> {
    args.paths.iter().try_for_each(|path| check(path))?;
    let demo = demo::find();
    let named = args.text.source();
    let headless = headless_command(&args.paths, named.as_ref(), demo.as_ref());
    if named.as_ref().is_some_and(|text| corpus::is_standard_input(text.path())) {
        return Err(Error::new(Kind::Usage, "the window does not read standard input")
            .help(format!("name a file, or run `{headless}`")));
    }
    if !has_display() {
        return Err(Error::new(Kind::Device, "there is no display to open a window on")
            .help(format!("without one, run `{headless}`")));
    }
    let mut settings = args.measuring.settings.settings(Settings::of_window());
    let named = named.or_else(|| pairs_alone(&mut settings));
    let (demo_runs, demo_text) = (args.paths.is_empty(), named.is_none() && demo.is_some());
    // Any text will do for a first look, and the window says which it is.
    let text = named.or_else(|| Some(TextSource::Corpus(demo.as_ref()?.text.clone())));
    let paths = if demo_runs { demo.map(|demo| demo.runs).unwrap_or_default() } else { args.paths };
    let start = Start { paths, text, settings, benchmarks: args.benchmarks, demo_runs, demo_text };
    let options = args.measuring.engine_options()?;
    let store = options.store.clone();
    app::run(start, move |context| engine::spawn(options, move || context.request_repaint()))
        .map_err(|error| error.help(format!("without a window, run `{headless}`")))?;
    super::store::tell(store.as_ref());
    Ok(DONE)
}

/// Refuses a path with nothing behind it; it may be a command that was mistyped.
fn check(path: &Path) -> Result<()> {
    if checkpoints::is_there(path) {
        return Ok(());
    }
    let help = match path.to_str().and_then(command_like) {
        Some(command) => format!("did you mean the command `infoplane {command}`?"),
        None => "check the spelling".to_owned(),
    };
    Err(Error::new(Kind::Folder, "no such file or folder").help(help).at(path))
}

/// The command that was meant by a word with at most two slips in it.
fn command_like(word: &str) -> Option<String> {
    let commands = super::Cli::command();
    let names = commands.get_subcommands().map(|command| command.get_name());
    let slips = |name: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), name);
    names.filter(|name| slips(name) <= 2).min_by_key(slips).map(str::to_owned)
}

/// Whether a window can be opened at all. Elsewhere than on X11 and Wayland there always is a display.
fn has_display() -> bool {
    let named = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || named("DISPLAY")
        || named("WAYLAND_DISPLAY")
        || named("WAYLAND_SOCKET")
}

/// The command that does without a window what was asked of one.
fn headless_command(paths: &[PathBuf], text: Option<&TextSource>, demo: Option<&Demo>) -> String {
    let (path, text) = match (paths.first(), demo) {
        (Some(path), _) if results::looks_like_results(path) || results::holds_results(path) => {
            return format!("infoplane show {}", path.display());
        }
        (Some(path), _) => (Some(path), text.cloned()),
        (None, Some(demo)) => {
            let usual = || TextSource::Corpus(demo.text.clone());
            (demo.runs.first(), Some(text.cloned().unwrap_or_else(usual)))
        }
        (None, None) => (None, text.cloned()),
    };
    let path = path.map_or_else(|| "PATH".to_owned(), |path| path.display().to_string());
    let text = match text {
        Some(text) => format!("--{} {}", text.noun(), text.path().display()),
        None => "--corpus FILE".to_owned(),
    };
    format!("infoplane measure {path} {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_commands_are_known() {
        for (word, command) in [("mesure", "measure"), ("measrue", "measure"), ("inspct", "inspect")] {
            assert_eq!(command_like(word).as_deref(), Some(command), "{word}");
        }
        assert_eq!(command_like("Figures").as_deref(), Some("figure"));
        for word in ["runs", "pythia-70m", "results.json", "a"] {
            assert_eq!(command_like(word), None, "{word}");
        }
    }
}
