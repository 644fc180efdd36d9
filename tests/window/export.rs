//! The export of a panel's figure: the dialog by its keys and names, the files it writes, and the clipboard.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{self, Event, Key, Modifiers, OutputCommand, Rect, Theme, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use infoplane::engine::{self, RunList};
use infoplane::results::JoinedRun;
use infoplane::settings::Settings;
use infoplane::state::Severity;
use infoplane::views::View;

use super::desktops::{Cancelled, Missing};
use super::harness::{Answers, Window};
use super::panels::open;
use super::stand_in::{results as results_of, start};

/// Every control of the dialog.
const CONTROLS: [(Role, &str); 27] = [
    (Role::RadioButton, "colour"),
    (Role::RadioButton, "deuteranopia"),
    (Role::RadioButton, "protanopia"),
    (Role::RadioButton, "grey"),
    (Role::RadioButton, "fit"),
    (Role::RadioButton, "true size"),
    (Role::RadioButton, "this panel"),
    (Role::RadioButton, "all open panels"),
    (Role::ComboBox, "Panel"),
    (Role::RadioButton, "PDF"),
    (Role::RadioButton, "SVG"),
    (Role::RadioButton, "PNG"),
    (Role::RadioButton, "CSV"),
    (Role::RadioButton, "300 dpi"),
    (Role::RadioButton, "600 dpi"),
    (Role::ComboBox, "Size"),
    (Role::SpinButton, "Width"),
    (Role::SpinButton, "Height"),
    (Role::CheckBox, "automatic"),
    (Role::RadioButton, "light"),
    (Role::RadioButton, "dark"),
    (Role::TextInput, "Title"),
    (Role::CheckBox, "Caption"),
    (Role::TextInput, "File"),
    (Role::Button, "Browse…"),
    (Role::Button, "Copy picture"),
    (Role::Button, "Cancel"),
];

/// What a figure is checked for, as it is said of a good one.
const FINDINGS: [&str; 4] = ["text ≥ 5 pt", "lines ≥ 0.25 pt", "no labels overlap", "no text cut off"];

fn is_open(window: &Window) -> bool {
    window.harness.query_by_role_and_label(Role::TextInput, "File").is_some()
}

/// Replaces what stands in a field.
fn type_into(window: &mut Window, field: &str, text: &str) {
    window.harness.get_by_role_and_label(Role::TextInput, field).focus();
    window.harness.run_steps(2);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.key_press(Key::Backspace);
    window.harness.event(Event::Text(text.to_owned()));
    window.harness.run_steps(2);
}

fn field(window: &Window, name: &str) -> String {
    let node = window.harness.get_by_role_and_label(Role::TextInput, name);
    node.accesskit_node().value().unwrap_or_default()
}

/// Exports to a file, by Enter in its field; the bytes.
fn export(window: &mut Window, path: &Path) -> Vec<u8> {
    if !is_open(window) {
        window.open_export();
    }
    type_into(window, "File", &path.to_string_lossy());
    window.press(Key::Enter);
    let said = (Severity::Good, format!("Figure written to {}", path.display()));
    window.until("it is written", |window| {
        window.app().state().messages.last().map(|last| (last.severity, last.text.clone()))
            == Some(said.clone())
    });
    assert!(!is_open(window), "the dialog closes once the file is there");
    std::fs::read(path).expect("the file")
}

/// What the window puts on the clipboard once a button is pressed.
fn copied(window: &mut Window, button: &str) -> OutputCommand {
    window.until("it can be pressed", |window| {
        let node = window.harness.query_by_role_and_label(Role::Button, button);
        node.is_some_and(|node| !node.accesskit_node().is_disabled())
    });
    window.harness.get_by_role_and_label(Role::Button, button).click();
    for _ in 0..10_000 {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        if let Some(copied) =
            commands.iter().find(|of| matches!(of, OutputCommand::CopyText(_) | OutputCommand::CopyImage(_)))
        {
            let copied = copied.clone();
            window.harness.run_steps(2);
            return copied;
        }
        std::thread::yield_now();
    }
    panic!("{button} copies nothing");
}

