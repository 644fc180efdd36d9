//! What will be written, as it looks: made on a thread, so that no frame waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::choices::Form;
use super::spec::Spec;
use crate::chart::{self, Chart};
use crate::error::{Error, Kind, Result};
use crate::figure::{self, Finding, POINTS_PER_MM, Pixels, Vision};

/// More lines of a table are not shown.
const LINES: usize = 40;

/// What comes of a figure.
#[derive(Debug)]
pub(super) struct Proof {
    pub chart: Arc<Chart>,
    pub look: Look<ColorImage>,
}

/// How a file looks.
#[derive(Debug)]
pub(super) enum Look<Picture> {
    Figure {
        picture: Picture,
        /// Width and height on paper, in millimetres.
        size: [f32; 2],
        findings: [Finding; 4],
        /// Whether its fonts are within the file; `None` where the form has none.
        embeds: Option<bool>,
    },
    Table {
        /// Its first lines.
        head: String,
        /// How many rows of numbers there are.
        rows: usize,
    },
}

/// How a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// How many pixels it has.
    pub pixels: Pixelled,
    /// Who sees it.
    pub vision: Vision,
}

/// How many pixels a picture has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pixelled {
    /// As many as fit into so many across and down.
    Within([u32; 2]),
    /// So many per point of paper, as long as no side has more than the second number.
    Scale(f32, u32),
}

/// What is to be shown.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    spec: Spec,
    shape: Shape,
}

/// A figure on screen: what it says, and how its file looks.
pub(super) type Drawn = (Arc<Chart>, Look<TextureHandle>);

/// What is shown, with what it is of.
struct Shown {
    of: Wanted,
    result: Result<Drawn>,
}

/// A thread at work, with what it makes.
struct Working {
    of: Wanted,
    proof: Receiver<Result<Proof>>,
}

/// Makes one proof at a time, the newest asked for next.
#[derive(Default)]
pub(super) struct Preview {
    working: Option<Working>,
    shown: Option<Shown>,
}

impl Preview {
    /// Sees to it that what is shown will be of `spec`, in a picture of this shape.
    pub fn ask(&mut self, ctx: &Context, spec: &Spec, shape: Shape) {
        self.receive(ctx);
        let of = Wanted { spec: spec.clone(), shape };
        if self.working.is_some() || self.shown.as_ref().is_some_and(|shown| shown.of == of) {
            return;
        }
        let wanted = of.clone();
        self.working = Some(Working { of, proof: on_thread(ctx, move || proof(&wanted)) });
    }

    fn receive(&mut self, ctx: &Context) {
        let Some(result) = self.working.as_ref().and_then(|working| received(&working.proof)) else { return };
        let Some(Working { of, .. }) = self.working.take() else { return };
        let textured = |look| match look {
            Look::Figure { picture, size, findings, embeds } => Look::Figure {
                picture: ctx.load_texture("figure to be exported", picture, TextureOptions::LINEAR),
                size,
                findings,
                embeds,
            },
            Look::Table { head, rows } => Look::Table { head, rows },
        };
        let result = result.map(|proof| (proof.chart, textured(proof.look)));
        self.shown = Some(Shown { of, result });
    }

    /// The last that was made; `None` before the first.
    pub fn shown(&self) -> Option<&Result<Drawn>> {
        self.shown.as_ref().map(|shown| &shown.result)
    }

    /// The chart of `spec`, once what is shown is of it.
    pub fn chart_of(&self, spec: &Spec) -> Option<&Arc<Chart>> {
        let shown = self.shown.as_ref().filter(|shown| shown.of.spec == *spec)?;
        shown.result.as_ref().ok().map(|(chart, _)| chart)
    }
}

/// Does something on a thread of its own that ends in an answer, whatever becomes of it, and in a frame.
pub(super) fn on_thread<T: Send + 'static>(
    ctx: &Context,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Receiver<Result<T>> {
    let (sender, receiver) = bounded(1);
    let ctx = ctx.clone();
    let work = move || {
        let broke = |_| Err(Error::new(Kind::Output, "the figure cannot be drawn: the drawing broke down"));
        let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(broke);
        // Nobody waits any more where this fails.
        let _ = sender.send(answer);
        ctx.request_repaint();
    };
    // Without a thread the sender is dropped, which `received` takes for an answer.
    let _ = std::thread::Builder::new().name("infoplane-figure".to_owned()).spawn(work);
    receiver
}

/// The answer of a thread, once there.
pub(super) fn received<T>(from: &Receiver<Result<T>>) -> Option<Result<T>> {
    match from.try_recv() {
        Ok(answer) => Some(answer),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Disconnected) => {
            Some(Err(Error::new(Kind::Output, "the figure cannot be drawn: no thread could be started")))
        }
    }
}

/// Pixels as the window has them.
pub(super) fn image(pixels: &Pixels) -> ColorImage {
    ColorImage::from_rgba_unmultiplied(pixels.size.map(|side| side as usize), &pixels.rgba)
}

fn proof(Wanted { spec, shape }: &Wanted) -> Result<Proof> {
    let chart = Arc::new(spec.chart()?);
    let form = spec.choices.form;
    if form == Form::Csv {
        let table = String::from_utf8_lossy(&chart::csv(&chart)?).into_owned();
        let head = table.lines().take(LINES).collect::<Vec<_>>().join("\n");
        let rows = table.lines().count().saturating_sub(1);
        return Ok(Proof { chart, look: Look::Table { head, rows } });
    }
    let scene = spec.scene(&chart);
    let fitting = |room: [u32; 2]| (room[0] as f32 / scene.width).min(room[1] as f32 / scene.height);
    let scale = match shape.pixels {
        Pixelled::Within(room) => fitting(room),
        Pixelled::Scale(scale, most) => scale.min(fitting([most; 2])),
    };
    let picture = image(&shape.vision.pixels(figure::pixels(&scene, scale)?));
    // Making the file embeds the fonts, or tells that it cannot.
    let embeds = (form == Form::Pdf).then(|| figure::pdf(&scene).is_ok());
    let size = [scene.width, scene.height].map(|side| side / POINTS_PER_MM);
    let findings = figure::check(&scene);
    Ok(Proof { chart, look: Look::Figure { picture, size, findings, embeds } })
}
