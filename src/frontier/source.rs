//! A source of pairs whose joint is known, shaped like text: words in classes with Zipf's frequencies, and followers
//! of their own.
//!
//! A word's class chooses the next one's class, most of whose words are rare; or, the more often the rarer it may be,
//! a word is followed by one of a few of its own. Joints of such pairs have the long tails of real bigrams.

use crate::random::SplitMix64;

/// How large a source is and how its words follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The number of words.
    pub words: usize,
    /// The number of classes.
    pub classes: usize,
    /// The number of followers that each word has of its own.
    pub followers: usize,
    /// The most that followers of its own make up of what follows a word.
    pub own: f64,
    /// How even the classes are that follow a class: the concentration of a Dirichlet distribution.
    pub evenness: f64,
}

/// A source of pairs (word, next word).
#[derive(Clone, Debug)]
pub struct Source {
    class: Vec<usize>,
    /// Frequencies within the class, `[words]`, and cumulated over the words of each class.
    share: Vec<f64>,
    members: Vec<(Vec<usize>, Vec<f64>)>,
    /// p(next class | class), a row a class, and the same cumulated.
    follow: Vec<Vec<f64>>,
    follow_sums: Vec<Vec<f64>>,
    /// The share, words and weights of the followers of each word's own.
    own: Vec<f64>,
    followers: Vec<Vec<(usize, f64)>>,
    start: Vec<f64>,
}

impl Source {
    /// The source of a seed.
    pub fn new(shape: Shape, seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let Shape { words, classes, .. } = shape;
        let class: Vec<usize> =
            (0..words).map(|word| if word < classes { word } else { random.below(classes) }).collect();
        let frequency: Vec<f64> = (0..words).map(|word| (word as f64 + 2.7).powf(-1.05)).collect();
        let mut of_class = vec![0.0; classes];
        class.iter().zip(&frequency).for_each(|(&class, frequency)| of_class[class] += frequency);
        let share: Vec<f64> =
            class.iter().zip(&frequency).map(|(&class, frequency)| frequency / of_class[class]).collect();
        let members = (0..classes)
            .map(|wanted| {
                let words: Vec<usize> = (0..words).filter(|&word| class[word] == wanted).collect();
                let sums = cumulated(words.iter().map(|&word| share[word]));
                (words, sums)
            })
            .collect();
        let follow: Vec<Vec<f64>> = (0..classes)
            .map(|_| {
                normalised(of_class.iter().map(|mass| (gamma(&mut random, shape.evenness) + 1e-9) * mass))
            })
            .collect();
        let start = cumulated(normalised(frequency.into_iter()).into_iter());
        let own = (0..words).map(|_| (shape.own * random.unit().powf(1.0 / 0.6)).min(0.98)).collect();
        let followers = (0..words)
            .map(|_| {
                let weights = normalised((0..shape.followers).map(|_| gamma(&mut random, 0.6)));
                weights.into_iter().map(|weight| (pick(&start, random.unit()), weight)).collect()
            })
            .collect();
        let follow_sums = follow.iter().map(|row| cumulated(row.iter().copied())).collect();
        Self { class, share, members, follow, follow_sums, own, followers, start }
    }

    /// `count` pairs, as many chains of `length` words as it takes.
    pub fn pairs(&self, count: usize, length: usize, seed: u64) -> Vec<(u32, u32)> {
        let mut random = SplitMix64::new(seed);
        let mut word = 0;
        let mut next = |at: usize| {
            if at.is_multiple_of(length) {
                // Chains start where others are, so that the first pairs are like the rest.
                word = pick(&self.start, random.unit());
                (0..20).for_each(|_| word = self.next(word, &mut random));
            }
            let pair = (word as u32, self.next(word, &mut random) as u32);
            word = pair.1 as usize;
            pair
        };
        (0..count).map(&mut next).collect()
    }

    fn next(&self, word: usize, random: &mut SplitMix64) -> usize {
        if random.unit() < self.own[word] {
            let mut left = random.unit();
            let of_word = &self.followers[word];
            let found = of_word.iter().find(|(_, weight)| {
                left -= weight;
                left < 0.0
            });
            return found.unwrap_or(&of_word[0]).0;
        }
        let (words, sums) = &self.members[pick(&self.follow_sums[self.class[word]], random.unit())];
        words[pick(sums, random.unit())]
    }

    /// The true p(x, y) of pairs in the long run, a dense table; for sources of some thousand words.
    pub fn joint(&self) -> Vec<Vec<f64>> {
        let words = self.class.len();
        let conditional: Vec<Vec<f64>> = (0..words)
            .map(|x| {
                let classes = &self.follow[self.class[x]];
                let mut row: Vec<f64> = (0..words)
                    .map(|y| (1.0 - self.own[x]) * classes[self.class[y]] * self.share[y])
                    .collect();
                self.followers[x].iter().for_each(|&(y, weight)| row[y] += self.own[x] * weight);
                row
            })
            .collect();
        let mut px = vec![1.0 / words as f64; words];
        for _ in 0..100 {
            let mut next = vec![0.0; words];
            for (p, row) in px.iter().zip(&conditional) {
                next.iter_mut().zip(row).for_each(|(next, weight)| *next += p * weight);
            }
            px = next;
        }
        conditional.into_iter().zip(px).map(|(row, p)| row.into_iter().map(|w| p * w).collect()).collect()
    }
}

/// How often each pair occurs.
pub fn counted(pairs: &[(u32, u32)]) -> Vec<(u32, u32, u64)> {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0].0, run[0].1, run.len() as u64)).collect()
}

fn pick(sums: &[f64], at: f64) -> usize {
    sums.partition_point(|&sum| sum <= at).min(sums.len() - 1)
}

fn cumulated(masses: impl Iterator<Item = f64>) -> Vec<f64> {
    masses
        .scan(0.0, |sum, mass| {
            *sum += mass;
            Some(*sum)
        })
        .collect()
}

fn normalised(masses: impl Iterator<Item = f64>) -> Vec<f64> {
    let masses: Vec<f64> = masses.collect();
    let total: f64 = masses.iter().sum();
    masses.into_iter().map(|mass| mass / total).collect()
}

/// A number with the gamma distribution of a shape below 1 (Ahrens and Dieter 1974, GS).
fn gamma(random: &mut SplitMix64, shape: f64) -> f64 {
    let edge = 1.0 + shape / std::f64::consts::E;
    loop {
        let along = edge * random.unit();
        let (value, accepted) = if along <= 1.0 {
            let value = along.powf(1.0 / shape);
            (value, (-value).exp())
        } else {
            let value = -((edge - along) / shape).ln();
            (value, value.powf(shape - 1.0))
        };
        if random.unit() < accepted {
            return value;
        }
    }
}
