//! Pairs that are looked at: what is shown of them while others are read, and which are asked of.

use super::tests::*;
use super::*;
use crate::engine::{Event, Look, Seen, Sight};
use crate::pairs::{OfPairs, ReadPair, ReadSide};

fn read(number: usize) -> ReadPair {
    let sides = [ReadSide::default(), ReadSide::default()];
    let sample = Some(OfPairs { pairs: 3, skipped: None });
    ReadPair { number, place: format!("line {number}"), template: None, sides, sample }
}

/// Looks at a pair, and takes in what is seen of it.
fn look_at(state: &mut State, number: usize) {
    state.look_at(vec![Glance::Pair(number)]);
    let Some(Command::Look(looks)) = state.looked() else { panic!("it is looked at") };
    let look: Look = looks[0].clone();
    assert_eq!(look.sight, Sight::Pair(number));
    state.apply(Event::Seen { look, seen: Ok(Seen::Pair(Arc::new(read(number)))) });
}

/// The number of the pair that is shown; `None` where none is.
fn shown(state: &State, number: usize) -> Option<usize> {
    match state.pair(number) {
        PairSeen::Read(pair) => Some(pair.number),
        _ => None,
    }
}

#[test]
fn the_pair_before_stays_until_the_next_is_read_and_no_longer_than_it_is_of_what_is_asked() {
    let mut state = open(&[2]);
    assert!(matches!(state.pair(0), PairSeen::NoPairs));
    state.update(UiCommand::ChoosePairs("p.jsonl".into()));
    state.look_at(vec![Glance::Pair(0)]);
    assert!(matches!(state.pair(0), PairSeen::Reading));
    look_at(&mut state, 0);
    assert_eq!(shown(&state, 0), Some(0));
    state.look_at(vec![Glance::Pair(1)]);
    assert_eq!(shown(&state, 1), Some(0), "until the next is there");
    look_at(&mut state, 1);
    assert_eq!((shown(&state, 1), shown(&state, 0)), (Some(1), Some(1)));
    // The temperature is nothing to a pair, the context is.
    let settings = state.settings().clone();
    state.update(UiCommand::Settings(Settings { temperature_factor: 2.0, ..settings.clone() }));
    assert_eq!(shown(&state, 1), Some(1));
    state.update(UiCommand::Settings(Settings { context: 7, ..settings }));
    assert!(matches!(state.pair(1), PairSeen::Reading));
}

#[test]
fn pairs_stand_beside_a_text_or_alone() {
    let pairs = |state: &State| state.settings().pairs.clone();
    let text = |state: &State| state.asked().text().map(|text| (text.noun(), text.path().to_owned()));
    let mut state = State::new(Settings::default(), None);
    state.update(UiCommand::ChoosePairs("p.jsonl".into()));
    assert_eq!((text(&state), pairs(&state)), (Some(("pairs", "p.jsonl".into())), String::new()));
    // Typed in place of those that are measured alone.
    state.update(UiCommand::Settings(Settings { pairs: "q.jsonl".to_owned(), ..state.settings().clone() }));
    assert_eq!((text(&state), pairs(&state)), (Some(("pairs", "q.jsonl".into())), String::new()));
    state.update(UiCommand::ChooseText(TextSource::Corpus("c.txt".into())));
    assert_eq!((text(&state), pairs(&state)), (Some(("corpus", "c.txt".into())), "q.jsonl".to_owned()));
    state.update(UiCommand::ChoosePairs("p.jsonl".into()));
    assert_eq!((text(&state), pairs(&state)), (Some(("corpus", "c.txt".into())), "p.jsonl".to_owned()));
}
