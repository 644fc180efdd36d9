//! How the window looks: every colour, size and distance of it, for dark and for light.
//!
//! Data colours (runs, training progress, values) are the figures' own, in [`crate::figure::ink`].

#![expect(clippy::disallowed_methods, reason = "the one place for colours")]

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, RichText, Stroke, TextStyle, Theme, Vec2,
    Visuals, epaint::Shadow, style::HandleShape, style::WidgetVisuals, vec2,
};

use crate::chart::{Color, Line};
use crate::figure::{self, ink};

/// Width of the panel of runs, in points.
pub(super) const RUNS_WIDTH: f32 = 288.0;
/// Width of the panel of settings, in points.
pub(super) const CONTROLS_WIDTH: f32 = 268.0;
/// Width of the labels of settings, so that all of them line up.
pub(super) const LABEL_WIDTH: f32 = 92.0;
/// Width of the number beside a slider.
pub(super) const VALUE_WIDTH: f32 = 50.0;
/// Width of the ring around the widget that has the focus.
pub(super) const FOCUS_RING: f32 = 2.0;

/// The colours that egui's own visuals have no place for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    /// Behind the plane.
    pub ground: Color32,
    /// Behind panels.
    pub panel: Color32,
    /// Fields and cards on a panel.
    pub raised: Color32,
    /// What is hovered.
    pub hovered: Color32,
    /// What is held down.
    pub pressed: Color32,
    /// Between panels, around cards.
    pub line: Color32,
    /// The grid of the plane.
    pub grid: Color32,
    /// Labels and units.
    pub weak: Color32,
    /// Text.
    pub text: Color32,
    /// Headings and numbers.
    pub strong: Color32,
    /// What is selected or in progress.
    pub accent: Color32,
    /// Behind what is selected.
    pub selection: Color32,
    /// What is done.
    pub good: Color32,
    /// What went on with trouble.
    pub warn: Color32,
    /// What failed.
    pub error: Color32,
    shadow: Color32,
}

const DARK: Palette = Palette {
    ground: Color32::from_rgb(13, 15, 18),
    panel: Color32::from_rgb(21, 24, 29),
    raised: Color32::from_rgb(31, 36, 43),
    hovered: Color32::from_rgb(42, 49, 58),
    pressed: Color32::from_rgb(53, 61, 72),
    line: Color32::from_rgb(38, 43, 51),
    grid: Color32::from_rgb(34, 39, 46),
    weak: Color32::from_rgb(134, 145, 158),
    text: Color32::from_rgb(200, 208, 218),
    strong: Color32::from_rgb(241, 245, 249),
    accent: Color32::from_rgb(92, 156, 255),
    selection: Color32::from_rgb(34, 62, 108),
    good: Color32::from_rgb(87, 185, 122),
    warn: Color32::from_rgb(229, 180, 76),
    error: Color32::from_rgb(246, 114, 107),
    shadow: Color32::from_black_alpha(110),
};

const LIGHT: Palette = Palette {
    ground: Color32::from_rgb(255, 255, 255),
    panel: Color32::from_rgb(246, 247, 249),
    raised: Color32::from_rgb(231, 235, 240),
    hovered: Color32::from_rgb(219, 225, 232),
    pressed: Color32::from_rgb(204, 212, 221),
    line: Color32::from_rgb(219, 224, 230),
    grid: Color32::from_rgb(233, 236, 240),
    weak: Color32::from_rgb(101, 112, 124),
    text: Color32::from_rgb(48, 55, 64),
    strong: Color32::from_rgb(13, 17, 23),
    accent: Color32::from_rgb(34, 104, 228),
    selection: Color32::from_rgb(206, 224, 253),
    good: Color32::from_rgb(26, 127, 70),
    warn: Color32::from_rgb(154, 103, 0),
    error: Color32::from_rgb(200, 36, 44),
    shadow: Color32::from_black_alpha(36),
};

/// The colours of the theme a [`egui::Ui`] is drawn in.
pub(super) fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

/// How a colour of a chart looks.
pub(super) fn ink(color: Color, is_dark: bool) -> Color32 {
    let palette = if is_dark { &DARK } else { &LIGHT };
    match color {
        Color::Text => palette.text,
        Color::Muted => palette.weak,
        _ => {
            let theme = if is_dark { figure::Theme::Dark } else { figure::Theme::Light };
            let [r, g, b] = theme.rgb(color);
            Color32::from_rgb(r, g, b)
        }
    }
}

/// Colour of the share of training done.
pub(super) fn progress_color(ui: &egui::Ui, share: f32) -> Color32 {
    ink(Color::Progress(share), ui.visuals().dark_mode)
}