fn copied_text(window: &mut Window) -> String {
    match copied(window, "Copy command") {
        OutputCommand::CopyText(text) => text,
        other => panic!("{other:?}"),
    }
}

fn recorded() -> Window {
    let settings = Settings { points: 50, ..Settings::default() };
    let file = PathBuf::from("/my results/a.json");
    Window::recorded(vec![(file, results_of("gutenberg-1m", settings))], (1280.0, 800.0))
}

#[test]
fn the_dialog_opens_from_everywhere_and_everything_in_it_has_a_name() {
    let mut window = Window::measured();
    window.open_export();
    for (role, name) in CONTROLS.into_iter().chain([(Role::Button, "Copy command"), (Role::Button, "Export")])
    {
        assert!(window.harness.query_by_role_and_label(role, name).is_some(), "{role:?} {name}");
    }
    for finding in FINDINGS.into_iter().chain(["fonts embedded"]) {
        assert!(window.has(finding), "{finding}");
    }
    assert_eq!(window.focused(), Some((Role::Button, "Export".to_owned())));
    assert_eq!(field(&window, "File"), window.folder.path().join("plane.pdf").display().to_string());
    window.press(Key::Escape);
    assert!(!is_open(&window) && window.app().state().messages.is_empty());

    window.click_role(Role::Button, "Export…");
    assert!(is_open(&window));
    window.click_role(Role::Button, "Cancel");
    assert!(!is_open(&window));

    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.harness.run_steps(3);
    window.harness.event(Event::Text("export".to_owned()));
    window.harness.run_steps(2);
    window.press(Key::Enter);
    window.harness.run_steps(2);
    assert!(is_open(&window));
    window.press(Key::Escape);

    // A panel's own menu exports that panel, which is then the one used last.
    for _ in 0..2 {
        window.click("Options of Time course");
        window.click_role(Role::Button, "Export figure…");
        assert!(field(&window, "File").ends_with("timecourse.pdf"));
        window.press(Key::Escape);
    }
    window.open_export();
    assert!(field(&window, "File").ends_with("timecourse.pdf"));
    window.pick("Panel", "Information plane");
    assert!(field(&window, "File").ends_with("plane.pdf"), "the name follows until one is typed");
}

#[test]
fn keys_of_the_window_are_the_dialogs_while_it_is_open() {
    let mut window = Window::measured();
    let position = window.position();
    window.open_export();
    for key in [Key::Home, Key::ArrowLeft, Key::F, Key::P, Key::F1] {
        window.press(key);
    }
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.harness.run_steps(2);
    assert!(is_open(&window) && !window.has("Keys and gestures"));
    assert_eq!(window.position(), position);
}

#[test]
fn every_form_is_written_as_it_was_chosen() {
    let mut window = Window::measured();
    let folder = window.folder.path().to_owned();
    window.open_export();
    window.choose("Size", "Nature, 89 mm");
    window.until("it is drawn in that size", |window| {
        window.has("Preview of Information plane, token, mean of layers, 89 ×") || window.has(", 89 ×")
    });
    let svg = String::from_utf8(export(&mut window, &folder.join("a.svg"))).unwrap();
    assert!(svg.contains("width=\"252.28pt\""), "{}", &svg[..300]);
    assert!(svg.contains("gutenberg-4m") && svg.contains("step-3000"), "the scrubber's place stands out");
    assert!(!svg.contains("held-out.txt, 64 documents</text>"), "no caption unless asked for");

    // What was chosen last is chosen still; the form follows the name that is typed.
    let pdf = export(&mut window, &folder.join("a.pdf"));
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("/MediaBox [0 0 252.28"), "89 mm");
    assert!(text.contains("/FontFile"), "fonts are embedded");

    window.open_export();
    window.click_role(Role::RadioButton, "PNG");
    window.click_role(Role::RadioButton, "600 dpi");
    window.click_role(Role::RadioButton, "dark");
    type_into(&mut window, "Title", "Two runs");
    let png = export(&mut window, &folder.join("a.png"));
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(side(16), 2102, "89 mm at 600 dots per inch");
    let density = png.windows(4).position(|chunk| chunk == b"pHYs").expect("a size on paper") + 4;
    assert_eq!((side(density), png[density + 8]), (23622, 1), "600 dots per inch in dots per metre");

    let csv = String::from_utf8(export(&mut window, &folder.join("a.csv"))).unwrap();
    let mut lines = csv.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("panel,series,run,checkpoint,step,tokens,layer,order,condition,x,y")
    );
    assert!(lines.filter(|line| line.contains("gutenberg-4m,step-3000,3000,")).count() >= 1);
}

