//! Any bytes as `config.json`: read or refused in one line, never a panic.
#![no_main]

use std::path::Path;

use infoplane::model::config::Config;
use libfuzzer_sys::fuzz_target;

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
