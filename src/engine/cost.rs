//! What a failure costs: a pure function of what failed and of how the device does.

use crate::error::Kind;

/// How the device does after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is the CPU.
    Cpu,
    /// It is a GPU that still takes work and gives results.
    Answers,
    /// It is a GPU that does not.
    Lost,
}

/// What a failure costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing: the work was interrupted.
    Nothing,
    /// The checkpoint's place in the GPU's memory: its scores go elsewhere, and it is tried again.
    Place,
    /// The checkpoint. The others go on, on the same device.
    Checkpoint,
    /// The GPU. All that are not measured yet go on with the CPU.
    Device,
}

/// What a failure of this kind costs. `elsewhere`: the checkpoint's scores lie outside the GPU's memory already.
pub fn cost(kind: Kind, health: Health, elsewhere: bool) -> Cost {
    match (kind, health) {
        (Kind::Cancelled, _) => Cost::Nothing,
        (_, Health::Cpu) => Cost::Checkpoint,
        // Whatever it was that failed, a GPU that is lost was behind it.
        (Kind::Device, _) | (_, Health::Lost) => Cost::Device,
        (Kind::DeviceMemory, Health::Answers) if !elsewhere => Cost::Place,
        (_, Health::Answers) => Cost::Checkpoint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_device_costs_the_device() {
        use Health::{Answers, Cpu, Lost};
        let table = [
            (Kind::Cancelled, [Cost::Nothing; 3]),
            (Kind::Weights, [Cost::Checkpoint, Cost::Checkpoint, Cost::Device]),
            (Kind::Sample, [Cost::Checkpoint, Cost::Checkpoint, Cost::Device]),
            (Kind::Full, [Cost::Checkpoint, Cost::Checkpoint, Cost::Device]),
            // Main memory is no fault of the GPU's.
            (Kind::Memory, [Cost::Checkpoint, Cost::Checkpoint, Cost::Device]),
            // An index out of bounds on one odd checkpoint.
            (Kind::Bug, [Cost::Checkpoint, Cost::Checkpoint, Cost::Device]),
            (Kind::DeviceMemory, [Cost::Checkpoint, Cost::Place, Cost::Device]),
            (Kind::Device, [Cost::Checkpoint, Cost::Device, Cost::Device]),
        ];
        for (kind, expected) in table {
            assert_eq!([Cpu, Answers, Lost].map(|health| cost(kind, health, false)), expected, "{kind:?}");
        }
        // Once the scores lie elsewhere there is no other place to try.
        assert_eq!(cost(Kind::DeviceMemory, Answers, true), Cost::Checkpoint);
    }
}
