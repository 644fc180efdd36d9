//! Files on their way into the window and out of it: the desktop's dialogs where there are any, the window's own where
//! there are none, and what is dropped and pasted.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Receiver;
use eframe::egui::{self, Event, Key, Modifiers, Theme, accesskit::Role};
use egui_kittest::kittest::Queryable as _;
use infoplane::app::Start;
use infoplane::app::dialogs::Dialogs;
use infoplane::engine::Command;
use infoplane::error::Result;
use infoplane::state::Severity;

use super::desktops::{Cancelled, Missing};
use super::harness::{Answers, PATIENCE, Window};
use super::stand_in::start;

const SIZE: (f32, f32) = (1280.0, 800.0);

/// A desktop whose dialogs never appear, until the test is over.
struct Hanging(Receiver<()>);

impl Dialogs for Hanging {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        // The test drops the other end when it is over.
        let _ = self.0.recv();
        Ok(Some("/too/late".into()))
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        self.open_folder()
    }

    fn save_figure(&self, _suggested: &Path) -> Result<Option<PathBuf>> {
        self.open_folder()
    }
}

/// Dialogs that break down, but only once.
struct Broken(Answers, AtomicBool);

impl Dialogs for Broken {
    fn open_folder(&self) -> Result<Option<PathBuf>> {
        assert!(!self.1.swap(false, Ordering::Relaxed), "the portal is gone");
        self.0.open_folder()
    }

    fn choose_text(&self) -> Result<Option<PathBuf>> {
        self.0.choose_text()
    }

    fn choose_pairs(&self) -> Result<Option<PathBuf>> {
        self.0.choose_pairs()
    }

    fn choose_scores(&self) -> Result<Option<PathBuf>> {
        self.0.choose_scores()
    }

    fn save_figure(&self, suggested: &Path) -> Result<Option<PathBuf>> {
        self.0.save_figure(suggested)
    }
}

/// A window with everything measured on a desktop without dialogs; its folder holds `runs/first`, `runs/second` and
/// `a novel.txt`.
fn without_dialogs() -> Window {
    let mut window = Window::with_dialogs(start(), SIZE, Theme::Dark, usize::MAX, |_| Missing);
    window.until("everything is measured", Window::is_measured);
    for folder in ["runs/first", "runs/second"] {
        std::fs::create_dir_all(window.folder.path().join(folder)).expect("a folder");
    }
    std::fs::write(window.folder.path().join("a novel.txt"), "It was the best of times").expect("a text");
    window.forget_commands();
    window
}

fn type_text(window: &mut Window, text: &str) {
    window.harness.event(Event::Text(text.to_owned()));
    window.harness.run_steps(2);
}

fn paste(window: &mut Window, text: String) {
    window.harness.event(Event::Paste(text));
    window.harness.run_steps(2);
}

/// Draws frames until the browser lists this folder.
fn until_listed(window: &mut Window, folder: &Path) {
    let name = format!("Entries of {}", folder.display());
    window.until(&name, |window| window.harness.query_by_role_and_label(Role::ListBox, &name).is_some());
    let list = Some((Role::ListBox, name));
    assert_eq!(window.focused(), list, "keys are for the list");
}

/// Draws frames until a command is sent that the test waits for.
fn until_sent(window: &mut Window, what: &str, is_it: impl Fn(&Command) -> bool) {
    window.until(what, |window| window.seen.try_iter().any(|command| is_it(&command)));
}

fn opens(path: PathBuf) -> impl Fn(&Command) -> bool {
    move |command| matches!(command, Command::Open { paths } if paths[..] == [path.clone()])
}

fn measures_on(path: PathBuf) -> impl Fn(&Command) -> bool {
    move |command| matches!(command, Command::Want(wants) if wants.iter().any(|want| *want.condition.text.path() == path))
}

fn last_message(window: &Window) -> Option<(Severity, String)> {
    window.app().state().messages.last().map(|message| (message.severity, message.text.clone()))
}

