//! Reference points: uniform on the unit sphere, the same as NumPy's for the same seed (SPEC 2.1).
//!
//! The estimator's published numbers come from `numpy.random.default_rng(seed).standard_normal((n, h))`
//! with every row divided by its norm. To be equal seed for seed, this file reproduces NumPy's stream:
//! a seed sequence spreads the seed over the generator's state, PCG64 (XSL-RR, 128 bits of state) gives
//! 64-bit words, and a 256-layer ziggurat turns them into normals. Rows are filled in turn, so the first
//! n rows of a larger draw are the draw for n.

/// Reference points as unit rows, one draw for all layers, checkpoints and batches of a hidden size.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePoints {
    /// The number of points n.
    pub points: usize,
    /// The hidden size h.
    pub width: usize,
    /// The rows `[points, width]`, each of norm 1, rounded to f32 from the f64 draw.
    pub rows: Vec<f32>,
}

impl ReferencePoints {
    /// Draws `points` points for hidden size `width`.
    pub fn new(seed: u64, points: usize, width: usize) -> Self {
        let rows = unit_rows(seed, points, width).iter().map(|&value| value as f32).collect();
        Self { points, width, rows }
    }
}

/// `numpy.random.default_rng(seed).standard_normal(count)`.
pub fn normals(seed: u64, count: usize) -> Vec<f64> {
    let mut normals = Normals::new(seed);
    (0..count).map(|_| normals.next()).collect()
}

/// The same draw in f64: unit rows `[points, width]`.
pub fn unit_rows(seed: u64, points: usize, width: usize) -> Vec<f64> {
    let mut rows = normals(seed, points * width);
    for row in rows.chunks_exact_mut(width.max(1)) {
        let norm = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        row.iter_mut().for_each(|value| *value /= norm);
    }
    rows
}

/// `numpy.random.SeedSequence(seed).generate_state(4, uint64)`.
///
/// Melissa O'Neill's `seed_seq_fe` with a pool of four 32-bit words.
fn seed_words(seed: u64) -> [u64; 4] {
    const POOL: usize = 4;
    const MIX_LEFT: u32 = 0xca01_f9dd;
    const MIX_RIGHT: u32 = 0x4973_f715;

    /// A multiply-xorshift hash whose constant moves on with every use.
    struct Hash {
        constant: u32,
        multiplier: u32,
    }
    impl Hash {
        fn next(&mut self, value: u32) -> u32 {
            let mut value = value ^ self.constant;
            self.constant = self.constant.wrapping_mul(self.multiplier);
            value = value.wrapping_mul(self.constant);
            value ^ (value >> 16)
        }
    }

    let entropy = [seed as u32, (seed >> 32) as u32, 0, 0];
    let mut hash = Hash { constant: 0x43b0_d7e5, multiplier: 0x931e_8875 };
    let mut pool = entropy.map(|word| hash.next(word));
    for source in 0..POOL {
        for target in (0..POOL).filter(|&target| target != source) {
            let mixed = MIX_LEFT
                .wrapping_mul(pool[target])
                .wrapping_sub(MIX_RIGHT.wrapping_mul(hash.next(pool[source])));
            pool[target] = mixed ^ (mixed >> 16);
        }
    }
    let mut hash = Hash { constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded };
    std::array::from_fn(|word| {
        let low = hash.next(pool[2 * word % POOL]);
        let high = hash.next(pool[(2 * word + 1) % POOL]);
        u64::from(low) | u64::from(high) << 32
    })
}

/// PCG64: a 128-bit linear congruential generator with the XSL-RR output function.
struct Pcg64 {
    state: u128,
    increment: u128,
}

impl Pcg64 {
    const MULTIPLIER: u128 = 2_549_297_995_355_413_924 << 64 | 4_865_540_595_714_422_341;

