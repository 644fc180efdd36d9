//! How long the work will still take.

use std::time::{Duration, Instant};

/// Counts documents through models. Knows no clock: whoever asks says what time it is.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    /// Documents scored since the start, those under way by their share.
    done: f64,
    /// The most documents that remained at a time.
    most: f64,
}

impl Progress {
    /// Nothing done yet, at the time `now`.
    pub fn new(now: Instant) -> Self {
        Self { started: now, done: 0.0, most: 0.0 }
    }

    /// Notes `documents` more.
    pub fn advance(&mut self, documents: f64) {
        self.done += documents;
    }

    /// The share of the work that is done where so many documents remain, of all that remained since the start:
    /// whatever is not wanted any more, since it is done, counts with it.
    pub fn share(&mut self, remaining: f64) -> f32 {
        self.most = self.most.max(remaining);
        if self.most > 0.0 { (1.0 - remaining / self.most) as f32 } else { 1.0 }
    }

    /// The time that `documents` more take from `now` on at the pace so far, once there is a pace to speak of.
    pub fn remaining(&self, now: Instant, documents: f64) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.started);
        let paced = elapsed > Duration::from_millis(500) && self.done > 0.0;
        paced.then(|| elapsed.mul_f64(documents / self.done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_remaining_is_that_of_the_pace_so_far() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut progress = Progress::new(start);
        // Nothing is done, however long it took.
        assert_eq!(progress.remaining(at(60_000), 8.0), None);
        progress.advance(1.5);
        progress.advance(0.5);
        // Too early to say.
        assert_eq!(progress.remaining(at(500), 8.0), None);
        assert_eq!(progress.remaining(at(1_000), 8.0), Some(Duration::from_secs(4)));
        assert_eq!(progress.remaining(at(6_000), 1.0), Some(Duration::from_secs(3)));
        assert_eq!(progress.remaining(at(6_000), 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn the_share_counts_from_the_most_that_remained() {
        let mut progress = Progress::new(Instant::now());
        let shares = [0.0, 8.0, 6.0, 2.0, 16.0, 4.0, 0.0].map(|remaining| progress.share(remaining));
        assert_eq!(shares, [1.0, 0.0, 0.25, 0.75, 0.0, 0.75, 1.0]);
    }
}
