//! How far a measurement has come: a bar on a terminal, elsewhere a line a checkpoint.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::note;
use crate::measures::Order;
use crate::results::Outcome;

/// Tells progress on standard error.
pub struct Progress {
    /// On a terminal; what is in a file stays in it.
    bar: Option<ProgressBar>,
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
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(1000);
            match ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar, all, since: Instant::now(), left: None }
    }

    /// The share of all work that is done, 0 to 1, what is worked on, and the time left where it is known.
    pub fn advance(&mut self, share: f32, name: &str, left: Option<Duration>) {
        self.left = left.map(|left| (left, Instant::now()));
        if let Some(bar) = &self.bar {
            bar.set_position((f64::from(share) * 1000.0) as u64);
            let left = left.map_or(String::new(), |left| format!(", {} left", time(left)));
            bar.set_message(format!("{name}{left}"));
        }
    }

    /// Tells what became of a checkpoint, the `done`th of all: a failure always, numbers where there is no bar.
    pub fn finished(&mut self, done: usize, name: &str, outcome: &Outcome, recalled: bool) {
        let took = std::mem::replace(&mut self.since, Instant::now()).elapsed();
        let took = (!recalled).then_some(took);
        let left =
            self.left.filter(|_| done < self.all).map(|(left, told)| left.saturating_sub(told.elapsed()));
        if self.bar.is_none() || matches!(outcome, Outcome::Failed { .. }) {
            self.say(&format!("{done}/{} {name}{}", self.all, came_of(outcome, took, left)));
        }
    }

    /// A line, above the bar where there is one.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(line)),
            None => note(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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
    parts.push(format!("loss {:.2}", measurement.loss));
    parts.push(took.map_or_else(|| "measured before".to_owned(), time));
    parts.extend(left.map(|left| format!("{} left", time(left))));
    format!(": {}", parts.join(", "))
}

/// A time as people read it, in its two largest units.
pub fn time(time: Duration) -> String {
    let (seconds, whole) = (time.as_secs_f64(), time.as_secs_f64().round() as u64);
    match whole {
        _ if seconds < 0.995 => format!("{seconds:.2} s"),
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_told_in_two_units() {
        let told = |seconds: f64| time(Duration::from_secs_f64(seconds));
        assert_eq!(told(0.04), "0.04 s");
        assert_eq!(told(0.999), "1.0 s");
        assert_eq!(told(3.21), "3.2 s");
        assert_eq!(told(9.7), "10 s");
        assert_eq!(told(59.6), "1 min 0 s");
        assert_eq!(told(80.0), "1 min 20 s");
        assert_eq!(told(3.0 * 3600.0 + 125.0), "3 h 2 min");
    }

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