#[test]
fn the_preview_is_seen_by_others_and_in_true_size_and_the_file_stays() {
    let mut window = Window::measured();
    let path = window.folder.path().join("a.svg");
    window.open_export();
    let preview = |window: &Window| window.harness.get_by_label_contains("Preview of ").rect();
    let fitted = preview(&window);
    assert!(fitted.width() < 600.0, "{fitted:?}");
    for vision in ["deuteranopia", "protanopia", "grey"] {
        window.click_role(Role::RadioButton, vision);
    }
    window.click_role(Role::RadioButton, "true size");
    let whole = preview(&window);
    // 183 mm on a screen of 96 dots per inch.
    assert!((whole.width() - 183.0 / 25.4 * 96.0).abs() < 0.5, "{whole:?}");
    assert!((whole.aspect_ratio() - fitted.aspect_ratio()).abs() < 0.01);
    let bar = window.harness.get_by_role_and_label(Role::RadioButton, "colour").rect();
    assert!(whole.top() > bar.bottom() && whole.left() > 0.0, "its corner is in sight: {whole:?}");
    assert!((whole.left() - bar.left()).abs() < 60.0, "{whole:?} {bar:?}");
    window.click_role(Role::RadioButton, "fit");
    assert_eq!(preview(&window), fitted);
    let svg = String::from_utf8(export(&mut window, &path)).unwrap();
    assert!(svg.contains("#2c84ff") && svg.contains("#964101"), "runs have their colours");
}

