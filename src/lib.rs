//! **infoplane** shows what a language model keeps and what it forgets: training checkpoints on the
//! information plane, complexity I(X;Z) across and expressivity I(Y;Z) up, after *Learning is Forgetting:
//! LLM Training as Lossy Compression* (ICLR 2026). References to "SPEC" in these docs are to the paragraphs
//! of [`spec`], the measurement's specification; [`glossary`] explains the words.
//!
#![doc = include_str!("../docs/architecture.md")]
#![warn(missing_docs)]

pub mod analysis;
pub mod app;
pub mod bound;
pub mod chart;
pub mod chat;
pub mod checkpoints;
pub mod cli;
pub mod condition;
pub mod corpus;
pub mod device;
pub mod engine;
pub mod error;
pub mod estimator;
pub mod figure;
pub mod frontier;
pub mod frontier_gpu;
pub mod json;
pub mod labels;
pub mod measures;
mod memory;
pub mod model;
pub mod output;
pub mod pairs;
pub mod product;
mod random;
pub mod results;
pub mod scores;
pub mod settings;
mod simd;
pub mod state;
pub mod store;
mod sums;
mod tally;
pub mod tokens;
pub mod views;
mod words;

#[doc = include_str!("../docs/measure.md")]
pub mod spec {}

#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}
