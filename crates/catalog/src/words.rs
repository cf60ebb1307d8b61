//! The closed sets: each an enum, told by the same word in the APIs, in the catalog and on the command line.

use crate::Error;
use crate::column::{Column, unreadable};
use crate::value::Value;
use std::str::FromStr;

/// A word that its set does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} (allowed: {allowed})")]
pub struct UnknownWord {
    word: String,
    allowed: String,
}

/// A closed set of words.
pub trait Word: FromStr<Err = UnknownWord> + Copy + PartialEq + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The words that a caller may say.
    const ALLOWED: &'static [&'static str];

    /// The word.
    fn as_str(self) -> &'static str;
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$of_variant:meta])* $variant:ident => $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$of_variant])* $variant,)* }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            const ALLOWED: &'static [&'static str] = &[$($word),*];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or_else(|| {
                    UnknownWord { word: word.to_owned(), allowed: Self::ALLOWED.join(", ") }
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// By which kind of link a file is published.
    Publish {
        /// By none.
        None => "none",
        /// `/f/{file_sid}`.
        FileSid => "file_sid",
        /// `/c/{container_sid}/{file_access_name}`.
        FileAccessName => "file_access_name",
    }
}

words! {
    /// What happens to a file once its lifecycle is over.
    LifecycleAction {
        /// It stays.
        NoAction => "no_action",
        /// It is deleted.
        Delete => "delete",
    }
}

words! {
    /// What a container does once a threshold is reached.
    ThresholdAction {
        /// It takes no more files.
        Reject => "reject",
        /// The files that were not used for longest go.
        DeleteLru => "delete_lru",
    }
}

words! {
    /// What kind of content a file has, told by its first bytes.
    Classification {
        /// Files packed into one.
        Archive => "archive",
        /// Texts, tables, slides.
        Document => "document",
        /// Programs and scripts.
        Executable => "executable",
        /// Sound, pictures, moving pictures.
        Media => "media",
        /// Anything else.
        Unknown => "unknown",
    }
}

words! {
    /// What a file is said to be by its uploader.
    FileKind {
        /// Nothing in particular.
        File => "file",
        /// A recording.
        Audio => "audio",
        /// A film.
        Video => "video",
    }
}

words! {
    /// What the EvoVoice API says that a file is.
    EvoVoiceType {
        /// Sent in by somebody.
        Upload => "Upload",
        /// A message that a caller left.
        VoiceMessage => "VoiceMessage",
        /// The recording of a call.
        CallRecording => "CallRecording",
        /// A fax that came in.
        Fax => "Fax",
        /// What came with a message.
        Attachment => "Attachment",
        /// A fax that went out.
        FaxOutgoing => "FaxOutgoing",
    }
}

words! {
    /// Where the content of a container lies.
    StorageKind {
        /// With this server.
        Internal => "internal",
        /// In a bucket of Amazon S3.
        Aws => "aws",
        /// In Azure Blob Storage.
        Azure => "azure",
        /// In a bucket of Google Cloud Storage.
        Gcp => "gcp",
    }
}

words! {
    /// What a token allows; each role includes those above it in this list.
    Role {
        /// Reads.
        Read => "read",
        /// Also uploads.
        Agent => "agent",
        /// Also changes and deletes, and makes containers.
        Manager => "manager",
        /// Everything, of every partner.
        Admin => "admin",
    }
}

words! {
    /// What a token is narrowed to; a token without scopes does all that its role allows.
    Scope {
        /// Makes.
        Create => "storage.create",
        /// Reads.
        Read => "storage.read",
        /// Changes.
        Update => "storage.update",
        /// Deletes.
        Delete => "storage.delete",
        /// All of these.
        Manage => "storage.manage",
    }
}

words! {
    /// What a file of VoIPBIN's API is for.
    VoipbinType {
        /// Nothing in particular.
        None => "",
        /// A knowledge base.
        Rag => "rag",
        /// A talk.
        Talk => "talk",
        /// It is a recording.
        Recording => "recording",
    }
}

words! {
    /// What is played before a call is recorded.
    RecordPrompt {
        /// Nothing.
        None => "none",
        /// The system's own prompt.
        Default => "default",
        /// The profile's own prompt.
        Custom => "custom",
    }
}

words! {
    /// What kind of thing a file of VoIPBIN's API belongs to.
    ReferenceType {
        /// To none.
        None => "",
        /// One of no known kind.
        Normal => "normal",
        /// A recording.
        Recording => "recording",
    }
}

words! {
    /// How far a recording is.
    RecordingStatus {
        /// It has no content yet.
        Pending => "pending",
        /// The call goes on.
        Recording => "recording",
        /// Its content is there.
        Completed => "completed",
        /// It came to nothing.
        Failed => "failed",
    }
}

words! {
    /// How far a mail is.
    MailState {
        /// It is still to go.
        Waiting => "waiting",
        /// A server has taken it.
        Sent => "sent",
        /// It will not go.
        Failed => "failed",
    }
}

impl<T: Word> Column for T {
    fn read(value: Value) -> Result<Self, Error> {
        String::read(value)?.parse().map_err(unreadable)
    }
    fn value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

/// A JSON list.
impl<T: Word> Column for Vec<T> {
    fn read(value: Value) -> Result<Self, Error> {
        let words: Vec<String> = serde_json::from_str(&String::read(value)?).map_err(unreadable)?;
        words.iter().map(|word| word.parse().map_err(unreadable)).collect()
    }
    fn value(&self) -> Value {
        let words: Vec<_> = self.iter().map(|word| word.as_str()).collect();
        Value::Text(serde_json::json!(words).to_string())
    }
}