#[test]
fn a_folder_is_opened_by_keyboard_where_the_desktop_has_no_dialogs() {
    let mut window = without_dialogs();
    let root = window.folder.path().to_owned();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until_listed(&mut window, &root);
    assert!(window.has("the desktop has no file dialogs"));
    assert!(window.has("runs, folder") && window.has("a novel.txt, file"));
    type_text(&mut window, "RU");
    assert!(window.has("runs, folder") && !window.has("a novel.txt, file"), "names are filtered");
    window.press(Key::Escape);
    assert!(window.has("a novel.txt, file"), "Escape clears the filter first");
    type_text(&mut window, "x");
    window.press(Key::Backspace);
    type_text(&mut window, "ru");
    window.press(Key::Enter);
    until_listed(&mut window, &root.join("runs"));
    window.press(Key::ArrowDown);
    window.press(Key::ArrowDown);
    assert!(window.has("Open second"));
    window.press(Key::Backspace);
    until_listed(&mut window, &root);
    assert!(window.has("Open runs"), "the folder it came from is selected");
    window.press(Key::Enter);
    until_listed(&mut window, &root.join("runs"));
    // Nothing is selected: the folder itself.
    window.press(Key::Enter);
    until_sent(&mut window, "the folder is opened", opens(root.join("runs")));
    assert!(!window.has("Entries of"));

    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until_listed(&mut window, &root);
    window.press(Key::ArrowDown);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until_sent(&mut window, "what is selected is opened", opens(root.join("runs")));
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until_listed(&mut window, &root);
    window.press(Key::Escape);
    assert!(!window.has("Entries of"), "Escape closes");
}

#[test]
fn keys_of_the_window_are_the_browsers_while_it_is_open() {
    let mut window = without_dialogs();
    let (position, root) = (window.position(), window.folder.path().to_owned());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until_listed(&mut window, &root);
    for key in [Key::Home, Key::ArrowLeft, Key::Space, Key::F, Key::P, Key::F1] {
        window.press(key);
    }
    assert!(!window.has("Keys and gestures"));
    assert_eq!(window.position(), position);
    assert!(!window.app().state().scrubber.is_playing());
}

#[test]
fn a_text_is_chosen_where_the_desktop_has_no_dialogs() {
    let mut window = without_dialogs();
    let root = window.folder.path().to_owned();
    window.click("Choose corpus…");
    until_listed(&mut window, &root);
    type_text(&mut window, "novel");
    assert!(window.has("Open a novel.txt"));
    window.press(Key::Enter);
    until_sent(&mut window, "the text is measured on", measures_on(root.join("a novel.txt")));
}

#[test]
fn the_browser_replaces_no_file_unasked() {
    let mut window = without_dialogs();
    let path = window.folder.path().join("plane.pdf");
    std::fs::write(&path, "an older figure").expect("a file");
    let browse = |window: &mut Window| {
        window.open_export();
        window.click_role(Role::Button, "Browse…");
        window.until("the name can be typed", |window| {
            window.focused() == Some((Role::TextInput, "Name".to_owned()))
        });
        window.until("the folder is listed", |window| window.has("plane.pdf, file"));
    };
    let question = "! plane.pdf is there already. Replace it?";
    browse(&mut window);
    window.press(Key::Enter);
    window.until("it asks", |window| window.has(question));
    assert_eq!(window.focused(), Some((Role::Button, "Choose another name".to_owned())));
    window.press(Key::Escape);
    assert!(!window.has(question));
    window.press(Key::Enter);
    window.until("it asks again", |window| window.has(question));
    window.press(Key::Tab);
    assert_eq!(window.focused(), Some((Role::Button, "Replace".to_owned())));
    window.press(Key::Enter);
    window.until("the export says so too", |window| window.has("replaces the file that is there"));
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "an older figure");
    window.press(Key::Enter);
    let written = (Severity::Good, format!("Figure written to {}", path.display()));
    window.until("the figure is written", |window| last_message(window) == Some(written.clone()));
    assert!(std::fs::read(&path).expect("the figure").starts_with(b"%PDF-"));

    // Another name needs no question, and gets its extension.
    browse(&mut window);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    type_text(&mut window, "runs/other");
    window.press(Key::Enter);
    let other = window.folder.path().join("runs/other.pdf");
    window.until("it is chosen", |window| {
        window.harness.query_all_by_value(&other.display().to_string()).next().is_some()
    });
    // A folder that is not there is said, and the browser stays.
    window.click_role(Role::Button, "Browse…");
    window.until("the name can be typed", |window| {
        window.focused() == Some((Role::TextInput, "Name".to_owned()))
    });
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    type_text(&mut window, "nowhere/plane.pdf");
    window.press(Key::Enter);
    window.until("it is said", |window| window.has("no such file or folder"));
    assert!(window.harness.query_by_role_and_label(Role::Button, "Choose").is_some());
}

