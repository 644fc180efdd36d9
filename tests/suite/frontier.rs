//! The frontier of a real text: the demo's books in the demo's tokens.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use infoplane::frontier::{Options, Report, counted};
use infoplane::labels::Labels;
use infoplane::labels::joint::{self, Joint};
use infoplane::measures::Order;
use infoplane::settings::Settings;
use infoplane::tokens::Tokens;

use super::support::asset;

#[test]
fn the_books_have_a_curve_at_least_as_high_as_was_ever_found() {
    // Whole documents, every pair of tokens within one.
    let settings = Settings { samples: usize::MAX, context: 1 << 24, max_order: 1, ..Settings::default() };
    let (tokenizer, books) = (asset("demo/gutenberg-1m/tokenizer.json"), asset("demo/books-sample.jsonl"));
    let tokens = Tokens::from_text(&tokenizer, &books, &settings, &mut || false).unwrap();
    let labels = Labels::new(&tokens.documents, 1);
    let Joint { all, halves } = joint::joint(&labels, Order::Token, 1).unwrap();
    assert_eq!((labels.positions(), all.len()), (331_655, 85_043));
    let (joint, bracket) = counted(all, &halves).unwrap();
    let (options, stop) = (Options::default(), AtomicBool::new(false));
    let mut shares = Vec::new();
    let mut watch = |report: &Report| {
        shares.extend(report.progress.map(|progress| progress.share));
        ControlFlow::Continue(())
    };
    let report = Report::of(&joint, bracket, &options, None, &stop, &mut watch).unwrap();
    assert!(shares.is_sorted() && shares.len() > 20 && report.progress.is_none());
    // By another program, with as many clusters as there are tokens: 0.681 and 1.172.
    for (complexity, least) in [(1.0, 0.677), (2.0, 1.167)] {
        let found = report.frontier.at(complexity);
        println!("I(X;Z) = {complexity}: {found:.4} found, {:.4} excluded", report.outer_at(complexity));
        assert!(found >= least, "{complexity}: {found}");
    }
    assert!((report.frontier.information - 2.5435).abs() < 1e-4);
    for step in 0..200 {
        let complexity = f64::from(step) / 200.0 * report.frontier.entropy_merged;
        assert!(report.frontier.at(complexity) <= report.outer_at(complexity) + 1e-9, "{complexity}");
    }
    // Between the line and the curve the band is narrow: two draws that know of each other exclude most of it.
    assert!(report.outer_at(1.0) < 0.83 && report.outer_at(2.0) < 1.33);
    let bracket = report.bracket.unwrap();
    assert!(bracket.held_out < bracket.plug_in && (bracket.plug_in - 2.5435).abs() < 1e-4);
}
