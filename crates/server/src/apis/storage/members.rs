//! An API's object as a list of members: the attributes of a row under their public names, and what is worked out
//! beside them. How it is written and how it is described follow from the list.

use library::{Attribute, Bounds, Described, Kind, Seen, Set, Shown};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, schema};

/// An object of an API over a row of the catalog.
pub trait Object: Sized + 'static {
    /// What it shows.
    type Row: Described;

    /// What it is, for the description.
    const ABOUT: &'static str;

    /// The row.
    fn row(&self) -> &Self::Row;

    /// Its members, in the order in which they are written.
    fn members() -> &'static [Member<Self>];
}

/// A member of an object.
pub struct Member<O: Object> {
    /// Its public name.
    pub name: &'static str,
    /// What it shows.
    pub shows: Shows<O>,
}

/// What a member shows.
pub enum Shows<O: Object> {
    /// An attribute of the row.
    Kept(&'static Attribute<O::Row>),
    /// What is worked out.
    Made(&'static Made<O>),
}

/// A member that is worked out when the object is shown.
pub struct Made<O> {
    /// Its public name. It takes the place of an attribute of that name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// What it holds, and whether that can be null.
    pub holds: (Kind, bool),
    /// Whether a caller can set what it stands for.
    pub is_settable: bool,
    /// Its value.
    pub value: fn(&O) -> Value,
}

/// All attributes that callers see under their own names, and what is worked out; by name.
pub fn by_name<O: Object>(made: &'static [Made<O>]) -> Vec<Member<O>> {
    let is_made = |name: &str| made.iter().any(|made| made.name == name);
    let kept = O::Row::attributes().filter(|kept| kept.seen != Seen::Never && !is_made(kept.name));
    let kept = kept.map(|kept| Member { name: kept.name, shows: Shows::Kept(kept) });
    let made = made.iter().map(|made| Member { name: made.name, shows: Shows::Made(made) });
    let mut members: Vec<_> = kept.chain(made).collect();
    members.sort_unstable_by_key(|member| member.name);
    members
}

/// Whether a member of that name is the server's alone.
pub fn is_read_only<O: Object>(name: &str) -> bool {
    let found = O::members().iter().find(|member| member.name == name);
    found.is_some_and(|member| !member.is_settable())
}

/// Writes an object: the members that every one has.
pub fn serialize<O: Object, S: Serializer>(object: &O, to: S) -> Result<S::Ok, S::Error> {
    write(object, |member| member.is_in_every(), to)
}

/// Writes the members of an object that are wanted.
pub fn write<O: Object, S: Serializer>(
    object: &O,
    wanted: impl Fn(&Member<O>) -> bool,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    for member in O::members().iter().filter(|member| wanted(member)) {
        match &member.shows {
            Shows::Kept(kept) => map.serialize_entry(member.name, &Json(kept.of(object.row())))?,
            Shows::Made(made) => map.serialize_entry(member.name, &(made.value)(object))?,
        }
    }
    map.end()
}

/// A value as JSON.
struct Json<'a>(Shown<'a>);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Shown::Null => to.serialize_none(),
            Shown::Text(text) => to.serialize_str(text),
            Shown::Sid(sid) => sid.serialize(to),
            Shown::Integer(number) => to.serialize_i64(*number),
            Shown::Count(count) => to.serialize_u64(*count),
            Shown::Number(number) => to.serialize_f64(*number),
            Shown::Truth(truth) => to.serialize_bool(*truth),
            Shown::Time(ms) => to.serialize_str(&time(*ms)),
            Shown::List(words) => to.collect_seq(words),
            Shown::Object(object) => object.serialize(to),
        }
    }
}

/// ISO 8601 in UTC with milliseconds.
pub fn time(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => String::new(),
    }
}

/// Describes an object. The same goes in and out: no member must be sent.
pub fn described<O: Object>() -> RefOr<schema::Schema> {
    let object = ObjectBuilder::new().description(Some(O::ABOUT));
    let object = object.additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let property =
        |object: ObjectBuilder, member: &Member<O>| object.property(member.name, member.schema());
    O::members().iter().fold(object, property).build().into()
}

impl<O: Object> Member<O> {
    /// Whether an object has it though nobody names it.
    pub fn is_in_every(&self) -> bool {
        match self.shows {
            Shows::Kept(kept) => kept.seen == Seen::Always,
            Shows::Made(_) => true,
        }
    }

    /// Whether a caller can set it.
    pub fn is_settable(&self) -> bool {
        match self.shows {
            Shows::Kept(kept) => kept.set != Set::Never,
            Shows::Made(made) => made.is_settable,
        }
    }

    /// What it holds, for the description.
    pub fn schema(&self) -> RefOr<schema::Schema> {
        let (about, (kind, is_optional), bounds) = match self.shows {
            Shows::Kept(kept) => (kept.about, (kept.kind(), kept.is_optional()), kept.bounds),
            Shows::Made(made) => (made.about, made.holds, Bounds::None),
        };
        if kind == Kind::List {
            let items = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
            return items.description(Some(about)).build().into();
        }
        let (is, format) = match kind {
            Kind::Text | Kind::Word(_) | Kind::Time | Kind::List => (Type::String, None),
            Kind::Sid => (Type::String, Some(KnownFormat::Uuid)),
            Kind::Integer | Kind::Count => (Type::Integer, Some(KnownFormat::Int64)),
            Kind::Number => (Type::Number, Some(KnownFormat::Double)),
            Kind::Truth => (Type::Boolean, None),
            Kind::Object => (Type::Object, None),
        };
        let is = match is_optional {
            true => SchemaType::from_iter([is, Type::Null]),
            false => SchemaType::new(is),
        };
        let (minimum, maximum) = match bounds {
            Bounds::None => ((kind == Kind::Count).then_some(0), None),
            Bounds::From(least) => (Some(least), None),
            Bounds::Within(least, most) => (Some(least), Some(most)),
        };
        let pattern = match kind {
            Kind::Word(words) if self.is_settable() => Some(format!("^({})$", words.join("|"))),
            _ => None,
        };
        let mut schema = ObjectBuilder::new()
            .schema_type(is)
            .format(format.map(SchemaFormat::KnownFormat))
            .description(Some(about))
            .minimum(minimum)
            .maximum(maximum)
            .pattern(pattern);
        if !self.is_settable() {
            schema = schema.read_only(true);
        }
        if kind == Kind::Object {
            let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
            schema = schema
                .additional_properties(Some(AdditionalProperties::from(anything)))
                .property_names(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        }
        schema.build().into()
    }
}