#[test]
fn a_path_is_typed_or_pasted_into_the_browser() {
    let mut window = without_dialogs();
    let root = window.folder.path().to_owned();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    until_listed(&mut window, &root);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    window.harness.run_steps(3);
    assert_eq!(window.focused(), Some((Role::TextInput, "Path".to_owned())));
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    type_text(&mut window, "/nonexistent/folder");
    window.press(Key::Enter);
    window.until("it is said", |window| window.has("× /nonexistent/folder: no such file or folder"));
    paste(&mut window, format!("file://{}\r\n", root.join("runs").display()));
    until_listed(&mut window, &root.join("runs"));
    assert!(!window.has("no such file or folder"));
    paste(&mut window, root.join("a novel.txt").display().to_string());
    until_sent(&mut window, "a file that is no folder is measured on", measures_on(root.join("a novel.txt")));
}

#[test]
fn files_copied_in_a_file_manager_are_pasted_as_if_dropped() {
    let mut window = Window::measured();
    window.forget_commands();
    let root = window.folder.path().to_owned();
    let text = root.join("a novel é.txt");
    std::fs::write(&text, "It was the best of times").expect("a text");
    std::fs::create_dir(root.join("some runs")).expect("a folder");
    let root_uri = format!("file://{}", root.display());
    paste(&mut window, format!("# copied\r\n{root_uri}/a%20novel%20%C3%A9.txt\r\n"));
    until_sent(&mut window, "the text is measured on", measures_on(text.clone()));
    paste(&mut window, format!("{root_uri}/some%20runs"));
    until_sent(&mut window, "the folder is opened", opens(root.join("some runs")));
    paste(&mut window, text.display().to_string());
    paste(&mut window, "It was the best of times".to_owned());
    let is = |window: &Window, severity, text: &str| {
        last_message(window).is_some_and(|(found, said)| found == severity && said.contains(text))
    };
    window.until("it is said", |window| is(window, Severity::Warning, "not a path"));
    paste(&mut window, "/nonexistent/runs".to_owned());
    window.until("it is said", |window| is(window, Severity::Error, "check the spelling: /nonexistent/runs"));
}

#[test]
fn a_display_that_delivers_no_dropped_files_does_not_invite_to_drop() {
    let window = Window::without_drops();
    assert!(window.has("paste them here (Ctrl+V)") && !window.has("drop"));
    assert!(Window::open(Start::default()).has("drop folders"));
}

