//! The statistics of layers whose scores lie on the GPU: soft bins, sums and entropies of labels, layer after
//! layer without waiting, read back together.

use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;

use super::GpuEstimator;
use super::segments::{SampleSegments, Segments};
use crate::device::{guarded, spread};
use crate::error::{Error, Result};
use crate::estimator::DeviceSlab;
use crate::estimator::label_entropies::{EntropySums, with_entropy};
use crate::estimator::label_tree::SampleLabels;
use crate::estimator::{Answer, Question, Statistics};

/// Submissions that may wait for the GPU: enough that it never waits for us, few enough that a window's frames
/// get their turn and that an interruption is soon heard.
const IN_FLIGHT: usize = 3;
/// Bytes read back at a time.
const READ_BACK: usize = 64 << 20;
const F32: usize = size_of::<f32>();

/// Labels whose samples are kept: those of the text, and the same dealt out at random. Every checkpoint asks for both.
const LABELS_KEPT: usize = 2;

/// What is to be summed for some labels.
#[derive(Debug)]
pub struct Kept {
    labels: Arc<SampleLabels>,
    min_count: u32,
    /// A sample a prefix, in no order.
    samples: Vec<DeviceSample>,
}

/// What is to be summed of a sample, in main memory and in the GPU's: a part without buffers has no label
/// seen twice, and nothing to sum.
#[derive(Debug)]
struct DeviceSample {
    segments: SampleSegments,
    buffers: Vec<Option<SegmentBuffers>>,
}

#[derive(Debug)]
struct SegmentBuffers {
    positions: wgpu::Buffer,
    chunks: wgpu::Buffer,
    labels: wgpu::Buffer,
}

impl DeviceSample {
    /// The parts with something to sum.
    fn parts(&self) -> impl Iterator<Item = (&Segments, &SegmentBuffers)> {
        let parts = self.segments.parts.iter().zip(&self.buffers);
        parts.filter_map(|(part, buffers)| Some((part, buffers.as_ref()?)))
    }
}

/// Buffers that the layers of a question share, one after the other.
struct Work {
    /// `[positions, points]`
    bins: wgpu::Buffer,
    /// `[positions]`
    row_entropies: wgpu::Buffer,
    /// `[chunks, points]`, of one part at a time.
    sums: wgpu::Buffer,
    /// Of the labels of each part with something to sum, sample after sample.
    entropies: Vec<Entropies>,
}

/// The entropies of a part's labels, and the parameters of the kernels that lead to them.
struct Entropies {
    buffer: wgpu::Buffer,
    labels: usize,
    of_sums: wgpu::Buffer,
    of_entropies: wgpu::Buffer,
}

