//! How the file browser looks, and its keys.

use eframe::egui::{
    self, Align, Context, Event, EventFilter, Key, Layout, Modifiers, Rect, Response, RichText, Role, Sense,
    Ui, WidgetInfo, vec2,
};

use super::super::theme::{self, palette};
use super::{Browser, Focus, Outcome};

/// The height of an entry's row, in points of the screen.
const ROW: f32 = 22.0;
/// The room for the buttons beside the path, in points of the screen.
const PLACES: f32 = 180.0;
/// Rows that Page up and Page down move by.
const PAGE: isize = 10;

/// Draws the browser over the window.
pub(super) fn browser_ui(ctx: &Context, browser: &mut Browser) {
    let visuals = ctx.global_style().visuals.clone();
    let frame = theme::card_frame(&visuals).inner_margin(egui::Margin::same(16));
    let room = ctx.content_rect().size();
    // Before the modal reads Escape, which clears the filter first.
    if browser.takes_escape()
        && !egui::Popup::is_any_open(ctx)
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        browser.escape();
    }
    let modal = egui::Modal::new(egui::Id::unique("file browser")).frame(frame).show(ctx, |ui| {
        ui.set_width((room.x - 80.0).clamp(300.0, 640.0));
        ui.label(RichText::new(browser.question.title()).heading().color(palette(ui.visuals()).strong));
        ui.add(egui::Label::new(theme::weak(ui, &browser.note).small()).wrap());
        ui.add_space(6.0);
        path_ui(ui, browser);
        ui.add_space(4.0);
        list_ui(ui, browser, (room.y - 320.0).clamp(110.0, 360.0));
        state_ui(ui, browser);
        if browser.question.saves().is_some() {
            name_ui(ui, browser);
        }
        ui.add_space(6.0);
        if browser.replaces.is_some() { replace_ui(ui, browser) } else { buttons_ui(ui, browser) }
    });
    if modal.should_close() && browser.outcome.is_none() {
        browser.outcome = Some(Outcome::Closed);
    }
}

/// Draws where the browser is and the ways elsewhere.
fn path_ui(ui: &mut Ui, browser: &mut Browser) {
    ui.horizontal(|ui| {
        let ctx = ui.ctx().clone();
        let label = ui.label(theme::weak(ui, "Path"));
        let width = (ui.available_width() - PLACES).max(80.0);
        let edit = egui::TextEdit::singleline(&mut browser.path).desired_width(width);
        let response = ui.add(edit).labelled_by(label.id);
        focus(browser, Focus::Path, &response);
        if entered(ui, &response) {
            let text = browser.path.clone();
            browser.go_to_text(&ctx, &text);
        }
        if ui.button("Up").on_hover_text("The folder above (Backspace)").clicked() {
            browser.go_up(&ctx);
            browser.focus = Some(Focus::List);
        }
        let mut place = None;
        if ui.button("Home").on_hover_text("Your home folder (Alt+Home)").clicked() {
            place = dirs::home_dir();
        }
        ui.menu_button("Places", |ui| {
            // The latest first.
            for folder in browser.places.iter().rev() {
                if ui.button(folder.to_string_lossy()).clicked() {
                    place = Some(folder.clone());
                }
            }
        });
        if let Some(folder) = place {
            browser.go(&ctx, folder);
            browser.focus = Some(Focus::List);
        }
    });
}

