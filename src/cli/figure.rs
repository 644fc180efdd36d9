//! `infoplane figure`: measured results as a figure.

use std::path::PathBuf;

use clap::Args;

use super::{DONE, PARTLY, note, order};
use crate::error::{Error, Kind, Result};
use crate::figure::{self, PlaneFigureOptions, Theme, plane_figure};
use crate::measures::Order;
use crate::results::{join, read_all};
use crate::views::marks::caption;
use crate::views::plane::{LayerChoice, PlaneView, trajectories};

/// The flags of `figure`.
#[derive(Debug, Args)]
pub struct FigureArgs {
    /// Results as `measure` wrote them, or folders of such; all runs share the plane, parts of a run are one.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    /// The figure; its extension, pdf, svg or png, decides the form. A pixel of the figure is a point on paper.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The n-gram order (back-off), 1 to 4.
    #[arg(long, value_name = "N", default_value = "1", value_parser = order)]
    order: Order,
    /// `mean` over layers 1 to L, the `last` hidden state of each model, the number of one, or a relative depth such as
    /// 0.5.
    #[arg(long, value_name = "mean|last|N|DEPTH", default_value = "mean")]
    layer: LayerChoice,
    /// Pixels of a PNG per pixel of the figure: 1 is 72 dots per inch, 4.1667 is 300.
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    scale: f32,
    /// A title above the plane.
    #[arg(long)]
    title: Option<String>,
    /// Light on dark instead of dark on white.
    #[arg(long)]
    dark: bool,
}

/// Draws the figure.
pub fn run(args: &FigureArgs) -> Result<u8> {
    let (runs, conflicts) = join(read_all(&args.results)?);
    conflicts.iter().for_each(|conflict| note(&format!("infoplane: {conflict}")));
    let view = PlaneView { order: args.order, layers: args.layer };
    let trajectories = trajectories(&runs, view);
    if trajectories.iter().all(|trajectory| trajectory.points.is_empty()) {
        let cause = format!("these results have no measures of order {} for this layer", args.order.number());
        return Err(Error::new(Kind::Usage, cause)
            .help("choose another --order or --layer")
            .at(&args.results[0]));
    }
    let options = PlaneFigureOptions {
        title: args.title.clone(),
        caption: Some(caption(&trajectories)),
        highlight: Vec::new(),
        theme: if args.dark { Theme::Dark } else { Theme::Light },
    };
    figure::write(&plane_figure(&trajectories, view, &options), &args.out, args.scale)?;
    let mut status = DONE;
    for trajectory in &trajectories {
        if let Some(absence) = &trajectory.absence {
            note(&format!("infoplane: {} is not drawn: {absence}", trajectory.label()));
            status = PARTLY;
        }
    }
    Ok(status)
}