impl GpuEstimator {
    /// The statistics of some layers for each prefix asked for, and the entropies of single labels where they are.
    /// `interrupted` is asked before each layer.
    ///
    /// # Errors
    /// A device that fails; [`crate::error::Kind::Cancelled`] once interrupted.
    pub fn statistics(
        &mut self,
        slabs: &[&DeviceSlab],
        question: &Question,
        labels: &Arc<SampleLabels>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Answer> {
        let kept = self.bring(labels, question)?;
        let samples: Vec<&DeviceSample> =
            question.prefixes.iter().filter_map(|&prefix| kept.sample(prefix)).collect();
        let found = self.statistics_of(slabs, question, &samples, interrupted);
        self.kept.push(kept);
        found
    }

    fn statistics_of(
        &self,
        slabs: &[&DeviceSlab],
        question: &Question,
        samples: &[&DeviceSample],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Answer> {
        let positions = question.prefixes.last().copied().unwrap_or(0);
        if positions == 0 {
            return Ok(Answer { layers: vec![Vec::new(); slabs.len()], labels: Vec::new() });
        }
        let work = self.work(question, positions, samples)?;
        let floats = positions + work.entropies.iter().map(|part| part.labels).sum::<usize>();
        let mut found: Vec<Vec<Statistics>> = Vec::with_capacity(slabs.len());
        let last = samples.last().filter(|_| !question.listed.is_empty());
        let mut sums = last.map_or_else(Vec::new, |last| vec![EntropySums::default(); last.segments.sets()]);
        for slabs in slabs.chunks((READ_BACK / (floats * F32)).max(1)) {
            let staging = self.gpu.staging(slabs.len() * floats * F32)?;
            let mut in_flight = VecDeque::new();
            for (index, slab) in slabs.iter().enumerate() {
                if interrupted() {
                    return Err(Error::cancelled());
                }
                if in_flight.len() == IN_FLIGHT {
                    self.gpu.wait(in_flight.pop_front(), interrupted)?;
                }
                let to = (&staging, index * floats * F32);
                in_flight.push_back(self.submit_layer(slab, question, positions, samples, &work, to)?);
            }
            let read: Vec<f32> = self.gpu.read(&staging, slabs.len() * floats, interrupted)?;
            if last.is_some() {
                for (layer, floats) in (found.len()..).zip(read.chunks_exact(floats)) {
                    let entropies = entropies(floats, positions, samples).1.pop().unwrap_or_default();
                    if question.listed.contains(&layer) {
                        let sets = sums.iter_mut().zip(&entropies[1..]);
                        sets.for_each(|(sums, entropies)| sums.add(entropies.iter().copied()));
                    }
                }
            }
            found.par_extend(read.par_chunks_exact(floats).map(|floats| {
                let (row_entropies, entropies) = entropies(floats, positions, samples);
                let of_sample = |(sample, entropies): (&&DeviceSample, Vec<&[f32]>)| {
                    sample.segments.statistics(&entropies, row_entropies)
                };
                samples.iter().zip(entropies).map(of_sample).collect()
            }));
        }
        let labels = last.map_or_else(Vec::new, |last| {
            let layers = question.listed.len();
            let found_labels = last.segments.labels(|set, label| sums[set].mean(label, layers));
            with_entropy(&found, &question.listed, found_labels)
        });
        Ok(Answer { layers: found, labels })
    }

    /// Makes the buffers of a question.
    fn work(&self, question: &Question, positions: usize, samples: &[&DeviceSample]) -> Result<Work> {
        let points = question.binning.points;
        let parts = || samples.iter().flat_map(|sample| sample.parts());
        let most_chunks = parts().map(|(part, _)| part.chunks.len()).max().unwrap_or(0);
        let entropies = |(part, _): (&Segments, _)| {
            let labels = part.labels.len();
            Ok(Entropies {
                buffer: self.gpu.storage("label entropies", labels * F32)?,
                labels,
                of_sums: self.gpu.params([part.chunks.len() as u32, points as u32, 0, 0])?,
                of_entropies: self.gpu.params([labels as u32, points as u32, 0, 0])?,
            })
        };
        Ok(Work {
            bins: self.gpu.storage("soft bins", positions * points * F32)?,
            row_entropies: self.gpu.storage("position entropies", positions * F32)?,
            sums: self.gpu.storage("label sums", most_chunks * points * F32)?,
            entropies: parts().map(entropies).collect::<Result<_>>()?,
        })
    }

    /// Has the entropies of a layer computed and copied to a place in a buffer: those of positions, then those of
    /// labels.
    fn submit_layer(
        &self,
        slab: &DeviceSlab,
        question: &Question,
        positions: usize,
        samples: &[&DeviceSample],
        work: &Work,
        (staging, mut offset): (&wgpu::Buffer, usize),
    ) -> Result<wgpu::SubmissionIndex> {
        let inverse_temperature = (question.binning.temperature.recip() as f32).to_bits();
        let points = question.binning.points as u32;
        let params = self.gpu.params([positions as u32, slab.stride as u32, points, inverse_temperature])?;
        let mut encoder = self.gpu.encoder();
        guarded(&self.gpu.device, || {
            let bindings =
                [&params, &slab.buffer, &work.bins, &work.row_entropies].map(wgpu::Buffer::as_entire_binding);
            self.gpu.dispatch(&mut encoder, &self.soft_bins, &bindings, spread(positions));
            let mut copy = |encoder: &mut wgpu::CommandEncoder, from: &wgpu::Buffer, floats: usize| {
                encoder.copy_buffer_to_buffer(from, 0, staging, offset as u64, (floats * F32) as u64);
                offset += floats * F32;
            };
            copy(&mut encoder, &work.row_entropies, positions);
            let parts = samples.iter().flat_map(|sample| sample.parts());
            for ((part, buffers), entropies) in parts.zip(&work.entropies) {
                let bindings =
                    [&entropies.of_sums, &work.bins, &buffers.positions, &buffers.chunks, &work.sums]
                        .map(wgpu::Buffer::as_entire_binding);
                self.gpu.dispatch(&mut encoder, &self.label_sums, &bindings, spread(part.chunks.len()));
                let bindings = [&entropies.of_entropies, &work.sums, &buffers.labels, &entropies.buffer]
                    .map(wgpu::Buffer::as_entire_binding);
                self.gpu.dispatch(&mut encoder, &self.label_entropies, &bindings, spread(entropies.labels));
                copy(&mut encoder, &entropies.buffer, entropies.labels);
            }
            self.gpu.queue.submit([encoder.finish()])
        })
    }

    /// Takes out what was kept of these labels, and brings to the device what of the question is missing.
    fn bring(&mut self, labels: &Arc<SampleLabels>, question: &Question) -> Result<Kept> {
        let same = |kept: &Kept| Arc::ptr_eq(&kept.labels, labels) && kept.min_count == question.min_count;
        let mut kept = match self.kept.iter().position(same) {
            Some(index) => self.kept.remove(index),
            None => Kept { labels: Arc::clone(labels), min_count: question.min_count, samples: Vec::new() },
        };
        let is_missing = |prefix: &&usize| kept.sample(**prefix).is_none();
        let missing: Vec<usize> = question.prefixes.iter().filter(is_missing).copied().collect();
        if missing.is_empty() {
            return Ok(kept);
        }
        // Another question; what it does not ask goes first, to make room.
        kept.samples.retain(|sample| question.prefixes.contains(&sample.segments.positions));
        self.kept.drain(..self.kept.len().saturating_sub(LABELS_KEPT - 1));
        let sets = labels.sets();
        for positions in missing {
            let segments = SampleSegments::new(&sets, positions, question.min_count);
            let buffers =
                segments.parts.iter().map(|part| self.upload_segments(part)).collect::<Result<_>>()?;
            kept.samples.push(DeviceSample { segments, buffers });
        }
        Ok(kept)
    }

    fn upload_segments(&self, segments: &Segments) -> Result<Option<SegmentBuffers>> {
        if segments.labels.is_empty() {
            return Ok(None);
        }
        Ok(Some(SegmentBuffers {
            positions: self.gpu.upload("label positions", bytemuck::cast_slice(&segments.positions))?,
            chunks: self.gpu.upload("label chunks", bytemuck::cast_slice(&segments.chunks))?,
            labels: self.gpu.upload("labels", bytemuck::cast_slice(&segments.labels))?,
        }))
    }
}

impl Kept {
    /// The sample of the first `positions` positions.
    fn sample(&self, positions: usize) -> Option<&DeviceSample> {
        self.samples.iter().find(|sample| sample.segments.positions == positions)
    }
}

impl DeviceSample {
    /// The entropies of the labels of each part; takes them off the front.
    fn entropies<'e>(&self, label_entropies: &mut &'e [f32]) -> Vec<&'e [f32]> {
        let of_part = |(part, buffers): (&Segments, &Option<SegmentBuffers>)| {
            let labels = if buffers.is_some() { part.labels.len() } else { 0 };
            let (own, rest) = label_entropies.split_at(labels);
            *label_entropies = rest;
            own
        };
        self.segments.parts.iter().zip(&self.buffers).map(of_part).collect()
    }
}

