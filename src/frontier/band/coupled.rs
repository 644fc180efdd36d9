//! stub
use super::super::joint::Joint;
use super::Draw;
use crate::error::Result;
use std::sync::atomic::AtomicBool;
/// stub
pub fn draws(_joint: &Joint, _stop: &AtomicBool) -> Result<Vec<Draw>> {
    Ok(Vec::new())
}
