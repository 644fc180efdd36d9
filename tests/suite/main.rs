//! Everything that needs a device, a file or the program itself, in one binary so that it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod devices;
mod docs;
mod driver;
mod engine;
mod estimator;
mod failures;
mod frontier;
mod hostile;
mod kernels;
mod labels;
mod looks;
mod models;
mod pdf;
mod questions;
mod runs;
mod saved;
mod shaders;
mod store;
mod support;
mod tables;
mod text_formats;
mod torch_file;
mod torch_hostile;
mod tree;
mod weight_files;