/// Whether Enter was pressed in a field.
fn entered(ui: &Ui, response: &Response) -> bool {
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// Gives a part the focus where it is its turn.
fn focus(browser: &mut Browser, part: Focus, response: &Response) {
    if browser.focus == Some(part) {
        browser.focus = None;
        response.request_focus();
    }
}

/// Draws the entries as one stop of Tab with arrows inside.
fn list_ui(ui: &mut Ui, browser: &mut Browser, height: f32) {
    let list = ui.scope_id().with("entries");
    let ctx = ui.ctx().clone();
    let follow = std::mem::take(&mut browser.follow);
    let (mut clicked, mut opened) = (None, false);
    let frame = egui::Frame::new().fill(palette(ui.visuals()).ground).corner_radius(5).inner_margin(4);
    let area = frame.show(ui, |ui| {
        ui.set_min_size(vec2(ui.available_width(), height));
        ui.spacing_mut().item_spacing.y = 0.0;
        let rows = browser.seen.len();
        let area = egui::ScrollArea::vertical().id_salt("entries").max_height(height).auto_shrink(false);
        area.show_rows(ui, ROW, rows, |ui, range| {
            let top = ui.cursor().top();
            for row in range.clone() {
                let response = row_ui(ui, browser, row);
                if response.clicked() {
                    clicked = Some(row);
                }
                opened |= response.double_clicked();
            }
            if let (true, Some(row)) = (follow, browser.selected) {
                let y = top + (row as f32 - range.start as f32) * ROW;
                let place = Rect::from_min_size(egui::pos2(ui.max_rect().left(), y), vec2(1.0, ROW));
                ui.scroll_to_rect(place, None);
            }
        })
        .inner_rect
    });
    let response = ui.interact(area.inner, list, Sense::focusable_noninteractive());
    let (enabled, name) = (ui.is_enabled(), format!("Entries of {}", browser.listing.folder.display()));
    response.widget_info(|| WidgetInfo::labeled(Role::ListBox, enabled, &name));
    focus(browser, Focus::List, &response);
    if browser.focus.is_none()
        && ui.memory(|memory| memory.focused().is_none())
        && !egui::Popup::is_any_open(&ctx)
    {
        response.request_focus();
    }
    if let Some(row) = clicked {
        browser.selected = Some(row);
        response.request_focus();
    }
    if opened {
        browser.activate(&ctx);
    } else if response.has_focus() && !response.gained_focus() {
        // A key that moved the focus here was meant for where it came from.
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, escape: true, tab: false };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(list, filter));
        keys(&ctx, browser);
    }
}

fn row_ui(ui: &mut Ui, browser: &Browser, row: usize) -> Response {
    let palette = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::CLICK);
    let Some(entry) = browser.entry(row) else { return response };
    let (enabled, selected) = (ui.is_enabled(), browser.selected == Some(row));
    let name = || format!("{}, {}", entry.shown, if entry.is_folder { "folder" } else { "file" });
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, enabled, selected, name()));
    if selected {
        ui.painter().rect_filled(rect, 4.0, palette.selection);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, palette.raised);
    }
    if entry.is_folder {
        let body = Rect::from_min_size(rect.left_center() + vec2(6.0, -4.0), vec2(13.0, 9.0));
        let tab = Rect::from_min_size(body.min - vec2(0.0, 2.0), vec2(6.0, 4.0));
        ui.painter().rect_filled(tab, 1.0, palette.accent);
        ui.painter().rect_filled(body, 1.5, palette.accent);
    }
    let color = match (selected, entry.is_folder || !browser.question.takes_folders()) {
        (true, _) => palette.strong,
        (false, true) => palette.text,
        (false, false) => palette.weak,
    };
    let inner = Rect::from_min_max(rect.min + vec2(26.0, 0.0), rect.max - vec2(6.0, 0.0));
    let layout = Layout::left_to_right(Align::Center);
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout));
    ui.add(egui::Label::new(RichText::new(&entry.shown).color(color)).truncate().selectable(false));
    response
}

