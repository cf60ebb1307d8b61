//! The API's objects: a file, and what is written beside files.

use crate::apis::storage::members::time;
use library::{EvoVoiceItem, EvoVoiceOrder, EvoVoiceText};

/// A member of a file.
pub struct Member {
    /// Its name in XML and as a parameter.
    pub name: &'static str,
    /// Its name in the other formats.
    pub camel: &'static str,
    /// Whether all objects of the service have it (`EntityInfo`).
    pub is_base: bool,
    /// What it says.
    pub about: &'static str,
    /// What its order goes by, where links begin with this.
    pub order: fn(&str) -> EvoVoiceOrder,
    value: fn(&EvoVoiceItem, &str) -> Value,
}

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Nothing,
    Text(String),
    Number(i64),
    /// The way to the customer.
    Customers(Vec<Customer>),
}

/// A step of the way to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: Value,
    pub name: Value,
}

/// A file as the API shows it: the value of each of [`MEMBERS`].
pub struct FileInfo(pub Vec<Value>);

impl FileInfo {
    /// A file with its link.
    pub fn of(item: &EvoVoiceItem, uri: &str) -> Self {
        Self(MEMBERS.iter().map(|member| (member.value)(item, uri)).collect())
    }

    pub fn members(&self) -> impl Iterator<Item = (&'static Member, &Value)> {
        MEMBERS.iter().zip(&self.0)
    }
}

fn optional(text: Option<impl ToString>) -> Value {
    text.map_or(Value::Nothing, |text| Value::Text(text.to_string()))
}

fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}

macro_rules! member {
    ($name:literal $camel:literal $about:literal $order:expr, $value:expr) => {
        Member {
            name: $name,
            camel: $camel,
            is_base: false,
            about: $about,
            order: |_| $order,
            value: |item, _| $value(item),
        }
    };
    (base $($member:tt)*) => {
        Member { is_base: true, ..member!($($member)*) }
    };
    (said $name:literal $camel:literal $about:literal $which:ident) => {
        member!($name $camel $about EvoVoiceOrder::Said(EvoVoiceText::$which),
            |item: &EvoVoiceItem| optional(item.said.text(EvoVoiceText::$which)))
    };
}

