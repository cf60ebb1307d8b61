//! What a caller says of a container or a file, attribute by attribute.

use crate::{Beside, Container, Error, File, Upload};
use catalog::{Attribute, Described, Set};
use serde_json::Value;

/// What a caller says of a container; what is left out stays or takes its default.
pub type ContainerChanges = Changes<Container>;

/// What a caller says of a file; what is left out stays or takes the container's default.
pub type FileChanges = Changes<File>;

/// What becomes of the attributes that a change doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They stay.
    Stays,
    /// Each takes its default, as far as it has one.
    TakesDefaults,
}

/// A change of a file that is there.
pub struct Change {
    pub(crate) brings: Brings,
    pub(crate) rest: Rest,
    pub(crate) beside: Beside,
}

/// What a change brings.
pub(crate) enum Brings {
    /// What is said of the file.
    Attributes(FileChanges),
    /// Its content, and what the upload says.
    Content(Upload),
}

impl Change {
    /// Of what is said of the file; all else stays.
    #[must_use]
    pub fn attributes(said: FileChanges) -> Self {
        Self { brings: Brings::Attributes(said), rest: Rest::Stays, beside: Beside::Nothing }
    }

    /// Of its content, and of what the upload says; all else stays.
    #[must_use]
    pub fn content(upload: Upload) -> Self {
        Self { brings: Brings::Content(upload), rest: Rest::Stays, beside: Beside::Nothing }
    }

    /// What becomes of the attributes that it doesn't say.
    #[must_use]
    pub fn with_rest(self, rest: Rest) -> Self {
        Self { rest, ..self }
    }

    /// With what one API alone knows of the file.
    #[must_use]
    pub fn with_beside(self, beside: Beside) -> Self {
        Self { beside, ..self }
    }
}

impl Brings {
    pub(crate) fn said(&self) -> &FileChanges {
        match self {
            Self::Attributes(said) => said,
            Self::Content(upload) => upload.said(),
        }
    }
}

/// The attributes that are said, and their values.
#[derive(Clone)]
pub struct Changes<Row: 'static> {
    values: Row,
    said: Vec<&'static Attribute<Row>>,
}

impl<Row: Described> Default for Changes<Row> {
    fn default() -> Self {
        Self { values: Row::blank(), said: Vec::new() }
    }
}

impl<Row: Described> Changes<Row> {
    /// Sets an attribute by its name, to JSON or to the text of a query's argument.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such attribute or it can't have that value.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Error> {
        let Some(attribute) = settable(name) else {
            let mut allowed: Vec<_> = all_settable::<Row>().map(|known| known.name).collect();
            allowed.sort_unstable();
            let message = format!("unknown attribute; allowed: {}", allowed.join(", "));
            return Err(Error::invalid(name, message));
        };
        attribute.set(&mut self.values, value).map_err(|why| Error::invalid(name, why))?;
        self.note(attribute);
        Ok(())
    }

    /// Sets an attribute to a value that is known to be one.
    pub(crate) fn put(&mut self, name: &str, change: impl FnOnce(&mut Row)) {
        change(&mut self.values);
        let attribute = settable(name);
        debug_assert!(attribute.is_some(), "{name} is nothing that can be said");
        attribute.into_iter().for_each(|attribute| self.note(attribute));
    }

    fn note(&mut self, attribute: &'static Attribute<Row>) {
        if !self.says(attribute.name) {
            self.said.push(attribute);
        }
    }

    /// Whether something is said of an attribute.
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        debug_assert!(settable::<Row>(name).is_some(), "{name} is nothing that can be said");
        self.said.iter().any(|attribute| attribute.name == name)
    }

    /// The values of what is said; the rest is blank.
    #[must_use]
    pub fn values(&self) -> &Row {
        &self.values
    }

    /// A value, if it is said.
    pub(crate) fn get<'a, T>(&'a self, name: &str, of: impl FnOnce(&'a Row) -> T) -> Option<T> {
        self.says(name).then(|| of(&self.values))
    }

    pub(crate) fn apply(&self, row: &mut Row) {
        self.said.iter().for_each(|attribute| attribute.copy(&self.values, row));
    }
}

fn all_settable<Row: Described>() -> impl Iterator<Item = &'static Attribute<Row>> {
    Row::attributes().filter(|attribute| attribute.set != Set::Never)
}

fn settable<Row: Described>(name: &str) -> Option<&'static Attribute<Row>> {
    all_settable().find(|attribute| attribute.name == name)
}

/// Sets all to `defaults` that a whole object takes its default of.
pub(crate) fn to_defaults<Row: Described>(row: &mut Row, defaults: &Row) {
    let all = Row::attributes().filter(|attribute| attribute.set == Set::TakesDefault);
    all.for_each(|attribute| attribute.copy(defaults, row));
}
