//! The window of the desktop, opened and run.

use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, vec2};

use super::{App, Start};
use crate::engine::{Command, Event};
use crate::error::{Error, Kind, Result};

/// Whether the window is one of Wayland, which winit prefers and on which it delivers no dropped files.
fn on_wayland() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "linux") && (is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET"))
}

/// Opens the window and stays until it is closed.
///
/// `spawn` starts the worker: it gets the window's context, to ask for a frame whenever the worker has said
/// something, and returns where commands go and events come from.
///
/// # Errors
/// Where there is no display, or nothing that could draw on it.
pub fn run(
    start: Start,
    spawn: impl FnOnce(egui::Context) -> Result<(Sender<Command>, Receiver<Event>)>,
) -> Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("infoplane")
        .with_app_id("infoplane")
        .with_inner_size(vec2(1280.0, 800.0))
        .with_min_inner_size(vec2(860.0, 560.0));
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        ..eframe::NativeOptions::default()
    };
    let create = |cc: &eframe::CreationContext<'_>| {
        let (commands, events) = spawn(cc.egui_ctx.clone())?;
        let app = App::new(&cc.egui_ctx, commands, events, start);
        let app = match dirs::config_dir() {
            Some(folder) => app.with_layout(folder.join("infoplane").join("layout.json")),
            None => app,
        };
        let app: Box<dyn eframe::App> = Box::new(if on_wayland() { app.without_drops() } else { app });
        Ok(app)
    };
    eframe::run_native("infoplane", options, Box::new(create)).map_err(|error| {
        let headless = std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none();
        if headless && cfg!(target_os = "linux") {
            Error::new(Kind::Device, "there is no display to open a window on")
                .help("use `infoplane measure` instead, or set DISPLAY or WAYLAND_DISPLAY")
        } else {
            Error::new(Kind::Device, format!("the window could not be opened: {error}"))
                .help("check that a Vulkan or OpenGL driver is installed, or use `infoplane measure`")
        }
    })
}
