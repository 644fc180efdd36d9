//! What to do next: a pure function of what is known of each checkpoint.

use super::message::CheckpointId;

/// How far a checkpoint has come under the present request and sample: a view of what the session knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it failed.
    pub failed: bool,
    /// Stages whose scores are at hand.
    pub scored_stages: usize,
    /// The newest request its numbers, or its failure, were emitted for, and how many stages they rest on.
    pub emitted: Option<(u64, usize)>,
    /// The newest request for which its numbers were emitted with null and spread.
    pub emitted_honest: Option<u64>,
}

/// A piece of work on one checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Emit, for the present request, that it failed.
    EmitFailure(CheckpointId),
    /// Derive its measures from scores at hand.
    Measure(CheckpointId),
    /// Measure what tells whether to believe its numbers.
    MeasureHonesty(CheckpointId),
    /// Run the model until this stage (from 0) is scored.
    Score {
        /// The checkpoint.
        id: CheckpointId,
        /// The stage to reach.
        stage: usize,
    },
}

/// The next task for request `generation`, or none when all `checkpoints` have reached all stages.
///
/// Answers that need no model come first, then a first estimate of every checkpoint, then the whole sample
/// for one after the other, then what tells whether to believe them; within each, `focus` before the rest in the order
/// of training.
pub fn next_task(
    generation: u64,
    focus: Option<CheckpointId>,
    checkpoints: &[(CheckpointId, Standing)],
    stages: impl Fn(CheckpointId) -> usize,
) -> Option<Task> {
    let focused = checkpoints.iter().filter(|(id, _)| Some(*id) == focus);
    let others = checkpoints.iter().filter(|(id, _)| Some(*id) != focus);
    let ordered: Vec<(CheckpointId, Standing)> = focused.chain(others).copied().collect();
    let emitted_stages = |standing: Standing| match standing.emitted {
        Some((of, stages)) if of == generation => stages,
        _ => 0,
    };
    let unemitted = |standing: &Standing| standing.emitted.is_none_or(|(of, _)| of != generation);

    let quick = ordered.iter().find_map(|&(id, standing)| {
        if standing.failed {
            unemitted(&standing).then_some(Task::EmitFailure(id))
        } else {
            (standing.scored_stages > emitted_stages(standing)).then_some(Task::Measure(id))
        }
    });
    let score = || {
        let running = || ordered.iter().filter(|(_, standing)| !standing.failed);
        let first = running().find(|(_, standing)| emitted_stages(*standing) == 0);
        let further = || running().find(|(id, standing)| emitted_stages(*standing) < stages(*id));
        let (id, standing) = first.or_else(further)?;
        Some(Task::Score { id: *id, stage: emitted_stages(*standing) })
    };
    let honesty = || {
        let wanting = |(id, standing): &&(CheckpointId, Standing)| {
            // Only scores at hand are asked; the model is not run again for this.
            !standing.failed
                && standing.emitted_honest != Some(generation)
                && standing.scored_stages == stages(*id)
                && emitted_stages(*standing) == stages(*id)
        };
        ordered.iter().find(wanting).map(|(id, _)| Task::MeasureHonesty(*id))
    };
    quick.or_else(score).or_else(honesty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(checkpoint: usize) -> CheckpointId {
        CheckpointId { run: 0, checkpoint }
    }

    /// Carries tasks out until none is left and returns them.
    fn run(
        generation: u64,
        focus: Option<CheckpointId>,
        standings: &mut [(CheckpointId, Standing)],
    ) -> Vec<Task> {
        let mut tasks = Vec::new();
        while let Some(task) = next_task(generation, focus, standings, |_| 2) {
            tasks.push(task);
            let of = |wanted: CheckpointId| standings.iter().position(|(id, _)| *id == wanted).unwrap();
            match task {
                Task::EmitFailure(id) => standings[of(id)].1.emitted = Some((generation, 0)),
                Task::Measure(id) => {
                    let standing = &mut standings[of(id)].1;
                    standing.emitted = Some((generation, standing.scored_stages));
                }
                Task::MeasureHonesty(id) => standings[of(id)].1.emitted_honest = Some(generation),
                Task::Score { id, stage } => standings[of(id)].1.scored_stages = stage + 1,
            }
            assert!(tasks.len() < 100, "{tasks:?}");
        }
        tasks
    }

    #[test]
    fn first_estimates_come_before_refinement_and_the_focus_before_the_rest() {
        let mut standings = [(id(0), Standing::default()), (id(1), Standing::default())];
        let tasks = run(1, Some(id(1)), &mut standings);
        let score = |checkpoint, stage| Task::Score { id: id(checkpoint), stage };
        let measure = |checkpoint| Task::Measure(id(checkpoint));
        let honesty = |checkpoint| Task::MeasureHonesty(id(checkpoint));
        assert_eq!(
            tasks,
            [
                score(1, 0),
                measure(1),
                score(0, 0),
                measure(0),
                score(1, 1),
                measure(1),
                score(0, 1),
                measure(0),
                honesty(1),
                honesty(0)
            ]
        );
    }

    #[test]
    fn a_new_request_reuses_scores() {
        let mut standings = [(id(0), Standing::default()), (id(1), Standing::default())];
        run(1, None, &mut standings);
        let (measure, honesty) = (|n| Task::Measure(id(n)), |n| Task::MeasureHonesty(id(n)));
        assert_eq!(run(2, Some(id(1)), &mut standings), [measure(1), measure(0), honesty(1), honesty(0)]);
        // Scores evicted for memory are made again.
        standings[0].1.scored_stages = 0;
        assert!(run(2, None, &mut standings).is_empty());
        assert!(run(3, None, &mut standings).contains(&Task::Score { id: id(0), stage: 0 }));
    }

    #[test]
    fn failures_are_emitted_once_a_request_and_hold_nothing_up() {
        let failed = Standing { failed: true, ..Standing::default() };
        let mut standings = [(id(0), failed), (id(1), Standing::default())];
        let tasks = run(1, None, &mut standings);
        assert_eq!(tasks[0], Task::EmitFailure(id(0)));
        assert_eq!(tasks.iter().filter(|task| matches!(task, Task::EmitFailure(_))).count(), 1);
        assert_eq!(standings[1].1.emitted, Some((1, 2)));
    }
}
