//! Records of JSON: objects a line or in one array.

use std::path::Path;

use serde_json::{Map, Value};

use super::Record;
use crate::corpus::field::Field;
use crate::corpus::json::{Objects, not_an_object, not_json};
use crate::corpus::{Entries, Entry};
use crate::error::Result;

/// Records of objects.
pub struct Records {
    objects: Objects,
    field: Field,
}

impl Records {
    /// The records of some objects.
    pub fn new(objects: Objects) -> Self {
        Self { objects, field: Field::chosen("") }
    }
}

impl Entries<Record> for Records {
    fn next(&mut self) -> Result<Option<Entry<Record>>> {
        let read = match self.objects.next()? {
            None => return Ok(None),
            Some(Err(problem)) => return Ok(Some(Entry::Bad(problem))),
            Some(Ok(object)) if object.trim().is_empty() => return Ok(Some(Entry::Blank)),
            Some(Ok(object)) => match serde_json::from_str::<Map<String, Value>>(object) {
                Ok(fields) => Ok(fields),
                Err(error) if error.is_data() => Err(not_an_object()),
                Err(error) => Err(not_json(&error)),
            },
        };
        let place = self.objects.place();
        Ok(Some(match read {
            Ok(fields) => Entry::Document(Record { place, fields }),
            Err(problem) => Entry::Bad(problem.at(place)),
        }))
    }

    fn noun(&self) -> &'static str {
        self.objects.noun()
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.objects.path()
    }
}