/// What was read back of a layer: the entropies of positions, and those of the labels of each sample's parts.
fn entropies<'f>(
    floats: &'f [f32],
    positions: usize,
    samples: &[&DeviceSample],
) -> (&'f [f32], Vec<Vec<&'f [f32]>>) {
    let (row_entropies, mut rest) = floats.split_at(positions);
    (row_entropies, samples.iter().map(|sample| sample.entropies(&mut rest)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Compute;
    use crate::estimator::Binning;
    use crate::labels::Labels;
    use crate::settings::{Backend, Precision};

    #[test]
    fn the_questions_of_a_checkpoint_are_prepared_once_for_all_checkpoints() {
        let Compute::Gpu(gpu) = Compute::open(Backend::Gpu).unwrap().0 else { panic!("no adapter") };
        let mut estimator = GpuEstimator::new(gpu).unwrap();
        let documents: Vec<Vec<u32>> =
            (0..3u32).map(|d| (0..60 + d).map(|t| (t * t + d) % 9).collect()).collect();
        let labels = Arc::new(SampleLabels::new(&Labels::new(&documents, 2)));
        let positions = labels.positions();
        let null = Arc::new(labels.shuffled(positions, 0));
        let slab = DeviceSlab {
            buffer: estimator
                .gpu
                .upload("scores", bytemuck::cast_slice(&vec![0.5f32; positions * 4]))
                .unwrap(),
            stride: 4,
            precision: Precision::F32,
        };
        let question = |min_count: u32, prefixes: &[usize]| Question {
            binning: Binning { points: 4, temperature: 0.1 },
            min_count,
            prefixes: prefixes.to_vec(),
            listed: 0..0,
        };
        let mut ask = |min_count: u32| {
            let mut of = |labels: &Arc<SampleLabels>, prefixes: &[usize]| {
                let question = question(min_count, prefixes);
                estimator.statistics(&[&slab], &question, labels, &mut || false).unwrap().layers.remove(0)
            };
            let curve = of(&labels, &[60, 100, positions]);
            let found = (of(&null, &[positions]), of(&labels, &[positions]));
            assert_eq!(curve[2..], found.1);
            // Where the lists of positions lie tells whether they are the same ones.
            let samples = estimator.kept.iter().flat_map(|kept| &kept.samples);
            let mut places: Vec<_> =
                samples.map(|sample| sample.segments.parts[1].positions.as_ptr()).collect();
            places.sort_unstable();
            (curve, found, places)
        };
        let first = ask(1);
        assert_eq!(first.2.len(), 4);
        assert!(ask(1) == first);
        // Another question takes their place, and the first is prepared again to the same numbers.
        let other = ask(2);
        assert_eq!(other.2.len(), 4);
        let again = ask(1);
        assert!((again.0, again.1) == (first.0, first.1) && again.2.len() == 4);
    }
}
