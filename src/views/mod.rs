//! Views: pure functions of results. The window and the exported figures draw the same view.

pub mod convergence;
pub mod marks;
pub mod plane;