#[test]
fn a_desktop_dialog_that_never_appears_can_be_left() {
    let (over, hanging) = crossbeam_channel::bounded(0);
    let dialogs = move |_: Answers| Hanging(hanging);
    let mut window = Window::with_dialogs(start(), SIZE, Theme::Dark, usize::MAX, dialogs);
    window.until("everything is measured", Window::is_measured);
    window.forget_commands();
    let root = window.folder.path().to_owned();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.until("it is said", |window| window.has("A dialog of the desktop is open."));
    window.click("Browse here instead");
    until_listed(&mut window, &root);
    assert!(!window.has("A dialog of the desktop is open."));
    // Whatever it answers once it does comes too late.
    drop::<crossbeam_channel::Sender<()>>(over);
    std::fs::create_dir(root.join("runs")).expect("a folder");
    window.press(Key::Escape);
    assert!(!window.has("Entries of"));
    let text = root.join("novel.txt");
    std::fs::write(&text, "It was the best of times").expect("a text");
    paste(&mut window, text.display().to_string());
    let is_last = measures_on(text);
    let begun = std::time::Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "the text is not measured on");
        window.harness.step();
        match window.seen.try_recv() {
            Ok(Command::Open { paths }) => panic!("{paths:?} are opened"),
            Ok(command) if is_last(&command) => break,
            _ => {}
        }
    }
}

#[test]
fn a_desktop_dialog_without_a_choice_is_said() {
    let mut window = Window::with_dialogs(Start::default(), SIZE, Theme::Dark, usize::MAX, |_| Cancelled);
    window.click("Open folder…");
    window.until("it is said", |window| window.has("nothing was chosen in the desktop's dialog"));
}

#[test]
fn a_dialog_that_breaks_down_is_said_and_the_next_one_opens() {
    let broken = |answers| Broken(answers, AtomicBool::new(true));
    let mut window = Window::with_dialogs(Start::default(), SIZE, Theme::Dark, usize::MAX, broken);
    window.click("Open folder…");
    window.until("the failure is said", |window| window.has("the dialog of the desktop broke down"));
    let root = window.folder.path().to_owned();
    until_listed(&mut window, &root);
    window.press(Key::Escape);
    window.click("Open folder…");
    window.until("the runs are open", |window| !window.app().state().open_runs().is_empty());
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

fn drop_file(window: &mut Window, path: &Path) {
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
    window.harness.run_steps(3);
}

#[test]
fn dropped_files_are_opened_or_measured_on() {
    let mut window = Window::measured();
    window.forget_commands();
    let root = window.folder.path().to_owned();
    let text = root.join("novel.txt");
    std::fs::write(&text, "It was the best of times").expect("a text");
    drop_file(&mut window, &text);
    until_sent(&mut window, "the text is measured on", measures_on(text));
    drop_file(&mut window, &root);
    until_sent(&mut window, "the folder is opened", opens(root.clone()));
    drop_file(&mut window, &root.join("gone"));
    window.until("it is said", |window| window.has("check the spelling"));
}

#[test]
fn dropped_json_is_results_a_text_or_a_model_by_what_it_holds() {
    let mut window = Window::measured();
    window.forget_commands();
    let root = window.folder.path().to_owned();
    std::fs::create_dir(root.join("model")).expect("a folder");
    let file = |name: &str, content: &str| {
        let path = root.join(name);
        std::fs::write(&path, content).expect("a file");
        path
    };
    for (name, content) in [
        ("results.json", "{\"text\": \"It was the best of times\"}\n"),
        ("list.json", "[{\"text\": \"It was the best of times\"}]"),
        ("schema.json", "{\"schema\": \"chat\", \"text\": \"It was the best of times\"}\n"),
    ] {
        let path = file(name, content);
        drop_file(&mut window, &path);
        until_sent(&mut window, name, measures_on(path));
    }
    let results = file("text.json", "{\n  \"settings\": {\"samples\": 64}, \"checkpoints\": []}\n");
    drop_file(&mut window, &results);
    until_sent(&mut window, "the results are opened", opens(results));
    let config = file("model/config.json", "{\"model_type\": \"llama\"}\n");
    drop_file(&mut window, &config);
    until_sent(&mut window, "the model is opened", opens(root.join("model")));
}
