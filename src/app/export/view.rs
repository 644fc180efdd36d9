//! The dialog on screen.

use eframe::egui::{
    self, Align, Button, Context, Key, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2,
};

use super::choices::{Choices, Form, Scope, TRUE_SIZE, Zoom};
use super::controls::{controls_ui, one_ui};
use super::file::There;
use super::preview::{Drawn, Look, Pixelled, Shape};
use super::spec::Spec;
use super::{Ask, Dialog, Given, Step, modal_id};
use crate::app::Action;
use crate::app::status;
use crate::app::theme::{self, palette};
use crate::error::Result;
use crate::figure::{POINTS_PER_MM, Vision};
use crate::state::Severity;
use crate::words::counted;

/// The dialog with its margins, in points of the screen; smaller where the window is.
const SIZE: [f32; 2] = [880.0, 600.0];
/// Around the dialog.
const AROUND: f32 = 16.0;
/// Within its edge.
const MARGIN: f32 = 16.0;
/// The width of the column of choices.
const CHOICES: f32 = 284.0;
/// The height of all below preview and choices.
const BELOW: f32 = 116.0;

/// Draws the dialog; what is to be exported, and what was asked.
pub(super) fn dialog_ui(
    ctx: &Context,
    dialog: &mut Dialog,
    choices: &mut Choices,
    given: &Given<'_>,
    actions: &mut Vec<Action>,
) -> (Spec, Option<Ask>) {
    let panel = &given.panels[given.place];
    let spec = Spec::new(given.state, panel.view, panel.options.clone(), choices.clone());
    let visuals = ctx.global_style().visuals.clone();
    let frame = theme::card_frame(&visuals).inner_margin(egui::Margin::same(MARGIN as i8));
    let room = ctx.content_rect().size();
    let size = vec2(SIZE[0].min(room.x - 2.0 * AROUND), SIZE[1].min(room.y - 2.0 * AROUND));
    let size = size - egui::Vec2::splat(2.0 * MARGIN + 2.0);
    // Where nothing has the focus Enter exports, for it has nothing else to do.
    let enters = ctx.input(|input| input.key_pressed(Key::Enter))
        && ctx.memory(|memory| memory.focused().is_none())
        && !egui::Popup::is_any_open(ctx);
    let mut ask = (enters && given.has_keys && dialog.step == Step::Choosing).then_some(Ask::Export);
    let modal = egui::Modal::new(modal_id()).frame(frame).show(ctx, |ui| {
        ui.set_width(size.x);
        ui.set_height(size.y);
        ui.label(RichText::new("Export figure").heading().color(palette(ui.visuals()).strong));
        let height = (ui.available_height() - BELOW).max(120.0);
        ui.horizontal_top(|ui| {
            let area = vec2(size.x - CHOICES - 16.0, height);
            let (area, _) = ui.allocate_exact_size(area, Sense::hover());
            let (bar, area) = area.split_top_bottom_at_y(area.top() + BAR);
            dialog.preview.ask(ui.ctx(), &spec, shape(ui, dialog, area));
            preview_ui(ui, area, dialog.zoom, dialog.preview.shown());
            let is_drawn = choices.form != Form::Csv;
            bar_ui(ui, bar, dialog, is_drawn);
            ui.add_space(8.0);
            ui.vertical(|ui| {
                ui.set_width(CHOICES);
                ui.set_max_height(height);
                let laid_out = match dialog.preview.shown() {
                    Some(Ok((_, Look::Figure { size, .. }))) => Some(*size),
                    _ => None,
                };
                if controls_ui(ui, dialog, choices, given, laid_out) {
                    ask = Some(Ask::Export);
                }
            });
        });
        ui.add_space(2.0);
        findings_ui(ui, choices.form, dialog.preview.shown());
        ask = file_ui(ui, dialog, choices, given).or(ask);
        note_ui(ui, dialog, choices, given, actions);
        ask = buttons_ui(ui, dialog, &spec, given).or(ask);
    });
    if modal.should_close() {
        ask = Some(Ask::Close);
    }
    (spec, ask)
}

