//! `infoplane [PATH…]`: the window.

use std::path::PathBuf;

use clap::Args;

use super::{DONE, SettingsArgs, TextArgs, demo};
use crate::app::{self, Start};
use crate::engine::{self, TextSource};
use crate::error::{Error, Kind, Result};

/// Documents read where no flag says how many: enough for a steady picture, few enough that the scores of
/// dozens of checkpoints stay in memory and every slider answers at once.
const SAMPLES: usize = 64;

/// The flags of the window.
#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Models, runs of checkpoints, folders of runs, or results; the demo where none is named.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Opens the window and stays until it is closed.
pub fn run(args: WindowArgs) -> Result<u8> {
    let demo = demo::find();
    // Any text will do for a first look, and the window says which it is.
    let text = args.text.source().or_else(|| Some(TextSource::Corpus(demo.as_ref()?.text.clone())));
    let paths = match args.paths.is_empty() {
        true => demo.map(|demo| demo.runs).unwrap_or_default(),
        false => args.paths,
    };
    let headless = headless_command(&paths, text.as_ref());
    if !has_display() {
        return Err(Error::new(Kind::Device, "there is no display to open a window on")
            .help(format!("to measure without one, run `{headless}`")));
    }
    let start = Start { paths, text, settings: args.settings.settings(SAMPLES) };
    let options = args.settings.engine_options()?;
    app::run(start, move |context| engine::spawn(options, move || context.request_repaint()))
        .map_err(|error| error.help(format!("to measure without a window, run `{headless}`")))?;
    Ok(DONE)
}

/// Whether a window can be opened at all. Elsewhere than on X11 and Wayland there always is a display.
fn has_display() -> bool {
    let named = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || named("DISPLAY")
        || named("WAYLAND_DISPLAY")
        || named("WAYLAND_SOCKET")
}

/// The command that measures the same without a window.
fn headless_command(paths: &[PathBuf], text: Option<&TextSource>) -> String {
    let path = paths.first().map_or_else(|| "PATH".to_owned(), |path| path.display().to_string());
    let text = match text {
        Some(TextSource::Corpus(path)) => format!("--corpus {}", path.display()),
        Some(TextSource::Tokens(path)) => format!("--tokens {}", path.display()),
        None => "--corpus FILE".to_owned(),
    };
    format!("infoplane measure {path} {text}")
}
