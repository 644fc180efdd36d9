//! How the colours, dashes and shapes of a chart look, on screen and on paper alike.
//!
//! Training progress and values are sequential maps built in OKLCH (Ottosson 2020): lightness and hue run linearly, so
//! equal steps look equally far apart, and the lightness alone still orders them for readers who see no hue and on grey
//! prints. Runs have six hues, found by maximising the least OKLab distance of any pair as seen with full colour vision,
//! deuteranopia and protanopia (Machado 2009), within what stands out from the ground by 3 to 1 or more; from the seventh
//! run on they come again with dashed lines and other shapes.

use super::color::{Rgb, mix, progress, srgb_from_oklch, whole};
use super::style::Theme;
use crate::chart::{Color, Dash, Line};

/// The hues of runs, the same six in both themes.
pub const HUES: usize = 6;
const LIGHT: [Rgb; HUES] = [
    [0x2c, 0x84, 0xff],
    [0x96, 0x41, 0x01],
    [0x1e, 0x88, 0x88],
    [0x7b, 0x28, 0x5d],
    [0x91, 0x8e, 0x16],
    [0x6c, 0x13, 0xbf],
];
const DARK: [Rgb; HUES] = [
    [0x52, 0xa9, 0xfe],
    [0xd0, 0x7b, 0x00],
    [0x47, 0xe6, 0xd9],
    [0xa1, 0x51, 0x6b],
    [0xec, 0xc9, 0x14],
    [0x7b, 0x4b, 0xd4],
];

/// Lengths of dash and gap, in points: of runs from the seventh on, and of the conditions of a run beside the present
/// one.
const RUNS: [f32; 2] = [6.0, 3.0];
const CONDITIONS: [[f32; 2]; 4] = [[1.0, 2.0], [4.0, 2.0], [1.0, 4.5], [10.0, 3.0]];
const STALE: [f32; 2] = [2.0, 2.0];
const BOUND: [f32; 2] = [4.0, 2.7];
/// How far the colour of a run is moved towards the ground while the dashes of conditions are new, and once they repeat.
const SHADES: [f32; 2] = [0.3, 0.5];

impl Theme {
    /// How a colour looks.
    pub fn rgb(self, color: Color) -> Rgb {
        let inks = self.inks();
        let hues = match self {
            Self::Light => LIGHT,
            Self::Dark => DARK,
        };
        match color {
            Color::Run(run, style) => {
                let hue = hues[run % HUES];
                match style.checked_sub(1) {
                    None => hue,
                    Some(beside) => mix(hue, inks.ground, SHADES[beside / CONDITIONS.len() % SHADES.len()]),
                }
            }
            Color::Progress(share) => {
                let (first, last) = match self {
                    Self::Light => (0.24, 0.64),
                    Self::Dark => (0.52, 0.92),
                };
                progress(share, first, last - first)
            }
            Color::Value(share) => {
                let share = whole(share);
                let chroma = 0.11 - 0.03 * (std::f32::consts::PI * share).sin() + 0.04 * share * share;
                srgb_from_oklch(0.26 + 0.66 * share, chroma, 290.0 - 185.0 * share)
            }
            Color::Signed(share) => {
                let share = if share.is_nan() { 0.0 } else { share.clamp(-1.0, 1.0) };
                let middle = mix(inks.ground, inks.text, 0.06);
                let end = if share < 0.0 { hues[0] } else { hues[1] };
                mix(middle, end, share.abs())
            }
            Color::Group(index) => mix(hues[index % HUES], inks.ground, 0.35 * ((index / HUES) % 2) as f32),
            Color::Text => inks.text,
            Color::Muted => inks.muted,
            Color::Faint => mix(inks.muted, inks.ground, 0.7),
        }
    }
}

