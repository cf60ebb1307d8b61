//! VoIPBIN's objects, each with the fields of both generations of its documents. Their comments are the API's own
//! description.

use super::settings::Config;
use super::times::{Time, Times};
use library::{VoipbinAccount, VoipbinRow, Word};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A file.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinFile)]
pub struct FileObject {
    /// Its id.
    id: Uuid,
    /// The customer that has it.
    customer_id: Uuid,
    /// `agent` if it came in through this API, else empty.
    owner_type: &'static str,
    /// The token that it came in by, if `owner_type` is `agent`.
    owner_id: Uuid,
    /// What kind of thing it belongs to: empty for none, `normal` or `recording`.
    reference_type: &'static str,
    /// The thing that it belongs to.
    reference_id: Uuid,
    /// What it is for: empty, `rag`, `talk` or `recording`.
    r#type: &'static str,
    /// A name for people.
    name: String,
    /// What is said of it.
    detail: String,
    /// Its file's name.
    filename: String,
    /// Its size in bytes.
    filesize: u64,
    /// Its size in bytes.
    size: u64,
    /// Its media type.
    mime_type: String,
    /// A link that plays it until `tm_download_expire`; empty once it is deleted, and for who may not play it.
    uri_download: String,
    /// The same link.
    download_url: String,
    /// When the link ends.
    tm_download_expire: Time,
    /// When it came in.
    tm_create: Time,
    /// When it was changed last, if it was.
    tm_update: Time,
    /// When it was deleted, if it was.
    tm_delete: Time,
}

/// A link and its end.
pub struct Link {
    pub uri: String,
    pub ends_at_s: u64,
}

impl FileObject {
    /// A file that is there, with its link.
    pub fn of(row: VoipbinRow, link: Link, times: Times) -> Self {
        let file = &row.file;
        let ends_at_ms = i64::try_from(link.ends_at_s).ok().and_then(|s| s.checked_mul(1000));
        let changed = (file.date_modified != file.date_created).then_some(file.date_modified);
        Self {
            uri_download: link.uri.clone(),
            download_url: link.uri,
            tm_download_expire: times.of(ends_at_ms),
            tm_update: times.of(changed),
            ..Self::without_link(row, times)
        }
    }

    /// A file that was deleted just now.
    pub fn deleted(row: VoipbinRow, at_ms: i64, times: Times) -> Self {
        let gone = times.of(Some(at_ms));
        Self { tm_update: gone.clone(), tm_delete: gone, ..Self::without_link(row, times) }
    }

    /// A file without a link.
    pub fn without_link(row: VoipbinRow, times: Times) -> Self {
        let owner_id = row.owner_id();
        let VoipbinRow { file, beside } = row;
        let never = times.of(None);
        let (kind, reference_type, reference_id, name, detail) = match beside {
            Some(it) => {
                let kinds = (it.kind.as_str(), it.reference_type.as_str());
                (kinds.0, kinds.1, it.reference_id, it.name, it.detail)
            }
            None => ("", "", Uuid::nil(), String::new(), String::new()),
        };
        Self {
            id: file.file_sid,
            customer_id: file.partner_sid,
            owner_type: if owner_id.is_some() { "agent" } else { "" },
            owner_id: owner_id.unwrap_or_default(),
            reference_type,
            reference_id,
            r#type: kind,
            name,
            detail,
            filename: file.name,
            filesize: file.file_bytes,
            size: file.file_bytes,
            mime_type: file.mime_type,
            uri_download: String::new(),
            download_url: String::new(),
            tm_download_expire: never.clone(),
            tm_create: times.of(Some(file.date_created)),
            tm_update: never.clone(),
            tm_delete: never,
        }
    }
}

/// A customer's account.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinAccount)]
pub struct AccountObject {
    /// Its id, which is its customer's.
    id: Uuid,
    /// The customer that has it.
    customer_id: Uuid,
    /// How many files the customer has.
    total_file_count: u64,
    /// Bytes that they have.
    total_file_size: u64,
    /// How many files the customer has.
    file_count: u64,
    /// Bytes that they have.
    total_size: u64,
    /// Bytes that they may have.
    quota: u64,
    /// When it was made.
    tm_create: Time,
    /// When its totals changed last, if they did.
    tm_update: Time,
    /// When it was deleted, if it was.
    tm_delete: Time,
}

impl AccountObject {
    /// An account, deleted at that time if it is.
    pub fn of(account: &VoipbinAccount, deleted_at: Option<i64>, config: &Config) -> Self {
        let (usage, times) = (account.usage, config.times);
        Self {
            id: account.partner_sid,
            customer_id: account.partner_sid,
            total_file_count: usage.files,
            total_file_size: usage.bytes,
            file_count: usage.files,
            total_size: usage.bytes,
            quota: account.quota.unwrap_or(config.quota_bytes),
            tm_create: times.of(Some(account.created_at)),
            tm_update: times.of(deleted_at.or(account.changed_at)),
            tm_delete: times.of(deleted_at),
        }
    }
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinPage)]
pub struct Page<T> {
    /// The items.
    pub result: Vec<T>,
    /// Value of `page_token` for the next part; empty if this is the last one.
    pub next_page_token: String,
}

/// A token for a password.
#[derive(Serialize, ToSchema)]
#[schema(as = VoipbinLogin)]
pub struct LoginObject {
    /// The name that was given; any will do.
    pub username: String,
    /// The token to ask with.
    pub token: String,
}