/// Reads the keys of the list.
fn keys(ctx: &Context, browser: &mut Browser) {
    let count = |modifiers, key| ctx.input_mut(|input| input.count_and_consume_key(modifiers, key)) as isize;
    let pressed = |modifiers, key| count(modifiers, key) > 0;
    if pressed(Modifiers::ALT, Key::ArrowUp) || pressed(Modifiers::NONE, Key::ArrowLeft) {
        browser.go_up(ctx);
    }
    if pressed(Modifiers::ALT, Key::Home)
        && let Some(home) = dirs::home_dir()
    {
        browser.go(ctx, home);
    }
    if pressed(Modifiers::COMMAND, Key::L) {
        browser.focus = Some(Focus::Path);
    }
    for (key, rows) in [(Key::ArrowUp, -1), (Key::ArrowDown, 1), (Key::PageUp, -PAGE), (Key::PageDown, PAGE)]
    {
        let times = count(Modifiers::NONE, key);
        if times > 0 {
            browser.move_selection(rows.saturating_mul(times));
        }
    }
    for (key, end) in [(Key::Home, 0), (Key::End, usize::MAX)] {
        if pressed(Modifiers::NONE, key) {
            browser.select(end);
        }
    }
    if pressed(Modifiers::COMMAND, Key::Enter) {
        browser.choose(ctx);
    } else if pressed(Modifiers::NONE, Key::Enter) {
        browser.activate(ctx);
    }
    if pressed(Modifiers::NONE, Key::ArrowRight)
        && browser.selected_entry().is_some_and(|entry| entry.is_folder)
    {
        browser.activate(ctx);
    }
    if pressed(Modifiers::NONE, Key::Backspace) {
        let mut filter = browser.filter.clone();
        match filter.pop() {
            Some(_) => browser.set_filter(filter),
            None => browser.go_up(ctx),
        }
    }
    let events = ctx.input(|input| input.events.clone());
    for event in events {
        match event {
            Event::Text(text) => {
                let filter = format!("{}{text}", browser.filter);
                browser.set_filter(filter);
            }
            Event::Paste(text) => browser.go_to_text(ctx, &text),
            _ => {}
        }
    }
}

/// Says how the list comes to be as it is, in one line.
fn state_ui(ui: &mut Ui, browser: &Browser) {
    let palette = palette(ui.visuals());
    let (text, color) = if let Some(error) = &browser.error {
        (format!("× {error}"), palette.error)
    } else if let Some(path) = browser.looker.pending() {
        (format!("Looking into {}…", path.display()), palette.weak)
    } else if !browser.filter.is_empty() {
        (format!("Names with “{}”: {}", browser.filter, browser.seen.len()), palette.text)
    } else if browser.listing.is_cut {
        (
            format!("The first {} entries; type the path of others", browser.listing.entries.len()),
            palette.warn,
        )
    } else if browser.listing.entries.is_empty() {
        ("This folder is empty.".to_owned(), palette.weak)
    } else if browser.seen.is_empty() {
        ("All names here begin with a dot: type one to see them".to_owned(), palette.weak)
    } else {
        ("Type to filter, Enter to go into a folder, Backspace to go up".to_owned(), palette.weak)
    };
    ui.add(egui::Label::new(RichText::new(text).small().color(color)).truncate());
}

fn name_ui(ui: &mut Ui, browser: &mut Browser) {
    ui.horizontal(|ui| {
        let ctx = ui.ctx().clone();
        let label = ui.label(theme::weak(ui, "Name"));
        let edit = egui::TextEdit::singleline(&mut browser.name).desired_width(ui.available_width());
        let response = ui.add(edit).labelled_by(label.id);
        focus(browser, Focus::Name, &response);
        if response.changed() {
            // What is typed is what is meant.
            browser.selected = None;
        }
        if entered(ui, &response) {
            browser.selected = None;
            browser.choose(&ctx);
        }
    });
}

fn buttons_ui(ui: &mut Ui, browser: &mut Browser) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let ctx = ui.ctx().clone();
        let choice = browser.choice();
        let text = choice.clone().unwrap_or_else(|| "Open".to_owned());
        let button = egui::Button::new(text).truncate();
        if ui.add_enabled(choice.is_some(), button).on_hover_text("Ctrl+Enter").clicked() {
            browser.choose(&ctx);
        }
        if ui.button("Cancel").clicked() {
            browser.outcome = Some(Outcome::Closed);
        }
    });
}

/// Draws the question whether a file is to be replaced.
fn replace_ui(ui: &mut Ui, browser: &mut Browser) {
    let file = browser.replaces.as_deref().unwrap_or(std::path::Path::new(""));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let question = format!("! {name} is there already. Replace it?");
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(question).color(palette(ui.visuals()).warn));
        let keep = ui.button("Choose another name");
        focus(browser, Focus::Keep, &keep);
        if keep.clicked() {
            browser.keep();
        }
        if ui.button("Replace").clicked() {
            browser.replace();
        }
    });
}
