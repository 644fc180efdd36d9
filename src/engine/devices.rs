//! The compute devices that are open.

use std::collections::HashSet;

use super::inbox::{Gone, Outbox};
use super::message::Event;
use super::open_device::OpenDevice;
use crate::settings::Backend;

/// A device for each choice of backend that was met, opened when it is first needed.
pub struct Devices {
    open: Vec<OpenDevice>,
    /// Bytes that weights and activations may take, where the user says.
    memory: Option<usize>,
    /// The device that was emitted last.
    emitted: Option<String>,
    /// Warnings that were emitted of GPUs that could not be opened.
    missed: HashSet<String>,
}

impl Devices {
    /// None open; models may take so much memory on them, where that is said.
    pub fn new(memory: Option<usize>) -> Self {
        Self { open: Vec::new(), memory, emitted: None, missed: HashSet::new() }
    }

    /// The device that a choice stands for, to be given back by [`Devices::give_back`].
    ///
    /// # Errors
    /// Nobody listens any more.
    pub fn take(&mut self, backend: Backend, outbox: &Outbox<'_>) -> Result<OpenDevice, Gone> {
        let known = self.open.iter().position(|device| device.backend == backend);
        let device = match known {
            Some(index) => self.open.swap_remove(index),
            None => {
                let device = OpenDevice::new(backend, self.memory);
                if let Some(warning) = &device.missed
                    && self.missed.insert(warning.clone())
                {
                    outbox.emit(Event::Warning(warning.clone()))?;
                }
                device
            }
        };
        let name = device.compute.name();
        if self.emitted.as_ref() != Some(&name) {
            self.emitted = Some(name.clone());
            outbox.emit(Event::Device { name })?;
        }
        Ok(device)
    }

    /// Keeps a device for the next task.
    pub fn give_back(&mut self, device: OpenDevice) {
        self.open.push(device);
    }

    /// Whether anything is computed on a GPU.
    pub fn any_gpu(&self) -> bool {
        self.open.iter().any(OpenDevice::is_gpu)
    }

    /// Lets a GPU that could not be opened, or was lost, be tried again when it is next needed: that of one choice, or of
    /// all. Returns the choices that stand for such.
    pub fn try_again(&mut self, backend: Option<Backend>) -> Vec<Backend> {
        let mut missed = Vec::new();
        self.open.retain(|device| {
            let again = device.missed.is_some() && backend.is_none_or(|backend| backend == device.backend);
            missed.extend(again.then_some(device.backend));
            !again
        });
        missed
    }
}
