//! Desktops whose dialogs choose nothing.

use std::path::{Path, PathBuf};

use infoplane::app::dialogs::Dialogs;
use infoplane::error::{Error, Kind, Result};

/// A desktop without dialogs.
pub struct Missing;

impl Dialogs for Missing {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        Err(Error::new(Kind::Output, "the desktop has no file dialogs"))
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn save_figure(&self, _suggested: &Path) -> Result<Option<PathBuf>> {
        self.open_folder()
    }
}

/// A desktop whose users cancel.
pub struct Cancelled;

impl Dialogs for Cancelled {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn save_figure(&self, _suggested: &Path) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}
