//! Counts, sizes and times as people read them.

use std::time::Duration;

/// `1 document`, `2 documents`.
pub fn counted(count: usize, noun: &str) -> String {
    counted_range(count, count, noun)
}

/// `1 document`, `16 documents`, `16 to 64 documents`; from none on `at most 64 documents`.
pub fn counted_range(least: usize, most: usize, noun: &str) -> String {
    match (least, most) {
        (1, 1) => format!("1 {noun}"),
        (least, most) if least == most => format!("{least} {noun}s"),
        (0, most) => format!("at most {}", counted(most, noun)),
        (least, most) => format!("{least} to {most} {noun}s"),
    }
}

/// A number of bytes: `1.5 MiB`, `2.0 GiB`.
pub fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1024.0 { format!("{mib:.1} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// A count with its thousands apart: `1 234 567`.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A time that was measured, to two digits or the second: `0.04 s`, `3.2 s`, `1 min 20 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds.round() as u64 {
        _ if seconds < 0.995 => format!("{seconds:.2} s"),
        0..10 => format!("{seconds:.1} s"),
        whole => rough_duration(Duration::from_secs(whole)),
    }
}

/// A time that was guessed, to the second or the minute: `3 s`, `1 min 20 s`, `3 h 2 min`.
pub fn rough_duration(time: Duration) -> String {
    match time.as_secs_f64().round() as u64 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_a_noun_that_agrees() {
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(2, "file"), "2 files");
        assert_eq!(counted_range(16, 64, "document"), "16 to 64 documents");
        assert_eq!(counted_range(0, 64, "document"), "at most 64 documents");
        assert_eq!(counted_range(0, 1, "document"), "at most 1 document");
    }

    #[test]
    fn sizes_are_told_in_the_unit_that_suits_them() {
        assert_eq!(size(3 << 19), "1.5 MiB");
        assert_eq!(size(5 << 29), "2.5 GiB");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(thousands(12), "12");
    }

    #[test]
    fn times_are_told_in_two_units() {
        let told = |seconds: f64| duration(Duration::from_secs_f64(seconds));
        assert_eq!(told(0.04), "0.04 s");
        assert_eq!(told(0.999), "1.0 s");
        assert_eq!(told(3.21), "3.2 s");
        assert_eq!(told(9.7), "10 s");
        assert_eq!(told(59.6), "1 min 0 s");
        assert_eq!(told(80.0), "1 min 20 s");
        assert_eq!(told(3.0 * 3600.0 + 125.0), "3 h 2 min");
        let guessed = |seconds| rough_duration(Duration::from_secs(seconds));
        assert_eq!([guessed(3), guessed(200), guessed(7500)], ["3 s", "3 min 20 s", "2 h 5 min"]);
    }
}
