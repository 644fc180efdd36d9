//! The order of work, want by want.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::*;
use crate::checkpoints::RunKey;

/// The first of two conditions.
fn pair(checkpoint: usize) -> Pair {
    under(0, checkpoint)
}

fn under(condition: usize, checkpoint: usize) -> Pair {
    Pair { condition, checkpoint: CheckpointKey::new(RunKey::new("run"), &checkpoint.to_string()) }
}

/// Of a sample of two stages, of which nothing is known yet.
const UNKNOWN: Standing = Standing {
    emitted: Emitted { failed: false, stages: 2, answered: 0, null: false, honest: false },
    encoded: false,
    looked_up: false,
    at_hand: 0,
    further: Further::Missing,
    climbs: false,
};
/// The same, looked up in vain.
const BEGUN: Standing = Standing { encoded: true, looked_up: true, ..UNKNOWN };
const SCORED: Standing = Standing { at_hand: 2, further: Further::Kept, ..BEGUN };
const ANSWERED: Standing = answered(2, SCORED);
const WITH_NULL: Standing = Standing { emitted: Emitted { null: true, ..ANSWERED.emitted }, ..ANSWERED };
const HONEST: Standing = Standing { emitted: Emitted { honest: true, ..WITH_NULL.emitted }, ..WITH_NULL };
const FAILED: Standing = Standing { emitted: Emitted { failed: true, ..BEGUN.emitted }, ..BEGUN };

/// With numbers on so many stages.
const fn answered(answered: usize, standing: Standing) -> Standing {
    Standing { emitted: Emitted { answered, ..standing.emitted }, ..standing }
}

/// Every quality of these checkpoints, previews before the rest, as a window wants them.
fn window(of: &[Pair]) -> Vec<(Pair, Quality)> {
    let qualities = [Quality::Preview, Quality::Complete, Quality::Honest];
    qualities.into_iter().flat_map(|quality| of.iter().map(move |of| (*of, quality))).collect()
}

fn next(wants: &[(Pair, Quality)], standings: &[(Pair, Standing)]) -> Option<Task> {
    next_beside(wants, standings, None)
}

fn next_beside(
    wants: &[(Pair, Quality)],
    standings: &[(Pair, Standing)],
    at_work: Option<(Pair, usize)>,
) -> Option<Task> {
    let standing = |of: Pair| {
        let found = standings.iter().find(|(other, _)| *other == of);
        found.map_or(BEGUN, |(_, standing)| *standing)
    };
    next_task(wants, standing, |of, stage| at_work == Some((of, stage)))
}

/// Carries tasks out until none is left and returns them.
fn run(wants: &[(Pair, Quality)], known: &mut HashMap<Pair, Standing>) -> Vec<Task> {
    let mut tasks = Vec::new();
    let known = RefCell::new(known);
    let encoded = Cell::new(false);
    let standing = |of: Pair| {
        let known = known.borrow().get(&of).copied().unwrap_or(UNKNOWN);
        Standing { encoded: encoded.get(), ..known }
    };
    while let Some(task) = next_task(wants, standing, |_, _| false) {
        tasks.push(task);
        let mut after = standing(task.of());
        match task {
            Task::LookUp(_) => {
                after.looked_up = true;
                // Of one tokenizer.
                encoded.set(true);
            }
            Task::Measure { stage, .. } => after.emitted.answered = stage + 1,
            Task::MeasureNull(_) => after.emitted.null = true,
            // The seeds that are there for it alone are gone then.
            Task::MeasureSpread(_) => (after.emitted.honest, after.further) = (true, Further::Missing),
            Task::Score { stage, .. } => {
                after.at_hand = after.at_hand.max(stage + 1);
                let is_last = stage + 1 == after.emitted.stages;
                after.further = if is_last { Further::Passing } else { Further::Missing };
            }
        }
        known.borrow_mut().insert(task.of(), after);
        assert!(tasks.len() < 100, "{tasks:?}");
    }
    tasks
}

