use super::*;

const BILLION: u64 = 1_000_000_000;

fn step(step: u64) -> StepName {
    StepName { step: Some(step), ..StepName::default() }
}

fn tokens(tokens: u64) -> StepName {
    StepName { tokens: Some(tokens), ..StepName::default() }
}

fn staged(phase: u64, name: StepName) -> StepName {
    StepName { phase: Some(phase), ..name }
}

fn at(number: u64) -> Option<Number> {
    Some(Number { millionths: u128::from(number) * MILLION, unit: 1 })
}

#[test]
fn names_in_use() {
    let both = |step, tokens| StepName { step: Some(step), tokens: Some(tokens), ..StepName::default() };
    for (name, expected) in [
        ("step0", step(0)),
        ("step143000", step(143_000)),
        ("step-240000", step(240_000)),
        ("step_360", step(360)),
        ("Step 7", step(7)),
        ("steps10", step(10)),
        ("100-steps", step(100)),
        ("100ksteps", step(100_000)),
        ("checkpoint-500", step(500)),
        ("checkpoint-500-final", step(500)),
        ("ckpt_010", step(10)),
        ("chkpt.3", step(3)),
        ("iter_0001000", step(1000)),
        ("iter_0001000_hf", step(1000)),
        ("global_step1000", step(1000)),
        ("checkpoint-step-1000", step(1000)),
        ("model_step_100", step(100)),
        ("step0-unsharded", step(0)),
        ("1000", step(1000)),
        ("model_1000", step(1000)),
        ("-7", step(7)),
        ("0001000", step(1000)),
        ("ep0-ba1000", StepName { epoch: at(0), ..step(1000) }),
        ("epoch=1-step=500", StepName { epoch: at(1), ..step(500) }),
        ("epoch-3", StepName { epoch: at(3), ..StepName::default() }),
        ("checkpoint-epoch-3", StepName { epoch: at(3), ..StepName::default() }),
        ("checkpoint_pct010", StepName { percent: at(10), ..StepName::default() }),
        ("10pct", StepName { percent: at(10), ..StepName::default() }),
        ("step-720k-token-1510B", both(720_000, 1510 * BILLION)),
        ("step250-tokens0B", both(250, 0)),
        ("step5-tokens1.5B", both(5, 3 * BILLION / 2)),
        ("100-steps-10B-tokens", both(100, 10 * BILLION)),
        ("step1-tokens1M", both(1, 1_000_000)),
        ("step1-tokens2048", both(1, 2048)),
        ("tokens-10B", tokens(10 * BILLION)),
        ("10B-tokens", tokens(10 * BILLION)),
        ("10Btokens", tokens(10 * BILLION)),
        ("2T_tokens", tokens(2000 * BILLION)),
        ("chck_1M", tokens(1_000_000)),
        ("chck_1000M", tokens(BILLION)),
        ("ckpt-5k", step(5000)),
        ("stage1", staged(1, StepName::default())),
        ("stage1step1", staged(1, step(1))),
        ("stage1-step-40000", staged(1, step(40_000))),
        ("stage1-step150-tokens1B", staged(1, both(150, BILLION))),
        ("stage1/step150-tokens1B", staged(1, both(150, BILLION))),
        (
            "stage2-ingredient1-step11931-tokens50B",
            StepName { ingredient: Some(1), ..staged(2, both(11_931, 50 * BILLION)) },
        ),
    ] {
        assert_eq!(StepName::parse(name), Some(expected), "{name}");
    }
}

#[test]
fn what_is_no_time_is_the_series() {
    for (name, series, expected) in [
        ("pythia-70m-step1000", "pythia-70m", step(1000)),
        ("OLMo-1B-step5-tokens2B-hf", "OLMo-1B", StepName { tokens: Some(2 * BILLION), ..step(5) }),
        ("2024-05-01-step100", "2024-05-01", step(100)),
        ("seed1-step100", "seed1", step(100)),
        ("step100_seed1", "seed1", step(100)),
        ("a-step100-b", "a-b", step(100)),
        ("a_b-step100", "a_b", step(100)),
        ("7-step100", "7", step(100)),
        ("ckpt_10_of_20", "of_20", step(10)),
        ("lc-4k-to-32k-step-9", "lc-4k-to-32k", step(9)),
        ("olmo-stage2", "olmo", staged(2, StepName::default())),
    ] {
        let expected = StepName { series: series.to_owned(), ..expected };
        assert_eq!(StepName::parse(name), Some(expected), "{name}");
    }
}

#[test]
fn other_names() {
    for name in [
        "",
        "main",
        "step",
        "step-",
        "step--1",
        "step1.5",
        "xstep1",
        "step-final",
        "7b",
        "10M",
        "llama-7b",
        "step1-step2",
        "checkpoint_3_1500",
        "step1000-20240501",
        "1-2",
        "ingredient1",
        "step99999999999999999999",
        "step1-tokens99999999999B",
        "step999999999999999999999999999999999999999999999999",
        "step١",
        "step²",
        "🙂",
        "0123456789abcdef0123456789abcdefdddba100",
    ] {
        assert_eq!(StepName::parse(name), None, "{name}");
    }
    assert_eq!(StepName::parse(&"step1".repeat(1000)), None);
    assert_eq!(StepName::parse(&"-".repeat(4096)), None);
    assert_eq!(StepName::parse(&"9".repeat(4096)), None);
}

#[test]
fn names_of_the_end() {
    for (name, series) in
        [("main", ""), ("final", ""), ("amber-final", "amber"), ("amber", "amber"), ("best_model", "")]
    {
        assert!(says_the_end(name, series), "{name}");
    }
    for (name, series) in [("other", ""), ("amber-2", "amber"), ("final-7b", "")] {
        assert!(!says_the_end(name, series), "{name}");
    }
}

#[test]
fn siblings_that_differ_only_in_numbers_have_one_shape() {
    let shape = |name| numbered(name).map(|(shape, _)| shape);
    assert_eq!(shape("save_0a.01"), Some("save_#a.#".to_owned()));
    assert_eq!(shape("100M"), shape("1B"));
    assert_ne!(shape("a1"), shape("b1"));
    for name in ["main", "", "seed1", "run_2", "llama-v2"] {
        assert_eq!(shape(name), None, "{name}");
    }
    let mut names = ["10M", "9M", "1.5B", "1B", "100M", "2"];
    names.sort_by_key(|name| numbered(name).unwrap().1);
    assert_eq!(names, ["2", "9M", "10M", "100M", "1B", "1.5B"]);
}
