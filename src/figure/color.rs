//! Colours as numbers: sRGB, OKLCH (Ottosson 2020) and mixtures. What colours mean is in [`ink`](super::ink).

/// A colour as 8-bit sRGB channels: red, green, blue.
pub type Rgb = [u8; 3];

/// The colour of training progress on a map that begins with a lightness and rises by another, from violet to yellow. A share
/// outside [0, 1] has the colour of the nearer end, as has one that is not a number (0).
pub(super) fn progress(share: f32, lightness: f32, rise: f32) -> Rgb {
    let share = whole(share);
    // sRGB holds little chroma around cyan, so the middle of the way dips under it.
    let chroma = 0.12 - 0.03 * (std::f32::consts::PI * share).sin() + 0.03 * share * share;
    srgb_from_oklch(lightness + rise * share, chroma, 298.0 - 190.0 * share)
}

/// A share within [0, 1]: outside the nearer end, and 0 for what is no number.
pub(super) fn whole(share: f32) -> f32 {
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// `color` moved towards `other` by `share` in [0, 1], per sRGB channel.
pub fn mix(color: Rgb, other: Rgb, share: f32) -> Rgb {
    std::array::from_fn(|i| {
        (f32::from(color[i]) + (f32::from(other[i]) - f32::from(color[i])) * share).round() as u8
    })
}

/// sRGB from OKLCH with the hue in degrees; channels outside sRGB are cut to the nearest value.
pub(super) fn srgb_from_oklch(lightness: f32, chroma: f32, hue_degrees: f32) -> Rgb {
    let (sin, cos) = hue_degrees.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let long = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let medium = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let short = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_93 * short,
        -1.268_438 * long + 2.609_757_4 * medium - 0.341_319_4 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * medium + 1.707_614_7 * short,
    ]
    .map(encoded)
}

/// A linear channel in [0, 1] with the sRGB transfer curve applied, as 8 bits.
pub(super) fn encoded(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let curved = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (curved * 255.0).round() as u8
}

/// The channels of an 8-bit colour in linear light.
pub(super) fn linear(color: Rgb) -> [f32; 3] {
    color.map(|channel| {
        let curved = f32::from(channel) / 255.0;
        if curved <= 0.040_45 { curved / 12.92 } else { ((curved + 0.055) / 1.055).powf(2.4) }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// OKLab of a colour in linear light, the inverse of what is tested.
    pub fn oklab([red, green, blue]: [f32; 3]) -> [f32; 3] {
        let long = (0.412_221_46 * red + 0.536_332_55 * green + 0.051_445_995 * blue).cbrt();
        let medium = (0.211_903_5 * red + 0.680_699_5 * green + 0.107_396_96 * blue).cbrt();
        let short = (0.088_302_46 * red + 0.281_718_85 * green + 0.629_978_7 * blue).cbrt();
        [
            0.210_454_26 * long + 0.793_617_8 * medium - 0.004_072_047 * short,
            1.977_998_5 * long - 2.428_592_2 * medium + 0.450_593_7 * short,
            0.025_904_037 * long + 0.782_771_77 * medium - 0.808_675_77 * short,
        ]
    }

    /// How far apart two colours in linear light look.
    pub fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
        oklab(a).iter().zip(oklab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
    }

    #[test]
    fn shares_outside_the_run_take_its_ends() {
        let of = |share| progress(share, 0.24, 0.4);
        assert_eq!(of(-1.0), of(0.0));
        assert_eq!(of(f32::NAN), of(0.0));
        assert_eq!(of(f32::INFINITY), of(1.0));
        assert_ne!(of(0.0), of(1.0));
    }
}