/// The height of the line above the preview.
const BAR: f32 = 30.0;

/// The picture that the preview needs in an area.
fn shape(ui: &Ui, dialog: &Dialog, area: Rect) -> Shape {
    let scale = ui.ctx().pixels_per_point();
    let pixels = match dialog.zoom {
        Zoom::Fit => {
            let pixels = (picture_room(area).size() * scale).max(egui::Vec2::splat(16.0));
            Pixelled::Within([pixels.x as u32, pixels.y as u32])
        }
        Zoom::True => {
            let most = ui.input(|input| input.max_texture_side) as u32;
            Pixelled::Scale(TRUE_SIZE * scale, most)
        }
    };
    Shape { pixels, vision: dialog.vision }
}

/// Draws who the preview is seen by, and how large.
fn bar_ui(ui: &mut Ui, bar: Rect, dialog: &mut Dialog, is_drawn: bool) {
    if !is_drawn {
        return;
    }
    let bar = bar.with_max_y(bar.max.y - 4.0);
    let (left, right) = bar.split_left_right_at_x(bar.right() - ZOOM);
    let layout = Layout::left_to_right(Align::Center);
    let mut left = ui.new_child(egui::UiBuilder::new().max_rect(left).layout(layout));
    left.label(theme::weak(&left, "View"))
        .on_hover_text("The preview as others see it; the file stays in colour");
    dialog.vision = one_ui(&mut left, dialog.vision, Vision::ALL, Vision::name).unwrap_or(dialog.vision);
    let right = right.with_min_x(right.min.x + 12.0);
    let mut right = ui.new_child(egui::UiBuilder::new().max_rect(right).layout(layout));
    dialog.zoom = one_ui(&mut right, dialog.zoom, Zoom::ALL, Zoom::name).unwrap_or(dialog.zoom);
}

/// The width of the choice of how large a preview is, with the gap before it.
const ZOOM: f32 = 134.0;

/// The room for a picture, below which its size is written.
fn picture_room(area: Rect) -> Rect {
    Rect::from_min_max(area.min, area.max - vec2(0.0, 22.0)).shrink(8.0)
}

/// Draws what will be written.
fn preview_ui(ui: &mut Ui, area: Rect, zoom: Zoom, shown: Option<&Result<Drawn>>) {
    let palette = palette(ui.visuals());
    ui.painter().rect_filled(area, 4.0, palette.raised);
    let mut inside = ui.new_child(
        egui::UiBuilder::new().max_rect(area.shrink(8.0)).layout(Layout::bottom_up(Align::Center)),
    );
    let ui = &mut inside;
    match shown {
        None => {
            ui.label(theme::weak(ui, "Drawing…"));
        }
        Some(Err(error)) => {
            ui.with_layout(Layout::top_down(Align::Center).with_main_align(Align::Center), |ui| {
                ui.add(egui::Label::new(theme::weak(ui, error.to_string())).wrap());
            });
        }
        Some(Ok((chart, Look::Figure { picture, size: [width, height], .. }))) => {
            let words = format!("{} × {} mm", tenths(*width), tenths(*height));
            ui.label(theme::weak(ui, &words).small());
            let room = picture_room(area);
            let on_paper = vec2(*width, *height) * (POINTS_PER_MM * TRUE_SIZE);
            let fitting = (room.size() / on_paper).min_elem();
            let size = if zoom == Zoom::True { on_paper } else { on_paper * fitting };
            let draw = |ui: &mut Ui, rect: Rect| {
                let image = egui::Image::new(picture).fit_to_exact_size(size);
                ui.put(rect, image).widget_info(|| {
                    WidgetInfo::labeled(Role::Image, true, format!("Preview of {}, {words}", chart.title))
                });
                let edge = egui::Stroke::new(1.0, palette.line);
                ui.painter().rect_stroke(rect, 0.0, edge, egui::StrokeKind::Outside);
            };
            if zoom == Zoom::Fit || fitting >= 1.0 {
                return draw(ui, Rect::from_center_size(room.center(), size));
            }
            let layout = Layout::top_down(Align::Min);
            let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(room).layout(layout));
            egui::ScrollArea::both().id_salt("picture").auto_shrink(false).show(&mut inside, |ui| {
                // In the middle of the side that it does not fill.
                let spare = (room.size() - size).max(egui::Vec2::ZERO);
                let (area, _) = ui.allocate_exact_size(size.max(room.size()), Sense::hover());
                draw(ui, Rect::from_min_size(area.min + 0.5 * spare, size));
            });
        }
        Some(Ok((_, Look::Table { head, rows }))) => {
            let words = format!("{rows} {}", if *rows == 1 { "row" } else { "rows" });
            ui.label(theme::weak(ui, words).small());
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                egui::ScrollArea::both().id_salt("table").auto_shrink(false).show(ui, |ui| {
                    ui.add(egui::Label::new(RichText::new(head).monospace().size(11.0)).extend());
                });
            });
        }
    }
}

