//! Any bytes as `config.json`: read or refused in one line, never a panic.
#![no_main]
#![allow(dead_code)]

#[path = "../../../src/error.rs"]
mod error;

#[path = "../../../src/checkpoints/folder.rs"]
mod folder;
#[path = "../../../src/json.rs"]
mod json;
#[path = "../../../src/model/config/mod.rs"]
mod config;
#[path = "../../../src/model/family/mod.rs"]
mod family;

// The paths that these know each other by.
mod checkpoints {
    pub(crate) use crate::folder::ModelFolder;

    /// Folders are no part of what is tried here.
    pub(crate) fn check_form(_: &ModelFolder) -> crate::error::Result<()> {
        Ok(())
    }
}
mod model {
    pub(crate) use crate::config;
}

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use config::Config;

fuzz_target!(|bytes: &[u8]| {
    match Config::parse(bytes, Path::new("config.json")) {
        Ok(config) => {
            assert!(!config.layers.is_empty());
            assert!(config.attention.heads % config.attention.key_value_heads == 0);
            assert!(config.ropes.iter().all(|rope| rope.size % 2 == 0 && rope.size <= config.attention.head_size));
            assert!(config.layers.iter().all(|plan| plan.rope.is_none_or(|rope| rope < config.ropes.len())));
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
});
