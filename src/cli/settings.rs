//! The flags of settings, as their descriptors have them.

use std::marker::PhantomData;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::settings::{self, Descriptor, Kind, Settings};

/// Settings that a command has flags of.
pub trait Which: Clone + std::fmt::Debug {
    /// Their descriptors.
    fn entries() -> &'static [&'static Descriptor];
}

/// All settings.
#[derive(Clone, Debug)]
pub struct All;

impl Which for All {
    fn entries() -> &'static [&'static Descriptor] {
        &settings::ALL
    }
}

/// Where and in which type a model is computed.
#[derive(Clone, Debug)]
pub struct Device;

impl Which for Device {
    fn entries() -> &'static [&'static Descriptor] {
        static ENTRIES: [&Descriptor; 2] = [&settings::BACKEND, &settings::DTYPE];
        &ENTRIES
    }
}

/// How preference pairs are read.
#[derive(Clone, Debug)]
pub struct OfPairs;

impl Which for OfPairs {
    fn entries() -> &'static [&'static Descriptor] {
        static ENTRIES: [&Descriptor; 4] =
            [&settings::SAMPLES, &settings::CONTEXT, &settings::CHAT_TEMPLATE, &settings::PAIR_POSITIONS];
        &ENTRIES
    }
}

/// Which positions of a text are counted, and where their frontier is computed.
#[derive(Clone, Debug)]
pub struct OfFrontier;

impl Which for OfFrontier {
    fn entries() -> &'static [&'static Descriptor] {
        static ENTRIES: [&Descriptor; 6] = [
            &settings::SAMPLES,
            &settings::CONTEXT,
            &settings::MAX_ORDER,
            &settings::MIN_COUNT,
            &settings::TEXT_FIELD,
            &settings::BACKEND,
        ];
        &ENTRIES
    }
}

/// What the flags of some settings say.
#[derive(Clone, Debug)]
pub struct SettingsFlags<W> {
    /// The values of those given.
    values: Settings,
    given: Vec<&'static Descriptor>,
    which: PhantomData<W>,
}

impl<W: Which> SettingsFlags<W> {
    /// The settings: those of flags that were given, the others as `usual` has them.
    pub fn settings(&self, usual: Settings) -> Settings {
        let mut settings = usual;
        self.given.iter().for_each(|entry| entry.copy(&self.values, &mut settings));
        settings
    }

    /// Whether a setting's flag was given.
    pub fn has(&self, entry: &Descriptor) -> bool {
        self.given.iter().any(|given| given.name == entry.name)
    }

    fn read(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for &entry in W::entries() {
            if matches.value_source(entry.name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let Some(text) = matches.get_one::<String>(entry.name) else { continue };
            let illegal = |cause| clap::Error::raw(ErrorKind::ValueValidation, cause);
            entry.set(&mut self.values, text).map_err(illegal)?;
            if !self.has(entry) {
                self.given.push(entry);
            }
        }
        Ok(())
    }
}

/// The flag of a setting.
fn flag(entry: &'static Descriptor) -> Arg {
    let [usual, window] = [Settings::default(), Settings::of_window()].map(|usual| entry.text(&usual));
    let arg = Arg::new(entry.name).long(entry.flag()).value_name(entry.placeholder);
    let arg = match usual == window {
        true => arg.help(entry.help).default_value(usual),
        false => arg.help(format!("{} [default: {usual}, in the window {window}]", entry.help)),
    };
    match &entry.kind {
        Kind::Choice(choice) => arg.value_parser(PossibleValuesParser::new(choice.values())),
        _ => arg.value_parser(move |text: &str| {
            entry.set(&mut Settings::default(), text).map(|()| text.to_owned())
        }),
    }
}

impl<W: Which> Args for SettingsFlags<W> {
    fn augment_args(command: Command) -> Command {
        command.args(W::entries().iter().map(|entry| flag(entry)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<W: Which> FromArgMatches for SettingsFlags<W> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self { values: Settings::default(), given: Vec::new(), which: PhantomData };
        flags.read(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.read(matches)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Only {
        #[command(flatten)]
        settings: SettingsFlags<All>,
    }

    fn settings_of(flags: &[&str]) -> Result<Settings, clap::Error> {
        let only = Only::try_parse_from(["infoplane"].iter().chain(flags))?;
        Ok(only.settings.settings(Settings::default()))
    }

    #[test]
    fn every_setting_is_set_by_its_flag_and_by_no_other() {
        assert_eq!(settings_of(&[]).unwrap(), Settings::default());
        for entry in settings::ALL {
            let changed = settings::changed(entry);
            let mut expected = Settings::default();
            entry.copy(&changed, &mut expected);
            assert_ne!(expected, Settings::default(), "{}", entry.name);
            let set = settings_of(&[&format!("--{}", entry.flag()), &entry.text(&changed)]).unwrap();
            assert_eq!(set, expected, "{}", entry.name);
        }
    }

    #[test]
    fn what_no_flag_says_is_as_the_command_has_it() {
        let only = Only::parse_from(["infoplane", "--samples", "500", "--seed", "7"]);
        let window = only.settings.settings(Settings::of_window());
        assert_eq!(window, Settings { samples: 500, seed: 7, ..Settings::of_window() });
        assert!(only.settings.has(&settings::SAMPLES) && !only.settings.has(&settings::CONTEXT));
    }

    #[test]
    fn illegal_values_are_refused_with_what_is_legal() {
        for (flag, value, cause) in [
            ("--points", "1", "not a whole number from 2 to 65536"),
            ("--tolerance", "nan", "not a number from 0 to 1"),
            ("--temperature", "cold", "not root, leading, grid, exact or a number above 0"),
            ("--backend", "tpu", "possible values: auto, gpu, cpu"),
        ] {
            let error = settings_of(&[flag, value]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let error = error.to_string();
            assert!(error.contains(flag) && error.contains(cause), "{error}");
        }
    }
}