/// A length to the tenth.
fn tenths(length: f32) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Draws what the figure was checked for, and what was found.
fn findings_ui(ui: &mut Ui, form: Form, shown: Option<&Result<Drawn>>) {
    let finding_ui = |ui: &mut Ui, is_good: bool, words: &str, faults: &[String]| {
        let palette = palette(ui.visuals());
        let (severity, color) = match is_good {
            true => (Severity::Good, palette.good),
            false => (Severity::Warning, palette.warn),
        };
        ui.spacing_mut().item_spacing.x = 4.0;
        status::severity_mark(ui, severity, color);
        let label = ui.label(RichText::new(words).small().color(palette.text));
        if !faults.is_empty() {
            label.on_hover_text(faults.iter().take(12).cloned().collect::<Vec<_>>().join("\n"));
        }
        ui.add_space(10.0);
    };
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        let Some(Ok((_, Look::Figure { findings, embeds, .. }))) = shown else { return };
        for finding in findings {
            finding_ui(ui, finding.is_good(), &finding.words(), &finding.faults);
        }
        match embeds {
            Some(true) => finding_ui(ui, true, "fonts embedded", &[]),
            Some(false) => finding_ui(ui, false, "fonts not embedded", &[]),
            None if form == Form::Svg => {
                ui.label(theme::weak(ui, "fonts are the reader's").small());
            }
            None => {}
        }
    });
}

/// Draws the field of the file.
fn file_ui(ui: &mut Ui, dialog: &mut Dialog, choices: &mut Choices, given: &Given<'_>) -> Option<Ask> {
    let mut ask = None;
    ui.horizontal(|ui| {
        let label = ui.label(theme::weak(ui, "File"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let can = !given.is_asking && dialog.step != Step::Writing;
            let browse = ui.add_enabled(can, Button::new("Browse…"));
            if browse.on_hover_text("Choose the folder in a dialog").clicked() {
                ask = Some(Ask::Browse);
            }
            let edit = egui::TextEdit::singleline(&mut dialog.file.text)
                .hint_text("a folder and a name")
                .desired_width(f32::INFINITY);
            let field = ui.add(edit).labelled_by(label.id);
            if field.changed() {
                dialog.file.typed();
                (dialog.step, dialog.note) = (Step::Choosing, None);
                if let Some(form) = Form::of(std::path::Path::new(dialog.file.text.trim())) {
                    choices.form = form;
                }
            }
            if field.lost_focus() && given.has_keys && ui.input(|input| input.key_pressed(Key::Enter)) {
                ask = Some(Ask::Export);
            }
        });
    });
    ask
}