    fn new(seed: u64) -> Self {
        let words = seed_words(seed).map(u128::from);
        let start = words[0] << 64 | words[1];
        let stream = words[2] << 64 | words[3];
        let mut pcg = Self { state: 0, increment: stream << 1 | 1 };
        pcg.step();
        pcg.state = pcg.state.wrapping_add(start);
        pcg.step();
        pcg
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(Self::MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_word(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    /// Uniform on [0, 1) with 53 bits.
    fn next_unit(&mut self) -> f64 {
        (self.next_word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// Standard normals by the ziggurat of Marsaglia and Tsang with 256 layers.
struct Normals {
    pcg: Pcg64,
    tables: Ziggurat,
}

impl Normals {
    fn new(seed: u64) -> Self {
        Self { pcg: Pcg64::new(seed), tables: Ziggurat::new() }
    }

    fn next(&mut self) -> f64 {
        loop {
            let word = self.pcg.next_word();
            let layer = (word & 0xff) as usize;
            let negative = word >> 8 & 1 == 1;
            let magnitude = word >> 9 & 0x000f_ffff_ffff_ffff;
            let x = magnitude as f64 * self.tables.scale[layer];
            let signed = if negative { -x } else { x };
            if magnitude < self.tables.inside[layer] {
                return signed;
            }
            if layer == 0 {
                // Beyond the base layer: Marsaglia's exact tail.
                loop {
                    let beyond = -(-self.pcg.next_unit()).ln_1p() / Ziggurat::TAIL;
                    let height = -(-self.pcg.next_unit()).ln_1p();
                    if height + height > beyond * beyond {
                        let tail = Ziggurat::TAIL + beyond;
                        return if magnitude >> 8 & 1 == 1 { -tail } else { tail };
                    }
                }
            }
            let (above, below) = (self.tables.density[layer - 1], self.tables.density[layer]);
            if (above - below) * self.pcg.next_unit() + below < (-0.5 * x * x).exp() {
                return signed;
            }
        }
    }
}

/// The ziggurat's tables, made from where its tail begins and the area of a layer.
struct Ziggurat {
    /// A 52-bit magnitude below this is inside the layer for certain.
    inside: [u64; 256],
    /// A magnitude times this is the abscissa.
    scale: [f64; 256],
    /// exp(−x²/2) at the layer's edge.
    density: [f64; 256],
}

impl Ziggurat {
    /// Where the tail begins.
    const TAIL: f64 = 3.654_152_885_361_009;
    /// The area of every layer, the base with its tail included.
    const AREA: f64 = 0.004_928_673_233_974_655;

    fn new() -> Self {
        let two_52 = (1u64 << 52) as f64;
        let normal = |x: f64| (-0.5 * x * x).exp();
        let base = Self::AREA / normal(Self::TAIL);
        let mut tables = Self { inside: [0; 256], scale: [0.0; 256], density: [1.0; 256] };
        tables.inside[0] = (Self::TAIL / base * two_52) as u64;
        tables.scale[0] = base / two_52;
        let mut edge = Self::TAIL;
        for layer in (1..256).rev() {
            let above = Self::AREA / edge + normal(edge);
            // The topmost layer ends at the peak, where rounding may carry the density past 1.
            let next = if layer > 1 { (-2.0 * above.min(1.0).ln()).sqrt() } else { 0.0 };
            tables.scale[layer] = edge / two_52;
            tables.density[layer] = normal(edge);
            tables.inside[layer] = (next / edge * two_52) as u64;
            edge = next;
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_sequence_is_numpys() {
        // numpy.random.SeedSequence(0).generate_state(4, numpy.uint64)
        assert_eq!(
            seed_words(0),
            [15793235383387715774, 12390638538380655177, 2361836109651742017, 3188717715514472916]
        );
    }

    #[test]
    fn a_smaller_draw_is_a_prefix() {
        let (small, large) = (unit_rows(3, 7, 16), unit_rows(3, 20, 16));
        assert_eq!(small, large[..small.len()]);
    }

    #[test]
    fn the_tail_and_the_edges_are_reached() {
        let mut normals = Normals::new(1);
        let draw: Vec<f64> = (0..2_000_000).map(|_| normals.next()).collect();
        let beyond = draw.iter().filter(|x| x.abs() > Ziggurat::TAIL).count() as f64 / draw.len() as f64;
        // 2 (1 − Φ(3.654)) = 2.58e-4; five standard deviations of the count is 0.57e-4.
        assert!((beyond - 2.58e-4).abs() < 0.57e-4, "{beyond}");
        let mean = draw.iter().sum::<f64>() / draw.len() as f64;
        let variance = draw.iter().map(|x| x * x).sum::<f64>() / draw.len() as f64;
        assert!(mean.abs() < 4e-3 && (variance - 1.0).abs() < 6e-3, "{mean} {variance}");
    }
}
