//! Student's t distribution by the one function it needs, the regularised incomplete beta function I_x(a, ½).
//!
//! Logarithms of a gamma function lose digits in proportion to their size, which for 100,000 points costs a p-value
//! its tenth digit. I_x(a, ½) needs only the ratio Γ(a + ½)/Γ(a), and that has a series of its own.

use std::f64::consts::PI;

/// The two-sided p of a correlation with so many degrees of freedom: I_{1 − r²}(degrees/2, ½); `None` without any.
pub fn two_sided(r: f64, degrees: usize) -> Option<f64> {
    let rest = (1.0 - r.abs()) * (1.0 + r.abs());
    (degrees > 0).then(|| regularised(degrees as f64 / 2.0, rest, r * r))
}

/// The t that a share `level` of a t distribution lies within, on both sides of 0; `None` without degrees of freedom
/// and for a level that is not between 0 and 1.
pub fn quantile(level: f64, degrees: usize) -> Option<f64> {
    if degrees == 0 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let freedom = degrees as f64;
    let density = |t: f64| {
        let power = -(freedom + 1.0) / 2.0 * (t * t / freedom).ln_1p();
        (power - ln_beta(freedom / 2.0)).exp() / freedom.sqrt()
    };
    let wanted = 1.0 - level;
    let (mut t, mut beyond) = (0.0, 1.0);
    while outside(beyond, freedom) > wanted {
        (t, beyond) = (beyond, 2.0 * beyond);
    }
    // What lies outside falls ever more slowly, so Newton's steps come closer from below and never pass the root.
    loop {
        let next = t + (outside(t, freedom) - wanted) / (2.0 * density(t));
        if next.is_nan() || next <= t * (1.0 + f64::EPSILON) {
            return Some(t.max(next));
        }
        t = next;
    }
}

/// The share of a t distribution that lies further from 0 than t, on both sides.
fn outside(t: f64, freedom: f64) -> f64 {
    let all = freedom + t * t;
    regularised(freedom / 2.0, freedom / all, t * t / all)
}

/// I_x(a, ½) for x with its complement y = 1 − x, each given as exactly as it is known.
fn regularised(a: f64, x: f64, y: f64) -> f64 {
    const B: f64 = 0.5;
    if x <= 0.0 || y >= 1.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let ln_x = if y < 0.5 { (-y).ln_1p() } else { x.ln() };
    let front = (a * ln_x + B * y.ln() - ln_beta(a)).exp();
    // The fraction converges fast below the mean of the distribution.
    match x < (a + 1.0) / (a + B + 2.0) {
        true => front / fraction(a, B, x, y),
        false => 1.0 - front / fraction(B, a, y, x),
    }
}

/// ln B(a, ½) = ln Γ(½) − ln (Γ(a + ½)/Γ(a)).
fn ln_beta(a: f64) -> f64 {
    /// From here on the series is exact to the last digit.
    const LARGE: f64 = 20.0;
    // Γ(a + ½)/Γ(a) by the ratio one further up.
    let (mut a, mut below) = (a, 1.0);
    while a < LARGE {
        below *= a / (a + 0.5);
        a += 1.0;
    }
    let square = 1.0 / (a * a);
    let series = (-1.0 / 8.0 + square * (1.0 / 192.0 - square * (1.0 / 640.0 - square * 17.0 / 14336.0))) / a;
    0.5 * PI.ln() - (below.ln() + 0.5 * a.ln() + series)
}

/// The continued fraction of Didonato and Morris (1992, equation 9), by which the power of x and y is divided. Its terms
/// stay exact where x is close to 1, as it is with many points.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let part = |n: f64| (a + n) * (a * y - b * x + 1.0 + n * (2.0 - x)) / (a + 2.0 * n + 1.0);
    let mut value = part(0.0);
    let (mut c, mut d) = (value, 0.0);
    // About √a terms are needed.
    for n in (1..1_000_000).map(f64::from) {
        let root = x / (a + 2.0 * n - 1.0);
        let numerator = (a + n - 1.0) * (a + b + n - 1.0) * n * (b - n) * root * root;
        let denominator = n + n * (b - n) * x / (a + 2.0 * n - 1.0) + part(n);
        d = 1.0 / (denominator + numerator * d);
        c = denominator + numerator / c;
        value *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        // One degree of freedom is Cauchy's distribution, two have a root.
        for t in [1e-6, 0.3, 1.0, 7.0, 1e4] {
            let close =
                |found: f64, expected: f64| assert!((found - expected).abs() < 4e-15, "{found} {expected}");
            close(outside(t, 1.0), 1.0 - 2.0 / PI * f64::atan(t));
            close(outside(t, 2.0), 1.0 - t / (2.0 + t * t).sqrt());
        }
        assert_eq!(two_sided(1.0, 7), Some(0.0));
        assert_eq!(two_sided(-1.0, 7), Some(0.0));
        assert_eq!(two_sided(0.0, 7), Some(1.0));
        assert_eq!(two_sided(0.5, 0), None);
    }

    #[test]
    fn a_quantile_leaves_the_rest_outside() {
        for degrees in [1, 2, 3, 7, 30, 1000, 1_000_000] {
            for level in [1e-6, 0.1, 0.5, 0.95, 0.999_999] {
                let t = quantile(level, degrees).unwrap();
                let (rest, wanted) = (outside(t, degrees as f64), 1.0 - level);
                assert!((rest - wanted).abs() < 1e-13 * wanted, "{degrees} {level}: {t} {rest}");
            }
        }
        for (level, degrees) in [(0.0, 3), (1.0, 3), (f64::NAN, 3), (-0.5, 3), (0.95, 0)] {
            assert_eq!(quantile(level, degrees), None, "{level} {degrees}");
        }
    }
}
