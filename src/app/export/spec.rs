//! A figure to be exported: what it is made of, and what comes of that.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::choices::{Choices, Form};
use crate::app::writing::Made;
use crate::chart::{self, Chart, Of};
use crate::error::{Error, Kind, Result};
use crate::figure::{self, FigureOptions, Pixels, Scene, layout};
use crate::state::State;
use crate::views::View;
use crate::views::options::Options;
use crate::views::snapshot::Snapshot;

/// What a figure is made of. Two of the same give the same bytes.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub view: &'static View,
    snapshot: Arc<Snapshot>,
    pub options: Options,
    /// The checkpoints that stand out.
    current: Vec<Of>,
    pub choices: Choices,
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.view.kind == other.view.kind
            && Arc::ptr_eq(&self.snapshot, &other.snapshot)
            && self.options == other.options
            && self.current == other.current
            && self.choices == other.choices
    }
}

impl Spec {
    /// A view of what the window shows, with the checkpoints at the scrubber standing out.
    pub fn new(state: &State, view: &'static View, options: Options, choices: Choices) -> Self {
        let snapshot = Arc::clone(&state.drawn().snapshot);
        let current = state.current_drawn().enumerate();
        let current =
            current.filter_map(|(run, checkpoint)| Some(Of::checkpoint(run, checkpoint?))).collect();
        Self { view, snapshot, options, current, choices }
    }

    /// What the figure says.
    ///
    /// # Errors
    /// What the view lacks.
    pub fn chart(&self) -> Result<Chart> {
        (self.view.chart)(&self.snapshot, &self.options).map_err(|missing| {
            Error::new(Kind::Output, format!("there is nothing to export of {} yet", self.view.title))
                .help(missing)
        })
    }

    /// How it is laid out.
    pub fn figure(&self) -> FigureOptions {
        self.choices.figure(self.current.clone())
    }

    /// Where everything stands.
    pub fn scene(&self, chart: &Chart) -> Scene {
        layout(chart, &self.figure())
    }

    /// The file with what it was found to lack, or what the view lacks.
    ///
    /// # Errors
    /// What the writer of its form said.
    pub fn made(&self) -> Result<Made> {
        let chart = match self.chart() {
            Ok(chart) => chart,
            Err(missing) => return Ok(Made::Nothing(missing)),
        };
        if self.choices.form == Form::Csv {
            return Ok(Made::File(chart::csv(&chart)?, Vec::new()));
        }
        let scene = self.scene(&chart);
        let faults = figure::check(&scene).into_iter().filter(|finding| !finding.is_good());
        let faults = faults.map(|finding| finding.words()).collect();
        let bytes = match self.choices.form {
            Form::Pdf => figure::pdf(&scene)?,
            Form::Svg | Form::Csv => figure::svg(&scene).into_bytes(),
            Form::Png => figure::png(&scene, self.choices.scale())?,
        };
        Ok(Made::File(bytes, faults))
    }

    /// The picture, in the resolution chosen.
    ///
    /// # Errors
    /// What the view lacks; a picture too large.
    pub fn pixels(&self) -> Result<Pixels> {
        figure::pixels(&self.scene(&self.chart()?), self.choices.scale())
    }

    /// The words of the command that remakes it from results.
    pub fn command(
        &self,
        chart: &Chart,
        results: &[PathBuf],
        hidden: &[String],
        text: Option<&[PathBuf; 2]>,
        out: &Path,
    ) -> (Vec<String>, Option<&str>) {
        let remade = figure::command::Remade {
            view: self.view,
            options: &self.options,
            chart,
            figure: &self.figure(),
            dpi: f32::from(self.choices.dpi),
            results,
            hidden,
            text,
            out,
        };
        (remade.words(), remade.lacks())
    }
}
