//! Whether a quantity moves with training (SPEC 5).

use super::correlation::Correlations;

/// How a quantity correlates with the time of training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trend {
    /// With steps.
    pub step: Correlations,
    /// With the logarithm of steps. Step 0 has none and is left out, so that n may be less by one.
    pub log_step: Correlations,
}

impl Trend {
    /// The trend of a quantity over `[step, value]` of checkpoints; steps or tokens, whichever count training. One
    /// that is not known is NaN.
    pub fn of(points: &[[f64; 2]]) -> Self {
        let logarithms: Vec<[f64; 2]> = points.iter().map(|&[step, value]| [step.ln(), value]).collect();
        Self { step: Correlations::of(points), log_step: Correlations::of(&logarithms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_zero_has_no_logarithm() {
        let points = [[0.0, 5.0], [1.0, 1.0], [10.0, 2.0], [100.0, 3.0], [f64::NAN, 9.0], [1000.0, f64::NAN]];
        let trend = Trend::of(&points);
        let [step, log_step] = [trend.step, trend.log_step].map(|of| of.pearson.unwrap());
        assert_eq!((step.n, log_step.n), (4, 3));
        assert!((log_step.value - 1.0).abs() < 1e-15 && step.value < 0.5);
        assert_eq!(trend.log_step.spearman.unwrap().value, 1.0);
    }

    #[test]
    fn without_steps_there_is_no_trend() {
        assert_eq!(Trend::of(&[]), Trend::default());
        assert_eq!(Trend::of(&[[f64::NAN, 1.0], [f64::NAN, 2.0]]), Trend::default());
        assert_eq!(Trend::of(&[[7.0, 1.0]]), Trend::default());
    }
}
