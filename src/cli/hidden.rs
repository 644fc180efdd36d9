//! `infoplane hidden`: a model's hidden states on given tokens, for checking and for other tools.

use std::path::PathBuf;
use std::time::Instant;

use bytemuck::cast_slice;
use clap::Args;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};

use super::settings::{Device, SettingsFlags};
use super::{DONE, LinkArgs, MemoryArg, note};
use crate::checkpoints::ModelFolder;
use crate::device::Compute;
use crate::error::{Error, Kind, Result, caught};
use crate::memory;
use crate::model::batch::{batches, check_ids};
use crate::model::{Model, Options, read_back};
use crate::output;
use crate::settings::Settings;
use crate::tokens::all_documents_from_file;
use crate::words;

/// The flags of `hidden`.
#[derive(Debug, Args)]
pub struct HiddenArgs {
    /// A model folder.
    model: PathBuf,
    /// Token ids: a safetensors file with `tokens` (flat) and `offsets`.
    #[arg(long, value_name = "FILE")]
    tokens: PathBuf,
    /// Where to write `hidden_states` (L + 1, tokens, h) and `loss` (1), in f32.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the loss alone, without the states.
    #[arg(long)]
    loss_only: bool,
    #[command(flatten)]
    settings: SettingsFlags<Device>,
    #[command(flatten)]
    memory: MemoryArg,
    #[command(flatten)]
    links: LinkArgs,
}

/// Runs the model and writes its states.
pub fn run(args: &HiddenArgs) -> Result<u8> {
    output::check_writable(&args.out)?;
    let documents = all_documents_from_file(&args.tokens)?;
    let Settings { backend, dtype, .. } = args.settings.settings(Settings::default());
    let (compute, warning) = Compute::open(backend)?;
    if let Some(warning) = warning {
        note(&format!("warning: {warning}"));
    }
    note(&format!("computing on {}", compute.name()));
    compute.check(dtype)?;
    let memory = args.memory.memory.or_else(|| compute.memory_beside(0));
    let longest = documents.iter().map(Vec::len).max().unwrap_or(0);
    let options = Options { dtype, memory, longest, ..Options::new(compute.tensors()) };
    let start = Instant::now();
    let states = caught(|| {
        let mut model = Model::open(&ModelFolder::opened(&args.model, args.links.links()), &options)?;
        for warning in model.warnings() {
            note(&format!("warning: {warning}"));
        }
        hidden_states(&mut model, &documents, !args.loss_only)
    })?;
    note(&format!("took {:.2} s", start.elapsed().as_secs_f64()));
    output::write_atomically(&args.out, &states.to_safetensors()?)?;
    Ok(DONE)
}

/// The hidden states of documents.
#[derive(Debug)]
pub struct HiddenStates {
    /// `[L + 1, tokens, h]`, documents in order; empty where only the loss was wanted.
    values: Vec<f32>,
    shape: [usize; 3],
    /// Mean next-token cross-entropy in nats.
    loss: f64,
}

/// Passes whole documents through a model; keeps their states if `keep` says so.
pub fn hidden_states(model: &mut Model, documents: &[Vec<u32>], keep: bool) -> Result<HiddenStates> {
    check_ids(documents, model.config().vocab_size)?;
    let offsets: Vec<usize> = std::iter::once(0)
        .chain(documents.iter().scan(0, |sum, document| {
            *sum += document.len();
            Some(*sum)
        }))
        .collect();
    let (tokens, width) = (offsets[documents.len()], model.config().hidden_size);
    let shape = [model.hidden_states(), tokens, width];
    let mut values = if keep { room_for(shape)? } else { Vec::new() };
    let (mut loss_sum, mut predictions) = (0.0, 0usize);
    let mut waiting = batches(documents, 0..documents.len(), model.tokens_per_batch());
    if waiting.is_empty() {
        return Err(Error::new(Kind::Corpus, "this file has no tokens"));
    }
    while !waiting.is_empty() {
        let rest = waiting.split_off(model.wave(&waiting));
        let wave = std::mem::replace(&mut waiting, rest);
        let losses = model.forward(wave, |layer, batch, states| {
            if !keep {
                return Ok(());
            }
            let states = read_back(states.clone())?;
            for (&document, rows) in batch.documents.iter().zip(&batch.rows) {
                let to = (layer * tokens + offsets[document]) * width;
                let states = &states[rows.start * width..rows.end * width];
                values[to..to + states.len()].copy_from_slice(states);
            }
            Ok(())
        })?;
        for losses in losses.into_iter().flat_map(|(_, losses)| losses) {
            loss_sum += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
            predictions += losses.len();
        }
    }
    if predictions == 0 {
        return Err(Error::new(Kind::Corpus, "no document has two tokens, so there is no loss"));
    }
    Ok(HiddenStates { values, shape, loss: loss_sum / predictions as f64 })
}

/// Room for states of this shape, where it is there twice: once for them and once for the file's bytes.
fn room_for(shape: [usize; 3]) -> Result<Vec<f32>> {
    let floats = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    let bytes = floats.and_then(|floats| floats.checked_mul(2 * size_of::<f32>()));
    let free = memory::available();
    let fit = |bytes: &usize| free.is_none_or(|free| *bytes <= free);
    let mut values = Vec::new();
    if let (Some(floats), Some(_)) = (floats, bytes.filter(fit))
        && values.try_reserve_exact(floats).is_ok()
    {
        values.resize(floats, 0.0);
        return Ok(values);
    }
    let ([layers, tokens, width], size) = (shape, |bytes: usize| words::size(bytes as u64));
    let needed = bytes.map_or("more than can be counted".to_owned(), size);
    let free = free.map_or(String::new(), |free| format!(", {} is free", size(free)));
    let states = format!("{layers} hidden states of {tokens} tokens and width {width}");
    Err(Error::new(Kind::Usage, format!("{states} take {needed} of memory{free}"))
        .help("use fewer tokens, or --loss-only"))
}

impl HiddenStates {
    /// The file's bytes: `hidden_states` and `loss`.
    fn to_safetensors(&self) -> Result<Vec<u8>> {
        let broken = |error: safetensors::SafeTensorError| {
            Error::new(Kind::Output, format!("the states cannot be written ({error})"))
        };
        let loss = [self.loss as f32];
        let loss = TensorView::new(Dtype::F32, vec![1], cast_slice(&loss)).map_err(broken)?;
        let mut tensors = vec![("loss", loss)];
        if !self.values.is_empty() {
            let states = TensorView::new(Dtype::F32, self.shape.to_vec(), cast_slice(&self.values));
            tensors.push(("hidden_states", states.map_err(broken)?));
        }
        serialize(tensors, None).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_cannot_fit_are_refused() {
        assert_eq!(room_for([3, 5, 7]).unwrap(), vec![0.0; 105]);
        for shape in [[1 << 20, 1 << 20, 1 << 20], [usize::MAX, 2, 2], [5, 1 << 40, 1 << 12]] {
            let error = room_for(shape).unwrap_err();
            assert!(error.to_string().contains("--loss-only"), "{error}");
        }
    }
}
