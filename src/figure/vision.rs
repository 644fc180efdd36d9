//! How colours look to readers who see fewer of them, and on grey prints: whole deficiencies after Machado, Oliveira and
//! Fernandes (2009), in linear light.

use super::color::{Rgb, encoded, linear};
use super::png::Pixels;
use crate::chart::named;

named! {
    /// How colours are seen.
    Vision {
        /// With full colour vision.
        #[default]
        Full = "colour",
        /// Without the cones for middle wavelengths.
        Deuteranopia = "deuteranopia",
        /// Without the cones for long wavelengths.
        Protanopia = "protanopia",
        /// By their luminance alone, as on a grey print.
        Grey = "grey",
    }
}

type Matrix = [[f32; 3]; 3];

const DEUTERANOPIA: Matrix = [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_820, 0.042_940, 0.968_881],
];
const PROTANOPIA: Matrix = [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
];
/// The luminance of sRGB, in each channel.
const GREY: Matrix = [[0.2126, 0.7152, 0.0722]; 3];

impl Vision {
    /// A colour in linear light as it is seen, in linear light; no channel is below zero.
    pub(super) fn of_linear(self, color: [f32; 3]) -> [f32; 3] {
        let matrix = match self {
            Self::Full => return color,
            Self::Deuteranopia => &DEUTERANOPIA,
            Self::Protanopia => &PROTANOPIA,
            Self::Grey => &GREY,
        };
        matrix.map(|row| row.iter().zip(color).map(|(a, b)| a * b).sum::<f32>().max(0.0))
    }

    /// A colour as it is seen.
    pub fn rgb(self, color: Rgb) -> Rgb {
        if self == Self::Full { color } else { self.of_linear(linear(color)).map(encoded) }
    }

    /// A picture as it is seen.
    #[must_use]
    pub fn pixels(self, mut pixels: Pixels) -> Pixels {
        // Most pixels have the colour of the one before.
        let mut last = ([0; 3], self.rgb([0; 3]));
        for pixel in pixels.rgba.chunks_exact_mut(4) {
            let color = [pixel[0], pixel[1], pixel[2]];
            if color != last.0 {
                last = (color, self.rgb(color));
            }
            pixel[..3].copy_from_slice(&last.1);
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_black_stay_and_grey_tells_light_from_dark_alone() {
        for vision in Vision::ALL {
            for color in [[0; 3], [255; 3], [128; 3]] {
                let seen = vision.rgb(color);
                assert!(seen.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 1), "{vision}: {seen:?}");
            }
        }
        let [red, green, blue] = Vision::Grey.rgb([255, 0, 0]);
        assert_eq!((red, green, blue), (127, 127, 127));
        let red_and_green = [[200, 60, 40], [110, 120, 40]].map(|color| Vision::Deuteranopia.rgb(color));
        assert_ne!(red_and_green[0], [200, 60, 40]);
    }

    #[test]
    fn a_picture_is_seen_pixel_by_pixel_and_keeps_its_opacity() {
        let rgba = vec![255, 0, 0, 255, 255, 0, 0, 9, 0, 0, 255, 128];
        let seen = Vision::Protanopia.pixels(Pixels { size: [3, 1], rgba: rgba.clone() });
        assert_eq!(seen.size, [3, 1]);
        for (before, after) in rgba.chunks(4).zip(seen.rgba.chunks(4)) {
            assert_eq!(after[..3], Vision::Protanopia.rgb([before[0], before[1], before[2]]));
            assert_eq!(after[3], before[3]);
        }
        let full = Vision::Full.pixels(Pixels { size: [3, 1], rgba: rgba.clone() });
        assert_eq!(full.rgba, rgba);
    }
}
