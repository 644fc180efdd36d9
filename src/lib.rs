//! **infoplane** shows what a language model keeps and what it forgets: training checkpoints on the
//! information plane, complexity I(X;Z) across and expressivity I(Y;Z) up, after *Learning is Forgetting:
//! LLM Training as Lossy Compression* (ICLR 2026). References to "SPEC" in these docs are to the paragraphs
//! of [`spec`], the measurement's specification.
//!
//! # Data flow
//!
//! ```text
//! folder ── checkpoints ──┐
//! text ──── tokens ───────┼── forward pass ── scores ──┐
//! reference points ───────┘                            ├── statistics ── measures ── views ── figure
//! tokens ── labels ────────────────────────────────────┘                               └──── window
//! ```
//!
//! The forward pass is the one expensive stage, and *scores*, the cosines of hidden states with the
//! reference points, are all that is kept of it. Temperature, number of points and back-off are questions
//! asked of scores, which is why they can change live.
//!
//! # Modules, in the order data flows
//!
//! | module | what it does |
//! |---|---|
//! | [`condition`] | what a number depends on besides the checkpoint, and the name of it |
//! | [`checkpoints`] | folders to runs of checkpoints, in the order of training |
//! | [`corpus`] | text files to documents |
//! | [`tokens`] | documents to token ids, by the checkpoint's own tokenizer |
//! | [`labels`] | token ids to n-gram labels at common positions |
//! | [`model`] | `config.json` and weights to hidden states and losses, in burn |
//! | [`store`] | scores in memory and on disk, and what was measured before |
//! | [`estimator`] | hidden states to scores to conditional entropies; `shaders/` and their twins in Rust |
//! | [`measures`] | entropies to complexity, expressivity and optimality |
//! | [`results`] | what is written and read: JSON, CSV and Parquet |
//! | [`bound`] | the information-bottleneck bound |
//! | [`views`] | results to what is drawn; pure functions |
//! | [`figure`] | views to SVG and PNG |
//! | [`engine`] | the background thread that does all of the above up to results |
//! | [`app`] | the window |
//! | [`cli`] | the command line |
//!
//! [`settings`] is the one struct behind flags, sliders and captions, [`error`] the one error type,
//! [`device`] the only place that opens a compute device, [`output`] the only one that writes files, [`product`]
//! and `simd` the arithmetic in main memory.
//!
//! `labels`, `measures`, `bound`, `views` and `figure` know nothing of burn, wgpu or egui; only `app` imports
//! egui, and reaches the engine by messages alone. A test reads the imports and keeps it so.

#![warn(missing_docs)]

pub mod app;
pub mod bound;
pub mod checkpoints;
pub mod cli;
pub mod condition;
pub mod corpus;
pub mod device;
pub mod engine;
pub mod error;
pub mod estimator;
pub mod figure;
pub mod labels;
pub mod measures;
mod memory;
pub mod model;
pub mod output;
pub mod product;
pub mod results;
pub mod settings;
mod simd;
pub mod store;
pub mod tokens;
pub mod views;

#[doc = include_str!("../docs/measure.md")]
pub mod spec {}