#[test]
fn all_open_panels_are_written_each_to_its_own_file() {
    let mut window = Window::measured();
    let folder = window.folder.path().to_owned();
    window.open_export();
    window.click_role(Role::RadioButton, "all open panels");
    assert_eq!(field(&window, "File"), folder.join("figure.pdf").display().to_string());
    window.click_role(Role::RadioButton, "SVG");
    let kinds = ["plane", "timecourse", "loss", "shares", "honesty", "convergence"];
    window.until("it is said what is written", |window| window.has("writes 6 files: figure-plane.svg"));
    for kind in kinds {
        assert!(window.has(&format!("figure-{kind}.svg")), "{kind}");
    }
    // One that is there is replaced only knowingly, and nothing is written before.
    let older = folder.join("figure-loss.svg");
    std::fs::write(&older, "an older figure").unwrap();
    window.click_role(Role::RadioButton, "PDF");
    window.click_role(Role::RadioButton, "SVG");
    window.until("it is said", |window| window.has("replaces 1 of 6 files"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    window.click_role(Role::Button, "Replace");
    window.until("they are written", |window| !is_open(window));
    for kind in kinds {
        let svg = std::fs::read_to_string(folder.join(format!("figure-{kind}.svg"))).expect(kind);
        assert!(svg.starts_with("<svg"), "{kind}");
    }
    let last = window.app().state().messages.last().unwrap().clone();
    assert_eq!((last.severity, last.files.len()), (Severity::Good, 6));
    assert!(last.text.starts_with(&format!("6 figures written to {}: ", folder.display())), "{}", last.text);
    let paths = match copied(&mut window, "Copy paths") {
        OutputCommand::CopyText(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(paths.lines().count(), 6);
    assert!(paths.lines().all(|path| Path::new(path).is_file()), "{paths}");
}

#[test]
fn a_panel_with_nothing_to_show_is_named_and_costs_the_others_nothing() {
    let mut window = Window::measured();
    open(&mut window, View::of_kind("benchmarks").unwrap());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.until("the dialog is open", is_open);
    window.click_role(Role::RadioButton, "all open panels");
    window.click_role(Role::Button, "Export");
    window.until("they are written", |window| !is_open(window));
    let said = |severity: Severity, beginning: &str| {
        let mut messages = window.app().state().messages.iter();
        messages.any(|message| message.severity == severity && message.text.starts_with(beginning))
    };
    let all = &window.app().state().messages;
    let beginning = "1 figure not written: there is nothing to export of Measures and benchmarks";
    assert!(said(Severity::Warning, beginning), "{all:?}");
    assert!(said(Severity::Good, "6 figures written"), "{all:?}");
    assert!(!window.folder.path().join("figure-benchmarks.pdf").exists());
}

#[test]
fn where_a_figure_lies_is_copied() {
    let mut window = Window::measured();
    let path = window.folder.path().join("a.svg");
    export(&mut window, &path);
    match copied(&mut window, "Copy path") {
        OutputCommand::CopyText(text) => assert_eq!(text, path.display().to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_chosen_is_chosen_still_in_the_next_window() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout.json");
    let mut window = Window::with_layout(&layout);
    window.open_export();
    window.choose("Size", "half of ICLR, 2.75 in");
    window.click_role(Role::RadioButton, "SVG");
    window.click_role(Role::RadioButton, "dark");
    window.click_role(Role::CheckBox, "Caption");
    type_into(&mut window, "Title", "of this figure");
    window.until("it is written", |_| {
        std::fs::read_to_string(&layout).is_ok_and(|text| text.contains("\"caption\""))
    });
    drop(window);
    let mut window = Window::with_layout(&layout);
    window.open_export();
    let is_chosen = |name: &str| {
        let node = window.harness.get_by_role_and_label(Role::RadioButton, name);
        node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
            || node.accesskit_node().is_selected() == Some(true)
    };
    assert!(is_chosen("SVG") && is_chosen("dark"), "form and look");
    assert_eq!(field(&window, "Title"), "", "a title is of one figure");
    let svg = String::from_utf8(export(&mut window, &folder.path().join("a.svg"))).unwrap();
    assert!(svg.contains("width=\"198pt\"") && svg.contains("64 documents"), "{}", &svg[..300]);
}

#[test]
fn the_preview_of_a_table_is_its_first_lines() {
    let mut window = Window::measured();
    window.open_export();
    window.click_role(Role::RadioButton, "CSV");
    window.until("the table is there", |window| window.has("panel,series,run"));
    assert!(window.has(" rows") && !window.has(FINDINGS[0]));
    assert!(field(&window, "File").ends_with("plane.csv"));
}

#[test]
fn a_file_is_replaced_only_knowingly() {
    let mut window = Window::measured();
    let path = window.folder.path().join("older.svg");
    std::fs::write(&path, "an older figure").unwrap();
    window.open_export();
    type_into(&mut window, "File", &path.display().to_string());
    window.press(Key::Enter);
    let replace = Some((Role::Button, "Replace".to_owned()));
    window.until("it is said", |window| {
        window.has("replaces the file that is there") && window.focused() == replace
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "an older figure");
    window.press(Key::Enter);
    window.until("it is written", |window| !is_open(window));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("<svg"));
}

#[test]
fn a_folder_that_is_not_there_is_said_and_the_dialog_stays() {
    let mut window = Window::measured();
    let path = window.folder.path().join("nowhere").join("a.svg");
    window.open_export();
    type_into(&mut window, "File", &path.display().to_string());
    window.press(Key::Enter);
    window.until("it is said", |window| window.has("the folder to write to does not exist"));
    assert!(is_open(&window));
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    export(&mut window, &path);
    // Without a name nothing is written, and that is said.
    window.open_export();
    type_into(&mut window, "File", "");
    window.press(Key::Enter);
    window.until("it is said", |window| window.has("the figure needs a file name"));
    assert!(is_open(&window));
}

#[test]
fn a_name_without_an_extension_gets_that_of_the_form() {
    let mut window = Window::measured();
    window.open_export();
    window.click_role(Role::RadioButton, "SVG");
    type_into(&mut window, "File", "step1.5");
    let path = window.folder.path().join("step1.5.svg");
    assert!(window.has(&format!("writes {}", path.display())));
    window.press(Key::Enter);
    window.until("it is written", |_| path.exists());
}

#[test]
fn a_file_is_chosen_in_a_dialog() {
    // The desktop's.
    let mut window = Window::measured();
    window.open_export();
    window.click_role(Role::Button, "Browse…");
    let chosen = window.folder.path().join("plane.svg");
    window.until("it is chosen", |window| field(window, "File") == chosen.display().to_string());
    window.press(Key::Enter);
    window.until("it is written", |_| chosen.exists());

    // The window's own.
    let mut window =
        Window::with_dialogs(start(), (1280.0, 800.0), Theme::Dark, usize::MAX, |_: Answers| Missing);
    window.until("everything is measured", Window::is_measured);
    window.open_export();
    window.click_role(Role::Button, "Browse…");
    window.until("the name can be typed", |window| {
        window.focused() == Some((Role::TextInput, "Name".to_owned()))
    });
    assert!(window.has("the desktop has no file dialogs"));
    window.press(Key::Enter);
    let named = window.folder.path().join("plane.pdf").display().to_string();
    window.until("it is chosen", |window| !window.has("Entries of") && field(window, "File") == named);
    assert!(is_open(&window) && !Path::new(&named).exists(), "nothing is written before it is asked for");

    // A choice that is not made is said.
    let mut window =
        Window::with_dialogs(start(), (1280.0, 800.0), Theme::Dark, usize::MAX, |_: Answers| Cancelled);
    window.until("everything is measured", Window::is_measured);
    window.open_export();
    window.click_role(Role::Button, "Browse…");
    window.until("it is said", |window| window.has("nothing was chosen in the desktop's dialog"));
    assert!(is_open(&window));
}

#[test]
fn the_command_that_remakes_a_figure_is_copied() {
    let mut window = recorded();
    window.open_export();
    let file = window.folder.path().join("plane.pdf");
    assert_eq!(
        copied_text(&mut window),
        format!(
            "infoplane figure '/my results/a.json' --current step-1 --no-caption --out {}",
            file.display()
        )
    );
    assert!(window.has("Command copied"));
    window.choose("Size", "half of ICLR, 2.75 in");
    window.click_role(Role::RadioButton, "dark");
    window.click_role(Role::CheckBox, "Caption");
    window.pick("Panel", "Time course");
    window.until("it is drawn", |window| window.has("69.8 ×") || window.has("69.9 ×"));
    let command = copied_text(&mut window);
    for words in [" --kind timecourse ", " --width 69.85 ", " --dark ", "/timecourse.pdf"] {
        assert!(command.contains(words), "{words}: {command}");
    }
    assert!(
        !command.contains("--no-caption") && !command.contains("--title") && !command.contains("--order")
    );
    window.press(Key::Escape);
    window.press(Key::Num3);
    window.open_export();
    assert!(copied_text(&mut window).contains(" --order 3 "));
}

#[test]
fn the_command_names_every_file_of_a_run_and_leaves_out_what_is_hidden() {
    let (mut window, say) = Window::told();
    let settings = Settings { points: 50, ..Settings::default() };
    let joined = |name: &str, files: &[&str]| {
        let results = results_of(name, settings.clone());
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let run = results.as_run(&files[0]);
        (run, Some(Arc::new(JoinedRun { files, apart: false, results: Arc::new(results) })))
    };
    let runs = [joined("parts", &["/r/1.json", "/r/2.json"]), joined("other", &["/r/3.json", "/r/1.json"])];
    say.send(engine::Event::Opened { runs: Arc::new(RunList::new(runs)) }).unwrap();
    window.until("they are open", |window| window.app().state().open_runs().len() == 2);
    window.open_export();
    let whole = copied_text(&mut window);
    assert!(whole.starts_with("infoplane figure /r/1.json /r/2.json /r/3.json --current "), "{whole}");
    window.press(Key::Escape);
    window.click_role(Role::CheckBox, "Show other");
    window.open_export();
    let without = copied_text(&mut window);
    let words = "infoplane figure /r/1.json /r/2.json /r/3.json --hide other --current ";
    assert!(without.starts_with(words), "{without}");
}

#[test]
fn what_lies_in_no_file_yet_is_measured_by_a_command_before() {
    let mut window = Window::measured();
    window.open_export();
    let text = copied_text(&mut window);
    let lines: Vec<&str> = text.lines().collect();
    let measure = "infoplane measure /runs/gutenberg-1m /runs/gutenberg-4m --corpus /books/held-out.txt \
                   --out RESULTS.json";
    assert_eq!(lines[0], measure);
    assert!(
        lines[1].starts_with("infoplane figure RESULTS.json --current step-3000 --no-caption --out "),
        "{text}"
    );
    assert_eq!(lines.len(), 2);
    assert!(window.has("below the one that measures RESULTS.json"));
}

#[test]
fn the_picture_is_copied_in_the_resolution_chosen() {
    let picture = |copied| match copied {
        OutputCommand::CopyImage(image) => image.size,
        other => panic!("{other:?}"),
    };
    let mut window = Window::measured();
    window.open_export();
    window.choose("Size", "slide 16:9");
    let [width, _] = picture(copied(&mut window, "Copy picture"));
    assert_eq!(width, 1890, "160 mm at 300 dots per inch");
    window.harness.run_steps(2);
    assert!(window.has("Picture copied, 1890 ×"));
    window.press(Key::Escape);
    window.click("Options of Time course");
    let [width, height] = picture(copied(&mut window, "Copy picture"));
    assert_eq!(width, 1890);
    assert!((1000..1100).contains(&height), "{height}");
    window.harness.run_steps(2);
    let last = window.app().state().messages.last().unwrap();
    assert_eq!((last.severity, last.text.starts_with("Picture copied, 1890 × ")), (Severity::Good, true));
}

#[test]
fn a_small_window_has_room_for_every_control() {
    let size = (860.0, 560.0);
    let window_area = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(size.0, size.1));
    for theme in [Theme::Dark, Theme::Light] {
        let mut window = Window::with(start(), size, theme, usize::MAX);
        window.until("everything is measured", Window::is_measured);
        window.open_export();
        let mut places: Vec<(&str, Rect)> = Vec::new();
        let last = [(Role::Button, "Copy command"), (Role::Button, "Export")];
        for (role, name) in CONTROLS.into_iter().chain(last) {
            let rect = window.harness.get_by_role_and_label(role, name).rect();
            assert!(window_area.contains_rect(rect) && rect.is_positive(), "{name}: {rect:?}");
            for (other, beside) in &places {
                assert!(!rect.shrink(0.5).intersects(*beside), "{name} over {other}: {rect:?}, {beside:?}");
            }
            places.push((name, rect));
        }
        let preview = window.harness.get_by_label_contains("Preview of ").rect();
        assert!(preview.width() > 200.0 && places.iter().all(|(_, rect)| !rect.intersects(preview)));
        for finding in FINDINGS.into_iter().chain(["fonts embedded"]) {
            let rect = window.harness.get_by_label(finding).rect();
            assert!(window_area.contains_rect(rect), "{finding}: {rect:?}");
        }
    }
}

/// Draws the dialog on results named, or on those of the stand-in; written only where `INFOPLANE_SCREENSHOTS` names a folder.
#[test]
fn the_dialog_can_be_rendered() {
    let Some(folder) = std::env::var_os("INFOPLANE_SCREENSHOTS").map(PathBuf::from) else { return };
    for (theme, theme_name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for size in [(1280.0, 800.0), (860.0, 560.0)] {
            let mut window = Window::to_look_at(size, theme);
            window.open_export();
            for form in ["PDF", "SVG", "PNG", "CSV"] {
                window.click_role(Role::RadioButton, form);
                window.until("it is drawn", |window| {
                    window.has(if form == "CSV" { "panel,series" } else { "Preview of" })
                });
                let image = window.harness.render().expect("an image");
                let name = format!("export-{form}-{theme_name}-{}.png", size.0);
                image.save(folder.join(name)).expect("the image is written");
            }
        }
    }
}