#[test]
fn previews_come_first_and_what_tells_whether_to_believe_numbers_last() {
    let score = |checkpoint, stage| Task::Score { of: pair(checkpoint), stage };
    let measure = |checkpoint, stage| Task::Measure { of: pair(checkpoint), stage };
    let tasks = run(&window(&[pair(1), pair(0)]), &mut HashMap::new());
    assert_eq!(
        tasks,
        [
            Task::LookUp(pair(1)),
            Task::LookUp(pair(0)),
            score(1, 0),
            measure(1, 0),
            score(0, 0),
            measure(0, 0),
            score(1, 1),
            measure(1, 1),
            // At once: the scores for the spread are not kept.
            Task::MeasureNull(pair(1)),
            Task::MeasureSpread(pair(1)),
            score(0, 1),
            measure(0, 1),
            Task::MeasureNull(pair(0)),
            Task::MeasureSpread(pair(0)),
        ]
    );
}

#[test]
fn without_a_window_one_checkpoint_is_done_after_the_other() {
    let wants = [0, 1].map(|checkpoint| (pair(checkpoint), Quality::Honest));
    let tasks = run(&wants, &mut HashMap::new());
    let of: Vec<Pair> = tasks.iter().map(|task| task.of()).collect();
    let (first, second) = (pair(0), pair(1));
    assert_eq!(of, [vec![first, second], vec![first; 6], vec![second; 6]].concat());
}

#[test]
fn another_condition_is_answered_by_the_same_scores() {
    let mut known: HashMap<Pair, Standing> =
        [0, 1].map(|checkpoint| (under(1, checkpoint), SCORED)).into_iter().collect();
    let tasks = run(&window(&[under(1, 1), under(1, 0)]), &mut known);
    let measure = |of| Task::Measure { of, stage: 1 };
    let (null, spread) = (Task::MeasureNull, Task::MeasureSpread);
    let [first, second] = [under(1, 1), under(1, 0)];
    let numbers = [measure(first), measure(second), null(first), null(second)];
    assert_eq!(tasks, [&numbers[..], &[spread(first), spread(second)]].concat());
    // Without the further seeds the model makes them again, last of all.
    let without = Standing { further: Further::Missing, ..SCORED };
    let mut known: HashMap<Pair, Standing> = [first, second].map(|of| (of, without)).into_iter().collect();
    let tasks = run(&window(&[first, second]), &mut known);
    let score = |of| Task::Score { of, stage: 1 };
    let last = [score(first), spread(first), score(second), spread(second)];
    assert_eq!(tasks, [&numbers[..], &last].concat());
}

