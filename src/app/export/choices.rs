//! What of an exported figure can be chosen beside what it shows.

use std::path::Path;

use crate::chart::Of;
use crate::figure::{FigureOptions, POINTS_PER_MM, Theme};

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Text as text, fonts embedded: for papers.
    #[default]
    Pdf,
    /// Text as text in the reader's fonts: for web pages, and to be edited.
    Svg,
    /// Pixels: for slides and chats.
    Png,
    /// The numbers, a row a datum.
    Csv,
}

impl Form {
    /// All, in the order of the dialog.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Svg, Self::Png, Self::Csv];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Svg => "SVG",
            Self::Png => "PNG",
            Self::Csv => "CSV",
        }
    }

    /// The extension of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Csv => "csv",
        }
    }

    /// The form of a file of this name; `None` where its extension is of none.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL.into_iter().find(|form| extension.eq_ignore_ascii_case(form.extension()))
    }
}

/// A size that figures commonly have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub name: &'static str,
    /// In millimetres.
    pub width: f32,
    /// In millimetres; `None` for what suits the chart.
    pub height: Option<f32>,
}

/// The sizes that go by a name. The slide is laid out small, so that its text is 15 points high on a slide 13⅓ inches wide.
pub(super) const SIZES: [Size; 6] = [
    Size { name: "Nature, 89 mm", width: 89.0, height: None },
    Size { name: "Nature, 120 mm", width: 120.0, height: None },
    Size { name: "Nature, 183 mm", width: 183.0, height: None },
    Size { name: "ICLR, 5.5 in", width: 139.7, height: None },
    Size { name: "half of ICLR, 2.75 in", width: 69.85, height: None },
    Size { name: "slide 16:9", width: 160.0, height: Some(90.0) },
];

/// The least and the largest side of a figure, in millimetres.
pub(super) const SIDES: std::ops::RangeInclusive<f32> = 40.0..=1200.0;
/// The resolutions of pictures, in dots per inch.
pub(super) const RESOLUTIONS: [u16; 2] = [300, 600];

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choices {
    pub form: Form,
    /// In millimetres.
    pub width: f32,
    /// In millimetres; `None` for what suits the chart.
    pub height: Option<f32>,
    /// Dots per inch of a picture.
    pub dpi: u16,
    pub theme: Theme,
    /// A title above; blank for none.
    pub title: String,
    pub has_caption: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            form: Form::default(),
            width: SIZES[2].width,
            height: None,
            dpi: RESOLUTIONS[0],
            theme: Theme::Light,
            title: String::new(),
            has_caption: false,
        }
    }
}

impl Choices {
    /// The size by its name; `None` for one of its own.
    pub fn size(&self) -> Option<&'static Size> {
        SIZES.iter().find(|size| (size.width, size.height) == (self.width, self.height))
    }

    /// How a chart is laid out, with these checkpoints standing out.
    pub fn figure(&self, current: Vec<Of>) -> FigureOptions {
        let title = self.title.trim();
        FigureOptions {
            theme: self.theme,
            width: self.width * POINTS_PER_MM,
            height: self.height.map(|height| height * POINTS_PER_MM),
            title: (!title.is_empty()).then(|| title.to_owned()),
            has_caption: self.has_caption,
            current,
        }
    }

    /// Pixels of a picture per point.
    pub fn scale(&self) -> f32 {
        f32::from(self.dpi) / 72.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_the_extension_of_its_files() {
        for form in Form::ALL {
            let name = format!("plane.{}", form.extension());
            assert_eq!(Form::of(Path::new(&name)), Some(form));
            assert_eq!(Form::of(Path::new(&name.to_uppercase())), Some(form));
        }
        for name in ["plane", "plane.eps", "pdf", ""] {
            assert_eq!(Form::of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn sizes_have_names_as_long_as_nothing_else_is_asked() {
        let usual = Choices::default();
        assert_eq!(usual.size().unwrap().name, "Nature, 183 mm");
        assert_eq!(usual.figure(Vec::new()).width, crate::figure::TWO_COLUMNS);
        for size in SIZES {
            assert!(SIDES.contains(&size.width) && size.height.is_none_or(|height| SIDES.contains(&height)));
            let choices = Choices { width: size.width, height: size.height, ..Choices::default() };
            assert_eq!(choices.size(), Some(&size));
            assert_eq!(Choices { height: Some(50.0), ..choices }.size(), None);
        }
    }
}
