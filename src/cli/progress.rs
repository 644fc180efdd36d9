//! How far a measurement has come: a bar on a terminal, elsewhere a line a checkpoint.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::note;
use crate::measures::Order;
use crate::results::Outcome;
use crate::words::{duration, rough_duration};

/// A bar on standard error.
pub struct Bar {
    /// On a terminal; what is in a file stays in it.
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar that stands at its beginning.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(1000);
            match ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar }
    }

    /// The share of all work that is done, 0 to 1, what is worked on, and the time left where it is known.
    pub fn advance(&self, share: f64, name: &str, left: Option<Duration>) {
        if let Some(bar) = &self.bar {
            bar.set_position((share * 1000.0) as u64);
            let left = left.map_or(String::new(), |left| format!(", {} left", rough_duration(left)));
            bar.set_message(format!("{name}{left}"));
        }
    }

    /// Whether it is seen.
    fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// A line, above the bar where there is one.
    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(line)),
            None => note(line),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Tells progress on standard error.
pub struct Progress {
    bar: Bar,
    /// The checkpoints to be measured.
    all: usize,
    /// When the checkpoint before was done.
    since: Instant,
    /// The time left, as it was estimated last, and when.
    left: Option<(Duration, Instant)>,
}

impl Progress {
    /// Nothing done of `all` checkpoints.
    pub fn new(all: usize) -> Self {
        Self { bar: Bar::new(), all, since: Instant::now(), left: None }
    }

    /// The share of all work that is done, 0 to 1, what is worked on, and the time left where it is known.
    pub fn advance(&mut self, share: f32, name: &str, left: Option<Duration>) {
        self.left = left.map(|left| (left, Instant::now()));
        self.bar.advance(f64::from(share), name, left);
    }

    /// Tells what became of a checkpoint, the `done`th of all: a failure always, numbers where there is no bar.
    pub fn finished(&mut self, done: usize, name: &str, outcome: &Outcome, recalled: bool) {
        let took = std::mem::replace(&mut self.since, Instant::now()).elapsed();
        let took = (!recalled).then_some(took);
        let left =
            self.left.filter(|_| done < self.all).map(|(left, told)| left.saturating_sub(told.elapsed()));
        if !self.bar.is_shown() || matches!(outcome, Outcome::Failed { .. }) {
            self.say(&format!("{done}/{} {name}{}", self.all, came_of(outcome, took, left)));
        }
    }

    /// A line, above the bar where there is one.
    pub fn say(&self, line: &str) {
        self.bar.say(line);
    }
}

/// What became of a checkpoint, behind its name.
fn came_of(outcome: &Outcome, took: Option<Duration>, left: Option<Duration>) -> String {
    let measurement = match outcome {
        Outcome::Measured(measurement) => measurement,
        Outcome::Failed { error } => return format!(" failed: {error}"),
    };
    let mut parts = Vec::new();
    if let Some([complexity, expressivity]) = measurement.mean.plane(Order::Token) {
        parts.extend([
            format!("complexity {:.3}", complexity.value),
            format!("expressivity {:.3}", expressivity.value),
        ]);
    }
    parts.extend(measurement.loss.map(|loss| format!("loss {loss:.2}")));
    parts.push(took.map_or_else(|| "measured before".to_owned(), duration));
    parts.extend(left.map(|left| format!("{} left", rough_duration(left))));
    format!(": {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_checkpoint_is_told_in_a_line() {
        let complexity = json!({"information": 0.3881, "information_mean": 0.4});
        let expressivity = json!({"information": 0.1372, "information_mean": 0.1});
        let labels = json!({"input:token": complexity, "output:token": expressivity});
        let mean = json!({"entropy": 0.5, "labels": labels});
        let measured = json!({"loss": 4.209, "positions": 9, "temperature": 0.1, "layers": [], "mean": mean});
        let measured = Outcome::Measured(serde_json::from_value(measured).unwrap());
        let (took, left) = (Duration::from_millis(3210), Duration::from_secs(80));
        let line = came_of(&measured, Some(took), Some(left));
        assert_eq!(line, ": complexity 0.388, expressivity 0.137, loss 4.21, 3.2 s, 1 min 20 s left");
        let line = came_of(&measured, None, None);
        assert_eq!(line, ": complexity 0.388, expressivity 0.137, loss 4.21, measured before");
        let failed = Outcome::Failed { error: "no weights".to_owned() };
        assert_eq!(came_of(&failed, Some(took), Some(left)), " failed: no weights");
    }
}