/// The lengths of dash and gap of a line of this colour, in points of the screen; `None` for a whole line.
pub(super) fn dash(line: Line, color: Color) -> Option<[f32; 2]> {
    // Lines of the screen are half as wide again as those of paper.
    Some(ink::dash(line, color)?.map(|length| 1.5 * length))
}

/// A colour moved towards another by a share.
pub(super) fn mixed(color: Color32, other: Color32, share: f32) -> Color32 {
    color.lerp_to_gamma(other, share)
}

/// A colour through which the ground is seen.
pub(super) fn faded(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity)
}

/// The colour of words upon a colour: dark upon light, light upon dark.
pub(super) fn ink_on(ground: Color32) -> Color32 {
    let [r, g, b] =
        [ground.r(), ground.g(), ground.b()].map(|channel| (f32::from(channel) / 255.0).powf(2.2));
    if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 { LIGHT.strong } else { DARK.strong }
}

/// A title over a group of widgets.
pub(super) fn section(ui: &egui::Ui, text: &str) -> RichText {
    RichText::new(text.to_uppercase()).size(10.5).extra_letter_spacing(1.2).color(palette(ui.visuals()).weak)
}

/// A number: equal widths, so that columns line up.
pub(super) fn number(ui: &egui::Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).monospace().color(palette(ui.visuals()).strong)
}

/// Text of less weight.
pub(super) fn weak(ui: &egui::Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).color(palette(ui.visuals()).weak)
}

/// The frame of a panel.
pub(super) fn panel_frame(ui: &egui::Ui, margin: Margin) -> egui::Frame {
    egui::Frame::new().fill(palette(ui.visuals()).panel).inner_margin(margin)
}

/// A card: a thing of its own upon a panel or the plane.
pub(super) fn card_frame(visuals: &Visuals) -> egui::Frame {
    let palette = palette(visuals);
    egui::Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(12, 10))
}

/// Gives both themes their look and lets the desktop choose between them.
pub(super) fn install(ctx: &egui::Context) {
    ctx.options_mut(|options| options.fallback_theme = Theme::Dark);
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, palette);
            style.text_styles = [
                (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
                (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Heading, FontId::new(19.0, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
            ]
            .into();
            style.drag_value_text_style = TextStyle::Monospace;
            let spacing = &mut style.spacing;
            spacing.item_spacing = vec2(8.0, 6.0);
            spacing.button_padding = vec2(8.0, 3.0);
            spacing.interact_size = vec2(28.0, 22.0);
            spacing.slider_rail_height = 4.0;
            spacing.menu_margin = Margin::same(6);
            spacing.window_margin = Margin::same(14);
            spacing.tooltip_width = 320.0;
            spacing.icon_width = 15.0;
            spacing.icon_width_inner = 9.0;
            spacing.icon_spacing = 6.0;
        });
    }
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    let radius = CornerRadius::same(5);
    let widget = |fill: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::NONE,
        corner_radius: radius,
        fg_stroke: Stroke::new(1.2, text),
        expansion: 0.0,
    };
    visuals.widgets.inactive = widget(palette.raised, palette.text);
    visuals.widgets.hovered = widget(palette.hovered, palette.strong);
    visuals.widgets.active = widget(palette.pressed, palette.strong);
    visuals.widgets.open = widget(palette.hovered, palette.strong);
    visuals.widgets.noninteractive =
        WidgetVisuals { bg_stroke: Stroke::new(1.0, palette.line), ..widget(palette.panel, palette.text) };
    visuals.weak_text_color = Some(palette.weak);
    visuals.selection.bg_fill = palette.selection;
    visuals.selection.stroke = Stroke::new(1.2, palette.strong);
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = palette.raised;
    visuals.extreme_bg_color = palette.raised;
    visuals.code_bg_color = palette.raised;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.error;
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(7);
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: palette.shadow };
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: palette.shadow };
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = HandleShape::Circle;
    visuals.indent_has_left_vline = false;
    visuals
}

/// The size of a button that holds an icon.
pub(super) fn icon_size(ui: &egui::Ui) -> Vec2 {
    Vec2::splat(ui.spacing().interact_size.y + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours after WCAG 2, from 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |color: Color32| {
            let linear = [color.r(), color.g(), color.b()].map(|channel| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_ring_of_the_focus_stands_out_from_all_it_lies_on() {
        for palette in [&DARK, &LIGHT] {
            for ground in [palette.panel, palette.ground, palette.raised, palette.hovered] {
                let contrast = contrast(palette.accent, ground);
                assert!(contrast >= 3.0, "{:?} on {ground:?}: {contrast:.2}", palette.accent);
            }
        }
    }
}
