//! The temperature ε of the soft binning, calibrated per number of points n and hidden size h (SPEC 2.6).
//!
//! One von Mises-Fisher kernel of concentration κ = 1/ε shall be ln n nats from uniform:
//! KL(vMF(ε) ‖ U) = ln n. The divergence falls with ε, so every preset is a root or a threshold.

use crate::error::{Error, Kind, Result};
use crate::settings::Temperature;

/// The temperature ε for `points` reference points in hidden size `width`.
///
/// # Errors
/// Fewer than 2 points or 3 dimensions, for which the calibration is not defined, unless ε is fixed.
pub fn temperature(choice: Temperature, points: usize, width: usize) -> Result<f64> {
    if let Temperature::Fixed(epsilon) = choice {
        return Ok(epsilon);
    }
    if points < 2 {
        let cause = format!("the temperature is not defined for {points} reference point(s)");
        return Err(Error::new(Kind::Usage, cause).help("use 2 or more"));
    }
    if width < 3 {
        let cause = format!("the temperature cannot be calibrated for hidden size {width}");
        return Err(Error::new(Kind::Usage, cause).help("give --temperature a number"));
    }
    let target = (points as f64).ln();
    let bound = |epsilon: f64| lower_bound(epsilon, width) - target;
    match choice {
        Temperature::Root => root(bound),
        Temperature::Exact => root(|epsilon| divergence(epsilon, width) - target),
        Temperature::Leading => Some((2.0 * width as f64 * target).sqrt().recip()),
        Temperature::Grid => grid().find(|&epsilon| bound(epsilon) <= 0.0),
        Temperature::Fixed(epsilon) => Some(epsilon),
    }
    .ok_or_else(|| {
        let cause = format!("no {choice} temperature for {points} reference points in hidden size {width}");
        Error::new(Kind::Usage, cause).help("use fewer points or give --temperature a number")
    })
}

/// Ψ⁻(ε): the lower Amos bound on KL(vMF(ε) ‖ U) in nats.
///
/// Equal to G(h/2, h/2, κ)κ − Φ⁺(ε), rearranged so that nothing large cancels: with a = h/2,
/// G(a, a, κ)κ = √(κ²+a²) − a, and the two roots' difference is (a²−ν²) over their sum.
fn lower_bound(epsilon: f64, width: usize) -> f64 {
    let kappa = epsilon.recip();
    let half = width as f64 / 2.0;
    let nu = half - 1.0;
    let (wide, narrow) = (kappa.hypot(half), kappa.hypot(nu));
    (half + nu) / (wide + narrow) - 1.0 + nu * ((nu + narrow) / (2.0 * nu)).ln()
}

/// KL(vMF(ε) ‖ U) itself, in nats.
///
/// With F(κ) = ₀F₁(; h/2; κ²/4), which is the Bessel function I_ν less its leading factor, the divergence
/// is κ F′(κ)/F(κ) − ln F(κ). All terms of the series are positive, so summing them loses nothing; the
/// largest stands near k = κ/2 and the partial sums are rescaled before they overflow.
fn divergence(epsilon: f64, width: usize) -> f64 {
    let kappa = epsilon.recip();
    let half = width as f64 / 2.0;
    let quarter = kappa * kappa / 4.0;
    let (mut term, mut sum, mut weighted, mut log_scale) = (1.0f64, 1.0f64, 0.0f64, 0.0f64);
    for k in 1u64.. {
        let k = k as f64;
        term *= quarter / (k * (half + k - 1.0));
        sum += term;
        weighted += 2.0 * k * term;
        if sum > 1e280 {
            log_scale += sum.ln();
            (term, weighted, sum) = (term / sum, weighted / sum, 1.0);
        }
        if term * k < 1e-18 * sum && k * (half + k) > quarter {
            break;
        }
    }
    weighted / sum - (sum.ln() + log_scale)
}

/// The root of a falling function on [1e-5, 1], or below where the range does not reach.
fn root(function: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (1e-5, 1.0);
    while function(low) < 0.0 {
        low /= 10.0;
        if low < 1e-9 {
            return None;
        }
    }
    if function(high) > 0.0 {
        return None;
    }
    // Bisection in ln ε: 60 halvings of at most 21 nats end at the spacing of f64.
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if function(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some((low * high).sqrt())
}

/// 100 geometrically spaced values from 1e-5 to 1.
fn grid() -> impl Iterator<Item = f64> {
    (0..100).map(|step| 10f64.powf(-5.0 + 5.0 * f64::from(step) / 99.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_of_the_literature() {
        // SPEC 2.6: root, grid and leading at n = 100.
        for (width, expected) in
            [(576, [0.013541, 0.015199, 0.013729]), (4096, [0.005139, 0.005337, 0.005149])]
        {
            for (choice, value) in
                [Temperature::Root, Temperature::Grid, Temperature::Leading].iter().zip(expected)
            {
                let epsilon = temperature(*choice, 100, width).unwrap();
                assert!((epsilon - value).abs() < 5.1e-7, "{choice} {width}: {epsilon}");
            }
        }
    }

    #[test]
    fn bessel_functions_do_not_overflow() {
        // Where the bound is tight the exact value must agree with it.
        let (exact, bound) = (divergence(0.005, 4096), lower_bound(0.005, 4096));
        assert!(exact > bound && exact - bound < 1e-2 * exact, "{exact} {bound}");
        assert!(temperature(Temperature::Exact, 100, 8192).is_ok());
    }

    #[test]
    fn what_is_not_defined_is_an_error() {
        assert!(temperature(Temperature::Root, 1, 64).is_err());
        assert!(temperature(Temperature::Root, 100, 2).is_err());
        assert_eq!(temperature(Temperature::Fixed(0.5), 1, 2), Ok(0.5));
    }
}