#[test]
fn every_situation_has_its_next_task() {
    let [a, b] = [pair(0), pair(1)];
    let preview = [(a, Quality::Preview)];
    let complete = [(a, Quality::Complete)];
    let honest = [(a, Quality::Honest)];
    let score = |of, stage| Some(Task::Score { of, stage });
    let measure = |of, stage| Some(Task::Measure { of, stage });
    let spread = Task::MeasureSpread;
    let part = Standing { at_hand: 1, ..BEGUN };
    let previewed = answered(1, part);
    let both = [(a, Quality::Complete), (b, Quality::Complete)];
    for (what, wants, standings, task) in [
        ("nothing wanted", &[][..], &[(a, BEGUN)][..], None),
        ("looked up before any model is run", &complete, &[(a, UNKNOWN)], Some(Task::LookUp(a))),
        (
            "scores at hand come before what is stored: a slider moves on faster than both are done",
            &complete,
            &[(a, Standing { looked_up: false, ..SCORED })],
            measure(a, 1),
        ),
        (
            "which may have null and spread",
            &honest,
            &[(a, Standing { looked_up: false, ..ANSWERED })],
            Some(Task::LookUp(a)),
        ),
        ("a preview that is there", &preview, &[(a, previewed)], None),
        ("more scores than a preview needs", &preview, &[(a, SCORED)], measure(a, 1)),
        ("a part is shown while more is scored", &complete, &[(a, part)], measure(a, 0)),
        ("the next part", &complete, &[(a, previewed)], score(a, 1)),
        ("numbers without null and spread", &complete, &[(a, ANSWERED)], None),
        ("with the null", &honest, &[(a, ANSWERED)], Some(Task::MeasureNull(a))),
        ("with both", &honest, &[(a, WITH_NULL)], Some(Task::MeasureSpread(a))),
        ("all there is", &honest, &[(a, HONEST)], None),
        ("evicted scores", &honest, &[(a, Standing { at_hand: 0, ..ANSWERED })], score(a, 1)),
        ("evicted after the null", &honest, &[(a, Standing { at_hand: 0, ..WITH_NULL })], Some(spread(a))),
        ("too few seeds", &honest, &[(a, Standing { further: Further::Missing, ..WITH_NULL })], score(a, 1)),
        (
            "evicted before the second part",
            &complete,
            &[(a, Standing { at_hand: 0, ..previewed })],
            score(a, 1),
        ),
        (
            "the first part of the next condition, whatever is at hand, where the last is not known",
            &complete,
            &[(a, Standing { climbs: true, ..SCORED })],
            measure(a, 0),
        ),
        ("a failure holds nothing up", &both, &[(a, FAILED), (b, BEGUN)], score(b, 0)),
        ("what needs no model before what does", &both, &[(a, BEGUN), (b, SCORED)], measure(b, 1)),
        (
            "a look into the store too",
            &both,
            &[(a, BEGUN), (b, Standing { encoded: true, ..UNKNOWN })],
            Some(Task::LookUp(b)),
        ),
        ("which for another tokenizer waits its turn", &both, &[(a, BEGUN), (b, UNKNOWN)], score(a, 0)),
        (
            "the null too",
            &[(a, Quality::Complete), (b, Quality::Honest)],
            &[(a, BEGUN), (b, ANSWERED)],
            Some(Task::MeasureNull(b)),
        ),
        (
            "but not the spread",
            &[(a, Quality::Complete), (b, Quality::Honest)],
            &[(a, BEGUN), (b, WITH_NULL)],
            score(a, 0),
        ),
        (
            "unless its scores would be dropped",
            &[(a, Quality::Complete), (b, Quality::Honest)],
            &[(a, BEGUN), (b, Standing { further: Further::Passing, ..WITH_NULL })],
            Some(spread(b)),
        ),
        (
            "or it was asked for first",
            &[(b, Quality::Honest), (a, Quality::Complete)],
            &[(a, BEGUN), (b, WITH_NULL)],
            Some(spread(b)),
        ),
    ] {
        assert_eq!(next(wants, standings), task, "{what}");
    }
}

#[test]
fn a_model_at_work_comes_to_the_end_of_its_stage() {
    let [a, b] = [pair(0), pair(1)];
    let wants = window(&[a, b]);
    let score = |of, stage| Some(Task::Score { of, stage });
    let previewed = answered(1, Standing { at_hand: 1, ..BEGUN });
    let at_work =
        |standings: &[(Pair, Standing)], of, stage| next_beside(&wants, standings, Some((of, stage)));
    assert_eq!(at_work(&[], b, 0), score(b, 0));
    // It may be further than others, which are more urgent.
    assert_eq!(at_work(&[(b, previewed)], b, 1), score(b, 1));
    // What needs no model does not wait for it.
    assert_eq!(at_work(&[(a, SCORED)], b, 0), Some(Task::Measure { of: a, stage: 1 }));
    // Nobody wants its stage any more.
    assert_eq!(next_beside(&window(&[a]), &[], Some((b, 0))), score(a, 0));
    assert_eq!(at_work(&[(b, WITH_NULL)], b, 1), score(a, 0));
    // For the spread alone: numbers come first, another spread does not.
    let alone = Standing { further: Further::Missing, ..WITH_NULL };
    assert_eq!(at_work(&[(b, alone)], b, 1), score(a, 0));
    assert_eq!(at_work(&[(a, alone), (b, alone)], b, 1), score(b, 1));
    assert_eq!(at_work(&[(b, FAILED)], b, 0), score(a, 0));
}