/// The members of a file, as the service lists them: its own, then those of all objects.
pub static MEMBERS: [Member; 24] = [
    member!("Type" "type" "What kind of file it is: Upload, VoiceMessage, CallRecording, Fax, Attachment, FaxOutgoing."
        EvoVoiceOrder::Type, |item: &EvoVoiceItem| text(item.said.file_type)),
    member!("AccountId" "accountId" "Its account." EvoVoiceOrder::AccountId,
        |item: &EvoVoiceItem| text(item.file.partner_sid)),
    member!("AccountName" "accountName" "The name of its account." EvoVoiceOrder::AccountName,
        |item: &EvoVoiceItem| text(&item.account_name)),
    member!(said "CustomerId" "customerId" "The customer that it belongs to." CustomerId),
    member!(said "CustomerName" "customerName" "The customer's name." CustomerName),
    member!("CustomerBreadcrumb" "customerBreadcrumb" "The way to the customer: the customer alone."
        EvoVoiceOrder::Said(EvoVoiceText::CustomerId), breadcrumb),
    member!(said "UserId" "userId" "The agent that it belongs to." UserId),
    member!(said "UserName" "userName" "The agent's name." UserName),
    member!("FileName" "fileName" "Its name." EvoVoiceOrder::FileName,
        |item: &EvoVoiceItem| text(&item.file.name)),
    Member {
        name: "Uri",
        camel: "uri",
        is_base: false,
        about: "Its link: the public one, or one that is signed for an hour.",
        order: |base| EvoVoiceOrder::Uri { base: base.to_owned() },
        value: |_, uri| text(uri),
    },
    member!("ContentType" "contentType" "Its media type." EvoVoiceOrder::ContentType,
        |item: &EvoVoiceItem| text(&item.file.mime_type)),
    member!("ContentLength" "contentLength" "Its length in bytes." EvoVoiceOrder::ContentLength,
        |item: &EvoVoiceItem| Value::Number(i64::try_from(item.file.file_bytes).unwrap_or(i64::MAX))),
    member!(said "RecordingSid" "recordingSid" "The recording's id at its maker's." RecordingSid),
    member!("RecordingDuration" "recordingDuration" "Whole seconds of sound; 0 if it is none."
        EvoVoiceOrder::RecordingDuration,
        |item: &EvoVoiceItem| Value::Number(item.file.content_duration.map_or(0, |s| s.round() as i64))),
    member!(said "RecordingFrom" "recordingFrom" "Whom the recording is from." RecordingFrom),
    member!(said "Transcription" "transcription" "What was said." Transcription),
    member!(said "FromAddress" "fromAddress" "Who called." FromAddress),
    member!(said "ToAddress" "toAddress" "Who was called." ToAddress),
    member!(said "AITranscription" "aiTranscription" "What was said, as a machine heard it." AiTranscription),
    member!(base "Id" "id" "Its id." EvoVoiceOrder::Id, |item: &EvoVoiceItem| text(item.file.file_sid)),
    member!(base "DateCreated" "dateCreated" "When it came, ISO 8601 in UTC." EvoVoiceOrder::DateCreated,
        |item: &EvoVoiceItem| text(time(item.file.date_created))),
    member!(base "DateLastModified" "dateLastModified" "When it was changed last, ISO 8601 in UTC."
        EvoVoiceOrder::DateLastModified, |item: &EvoVoiceItem| text(time(item.file.date_modified))),
    member!(base "CreatedBy" "createdBy" "The token that made it." EvoVoiceOrder::CreatedBy,
        |item: &EvoVoiceItem| optional(item.file.created_by)),
    member!(base "LastModifiedBy" "lastModifiedBy" "The token that changed it last; left out where another API did."
        EvoVoiceOrder::LastModifiedBy, last_modified_by),
];

fn breadcrumb(item: &EvoVoiceItem) -> Value {
    let id = optional(item.said.text(EvoVoiceText::CustomerId));
    let name = optional(item.said.text(EvoVoiceText::CustomerName));
    match id {
        Value::Nothing => Value::Nothing,
        id => Value::Customers(vec![Customer { id, name }]),
    }
}

/// The last change through this API counts if it's the last of all.
fn last_modified_by(item: &EvoVoiceItem) -> Value {
    let file = &item.file;
    match item.said.modified.filter(|(_, at)| *at == file.date_modified) {
        Some((by, _)) => text(by),
        None if file.date_modified == file.date_created => optional(file.created_by),
        None => Value::Nothing,
    }
}

/// Anything but a file, by the names of the formats but XML. What isn't there has no member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Text(String),
    Number(i64),
    /// Items, and what XML calls each.
    List(&'static str, Vec<Node>),
    Object(Vec<(&'static str, Node)>),
}

impl Node {
    /// A member that is a text.
    pub fn text(name: &'static str, text: impl ToString) -> (&'static str, Self) {
        (name, Self::Text(text.to_string()))
    }

    /// A file.
    pub fn of_file(file: &FileInfo) -> Self {
        let members = file.members();
        Self::Object(
            members.filter_map(|(m, value)| Some((m.camel, Self::of_value(value)?))).collect(),
        )
    }

    pub fn of_value(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Nothing => return None,
            Value::Text(text) => Self::Text(text.clone()),
            Value::Number(number) => Self::Number(*number),
            Value::Customers(customers) => {
                let customer = |customer: &Customer| {
                    let members = [("id", &customer.id), ("name", &customer.name)].into_iter();
                    let said = members.filter_map(|(name, v)| Some((name, Self::of_value(v)?)));
                    Self::Object(said.collect())
                };
                Self::List("CustomerBreadcrumb", customers.iter().map(customer).collect())
            }
        })
    }
}
