//! What of an exported figure can be chosen beside what it shows.

use std::path::Path;

use serde_json::{Map, Value};

use crate::chart::{Of, named};
use crate::figure::{FigureOptions, POINTS_PER_MM, Theme};

named! {
    /// The form of a file.
    Form {
        /// Text as text, fonts embedded: for papers.
        #[default]
        Pdf = "PDF",
        /// Text as text in the reader's fonts: for web pages, and to be edited.
        Svg = "SVG",
        /// Pixels: for slides and chats.
        Png = "PNG",
        /// The numbers, a row a datum.
        Csv = "CSV",
    }
}

named! {
    /// What is exported.
    Scope {
        /// The figure of one panel.
        #[default]
        Panel = "this panel",
        /// The figures of all panels that are open, a file each.
        All = "all open panels",
    }
}

named! {
    /// How large a preview is.
    Zoom {
        /// As large as there is room.
        #[default]
        Fit = "fit",
        /// As on paper, on a screen of 96 dots per inch.
        True = "true size",
    }
}

/// Points of the screen per point of paper in a preview of true size: 96 to the inch of the one, 72 of the other.
pub(super) const TRUE_SIZE: f32 = 96.0 / 72.0;

impl Form {
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
        Self::ALL.iter().copied().find(|form| extension.eq_ignore_ascii_case(form.extension()))
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
    /// What is kept of them from one window to the next, by name: what is as usual is left out, and so is the title, which is
    /// of one figure.
    pub fn kept(&self) -> Map<String, Value> {
        let usual = Self::default();
        let kept = [
            ("form", Value::from(self.form.extension()), self.form != usual.form),
            ("width", self.width.into(), self.width != usual.width),
            ("height", self.height.into(), self.height != usual.height),
            ("dpi", self.dpi.into(), self.dpi != usual.dpi),
            ("dark", true.into(), self.theme == Theme::Dark),
            ("caption", self.has_caption.into(), self.has_caption != usual.has_caption),
        ];
        kept.into_iter()
            .filter(|(.., is_other)| *is_other)
            .map(|(name, value, _)| (name.to_owned(), value))
            .collect()
    }

    /// What was kept. What has no such value is as usual.
    pub fn of(kept: &Map<String, Value>) -> Self {
        let usual = Self::default();
        let side = |name: &str| {
            let side = kept.get(name)?.as_f64()? as f32;
            SIDES.contains(&side).then_some(side)
        };
        let is = |name: &str| kept.get(name).and_then(Value::as_bool);
        let form = kept.get("form").and_then(Value::as_str);
        let form = form.and_then(|form| Form::ALL.iter().copied().find(|of| of.extension() == form));
        let dpi = kept.get("dpi").and_then(Value::as_u64);
        Self {
            form: form.unwrap_or_default(),
            width: side("width").unwrap_or(usual.width),
            height: side("height"),
            dpi: RESOLUTIONS.into_iter().find(|of| dpi == Some(u64::from(*of))).unwrap_or(usual.dpi),
            theme: if is("dark") == Some(true) { Theme::Dark } else { Theme::Light },
            has_caption: is("caption").unwrap_or(usual.has_caption),
            ..usual
        }
    }

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
        for &form in Form::ALL {
            let name = format!("plane.{}", form.extension());
            assert_eq!(Form::of(Path::new(&name)), Some(form));
            assert_eq!(Form::of(Path::new(&name.to_uppercase())), Some(form));
        }
        for name in ["plane", "plane.eps", "pdf", ""] {
            assert_eq!(Form::of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn choices_come_back_as_they_were_but_for_the_title() {
        assert!(Choices::default().kept().is_empty(), "what is as usual is not written");
        for &form in Form::ALL {
            let chosen = Choices {
                form,
                width: 69.85,
                height: Some(60.5),
                dpi: 600,
                theme: Theme::Dark,
                title: "of one figure".to_owned(),
                has_caption: true,
            };
            let written = serde_json::to_vec(&chosen.kept()).unwrap();
            let read = Choices::of(&serde_json::from_slice(&written).unwrap());
            assert_eq!(read, Choices { title: String::new(), ..chosen });
        }
        let odd =
            "{\"form\": \"eps\", \"width\": 3, \"height\": \"high\", \"dpi\": 1, \"dark\": 7, \"next\": []}";
        assert_eq!(Choices::of(&serde_json::from_str(odd).unwrap()), Choices::default());
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