/// Says what would become of the file that is there, or what went wrong, in one line.
fn note_ui(
    ui: &mut Ui,
    dialog: &mut Dialog,
    choices: &Choices,
    given: &Given<'_>,
    actions: &mut Vec<Action>,
) {
    if given.offers_own {
        return status::waiting_ui(ui, actions);
    }
    let targets = dialog.targets(given.panels, given.place, choices.form);
    let there = dialog.file.there(ui.ctx(), &targets);
    let is_all = dialog.scope == Scope::All;
    let note = match (dialog.step, &dialog.note, targets.first(), there) {
        (Step::Writing, ..) => Some((Severity::Info, "Writing…".to_owned())),
        (_, Some(note), ..) => Some(note.clone()),
        (Step::Asked, ..) => Some((Severity::Info, "Looking whether a file is there…".to_owned())),
        (_, None, Some(_), Some(There::Files(_))) if !is_all => {
            Some((Severity::Warning, "replaces the file that is there".to_owned()))
        }
        (_, None, Some(_), Some(There::Files(count))) => {
            let said =
                format!("replaces {} of {}: {}", count, counted(targets.len(), "file"), names(&targets));
            Some((Severity::Warning, said))
        }
        (_, None, Some(_), Some(There::Trouble(error))) => Some((Severity::Warning, error)),
        (_, None, Some(_), _) if is_all => {
            Some((Severity::Info, format!("writes {}: {}", counted(targets.len(), "file"), names(&targets))))
        }
        (_, None, Some(target), _) if target.to_string_lossy() != dialog.file.text.trim() => {
            Some((Severity::Info, format!("writes {}", target.display())))
        }
        (_, None, None, _) => Some((Severity::Info, "a file name is needed".to_owned())),
        _ => None,
    };
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        let Some((severity, text)) = note else { return };
        let color = status::severity_color(severity, palette(ui.visuals()));
        status::severity_mark(ui, severity, color);
        let label = egui::Label::new(RichText::new(&text).small().color(color)).truncate();
        ui.add(label).on_hover_text(text);
    });
}

/// The names of files, without their folder.
fn names(files: &[std::path::PathBuf]) -> String {
    let names = files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy());
    names.collect::<Vec<_>>().join(", ")
}

/// Draws the buttons.
fn buttons_ui(ui: &mut Ui, dialog: &mut Dialog, spec: &Spec, given: &Given<'_>) -> Option<Ask> {
    let mut ask = None;
    ui.horizontal(|ui| {
        let is_drawn = spec.choices.form != Form::Csv;
        let picture = ui.add_enabled(is_drawn && !given.is_copying, Button::new("Copy picture"));
        if picture.on_hover_text("The picture to the clipboard").clicked() {
            ask = Some(Ask::CopyPicture);
        }
        let has_chart = dialog.preview.chart_of(spec).is_some();
        let command = ui.add_enabled(has_chart, Button::new("Copy command"));
        if command.on_hover_text("The command line that remakes the figure, to the clipboard").clicked() {
            ask = Some(Ask::CopyCommand);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let targets = dialog.targets(given.panels, given.place, spec.choices.form);
            let (name, does) = match dialog.file.there(ui.ctx(), &targets) {
                Some(There::Files(_)) => ("Replace", Ask::Replace),
                _ => ("Export", Ask::Export),
            };
            let fill = palette(ui.visuals()).selection;
            let text = RichText::new(name).color(palette(ui.visuals()).strong);
            let export = ui.add_enabled(dialog.step == Step::Choosing, Button::new(text).fill(fill));
            if std::mem::take(&mut dialog.takes_focus) {
                export.request_focus();
            }
            if export.on_hover_text("Enter").clicked() {
                ask = Some(does);
            }
            if ui.button("Cancel").clicked() {
                ask = Some(Ask::Close);
            }
        });
    });
    ask
}