/// The lengths of dash and gap of a line of this colour, in points; `None` for a whole line.
pub fn dash(line: Line, color: Color) -> Option<[f32; 2]> {
    match (line.dash, color) {
        (Dash::Style(style), _) if style > 0 => Some(CONDITIONS[(style - 1) % CONDITIONS.len()]),
        (Dash::Style(_), Color::Run(run, _)) if run / HUES % 2 == 1 => Some(RUNS),
        (Dash::Style(_) | Dash::Solid, _) => None,
        (Dash::Stale, _) => Some(STALE),
        (Dash::Bound, _) => Some(BOUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Vision;
    use crate::figure::color::linear;
    use crate::figure::color::tests::{distance, oklab};

    /// What a colour is seen as, in linear light, with full vision, deuteranopia and protanopia.
    fn seen(color: Rgb) -> [[f32; 3]; 3] {
        [Vision::Full, Vision::Deuteranopia, Vision::Protanopia].map(|vision| vision.of_linear(linear(color)))
    }

    /// The WCAG contrast of two colours.
    fn contrast(a: Rgb, b: Rgb) -> f32 {
        let luminance = |color| {
            let [red, green, blue] = linear(color);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn runs_stand_out_and_are_told_apart_by_whoever_looks() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = theme.inks().ground;
            for run in 0..HUES {
                let color = theme.rgb(Color::Run(run, 0));
                assert!(contrast(color, ground) >= 3.1, "{theme:?} {run}: {}", contrast(color, ground));
                for other in 0..run {
                    let others = seen(theme.rgb(Color::Run(other, 0)));
                    let least = seen(color).into_iter().zip(others).map(|(a, b)| distance(a, b));
                    let least = least.fold(f32::MAX, f32::min);
                    assert!(least >= 0.14, "{theme:?} {other} {run}: {least}");
                }
            }
        }
    }

    #[test]
    fn words_can_be_read_on_both_grounds() {
        for theme in [Theme::Light, Theme::Dark] {
            let inks = theme.inks();
            assert!(contrast(inks.text, inks.ground) >= 7.0);
            assert!(contrast(inks.muted, inks.ground) >= 4.5);
        }
    }

    #[test]
    fn equal_steps_of_a_scale_look_alike_and_rise_in_grey() {
        for theme in [Theme::Light, Theme::Dark] {
            for scale in [Color::Progress, Color::Value] {
                let colors: Vec<[f32; 3]> =
                    (0..=16).map(|i| linear(theme.rgb(scale(i as f32 / 16.0)))).collect();
                let steps: Vec<f32> = colors.windows(2).map(|pair| distance(pair[0], pair[1])).collect();
                let (least, most) =
                    steps.iter().fold((f32::MAX, 0.0f32), |(l, m), &step| (l.min(step), m.max(step)));
                // 8-bit rounding and the gamut's edge cost a little of the evenness the maps have by construction.
                assert!(most / least < 1.6, "{theme:?}: {steps:?}");
                assert!(colors.windows(2).all(|pair| oklab(pair[0])[0] < oklab(pair[1])[0]));
            }
            let ends =
                [0.0, 1.0].map(|share| contrast(theme.rgb(Color::Progress(share)), theme.inks().ground));
            assert!(ends.iter().all(|contrast| *contrast >= 3.0), "{theme:?}: {ends:?}");
        }
        assert_eq!(Theme::Light.rgb(Color::Value(f32::NAN)), Theme::Light.rgb(Color::Value(-3.0)));
    }

    #[test]
    fn twelve_runs_and_nine_conditions_have_looks_of_their_own() {
        let line = |style| Line { dash: Dash::Style(style), is_thin: false };
        let look = |run, style| {
            let color = Color::Run(run, style);
            (Theme::Light.rgb(color), dash(line(style), color))
        };
        let looks: Vec<_> =
            (0..12).map(|run| look(run, 0)).chain((1..9).map(|style| look(0, style))).collect();
        for (index, look) in looks.iter().enumerate() {
            assert!(!looks[..index].contains(look), "{index}");
        }
        assert_eq!(looks[0].1, None);
    }
}
