//! What goes in and out, for the description: parameters, bodies and answers by the service's own names, whose
//! case doesn't matter where they come in.

use super::objects::MEMBERS;
use crate::apis::storage::openapi::one_of;
use library::{EvoVoiceType, Word};
use std::borrow::Cow;
use utoipa::openapi::schema::{
    Array, ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// In which format the answer is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what `wants` reads.
pub struct Asked {
    /// json, xml, csv or jsv. A suffix of the path (`.xml`) goes before it, `Accept` after it.
    #[param(pattern = "^(json|xml|csv|jsv)$")]
    format: Option<String>,
}

/// How much of a list is wanted, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `list` reads.
pub struct Paging {
    /// Counted from 0.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    page: Option<i64>,
    /// 25 where it's left out.
    #[param(minimum = 1, maximum = 1000)]
    count_per_page: Option<i64>,
    /// All pages at once.
    all: Option<bool>,
    /// Ids, parted by commas.
    specific_ids: Option<String>,
    #[param(schema_with = members)]
    sort_field: Option<String>,
    /// Ascend or Descend, which is the default.
    #[param(pattern = "^(Ascend|Descend)$")]
    sort_order: Option<String>,
    /// Without totals.
    simplified_paging: Option<bool>,
}

/// What files are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `list` reads.
pub struct Filters {
    /// Accounts, parted by commas.
    account_ids: Option<String>,
    /// Customers, parted by commas.
    customer_ids: Option<String>,
    session_id: Option<String>,
    /// A part of the name, in any case.
    file_name: Option<String>,
    /// A part of the media type, in any case.
    content_type: Option<String>,
    #[param(schema_with = file_type)]
    r#type: Option<String>,
    /// A date, or a time in ISO 8601.
    date_created_start: Option<String>,
    /// A date (all of that day, UTC), or a time in ISO 8601.
    date_created_end: Option<String>,
    user_id: Option<String>,
    /// A part of either transcription, in any case.
    transcription_contains: Option<String>,
}

/// What files are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `list` reads.
pub struct PortalFilters {
    account_id: Option<String>,
    customer_id: Option<String>,
    /// A part of the name, in any case.
    file_name_filter: Option<String>,
    #[param(schema_with = file_type)]
    r#type: Option<String>,
    /// A date, or a time in ISO 8601.
    date_created_start: Option<String>,
    /// A date (all of that day, UTC), or a time in ISO 8601.
    date_created_end: Option<String>,
}

/// What files are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `list` reads.
pub struct FileTypes {
    #[param(schema_with = file_types, style = Form, explode = false)]
    file_types: Option<String>,
}

/// What is said of a new file.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `upload` reads.
pub struct New {
    file_name: Option<String>,
    /// Its media type, where the body's says nothing.
    content_type: Option<String>,
    /// Whether it is to be stored as WAV of 8 kHz, mono, 16 bits.
    convert_to_wav: Option<bool>,
    /// The caller's own where it's left out.
    account_id: Option<String>,
    /// For managers, as all else that can be said of a file.
    customer_id: Option<String>,
}

fn members() -> Object {
    let names = MEMBERS.iter().map(|member| member.name);
    one_of("A member of a file; DateCreated where it's left out.", names)
}

fn file_type() -> Object {
    one_of("What kind of file it is.", EvoVoiceType::ALLOWED.iter().copied())
}

fn file_types() -> Array {
    ArrayBuilder::new().items(file_type()).description(Some("Kinds of files.")).build()
}

/// What is said of a file: all but `FileName` by managers alone.
#[derive(ToSchema)]
#[schema(as = EvoVoiceSaid, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what `said` reads.
pub struct Said {
    file_name: Option<String>,
    #[schema(schema_with = file_type)]
    r#type: Option<String>,
    session_id: Option<String>,
    customer_id: Option<String>,
    customer_name: Option<String>,
    user_id: Option<String>,
    user_name: Option<String>,
    recording_sid: Option<String>,
    recording_from: Option<String>,
    from_address: Option<String>,
    to_address: Option<String>,
    transcription: Option<String>,
    #[schema(rename = "AITranscription")]
    ai_transcription: Option<String>,
}

/// The parts of an upload; what is said of the file may be fields of their own, too.
#[derive(ToSchema)]
#[schema(as = EvoVoiceUploadForm, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct UploadForm {
    /// The bytes; the part may have any name if it has a file's name.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    data: Vec<u8>,
    file_name: Option<String>,
}

/// An upload as JSON.
#[derive(ToSchema)]
#[schema(as = EvoVoiceUpload, rename_all = "PascalCase")]
#[allow(dead_code)] // It describes what is read piece by piece.
pub struct UploadBody {
    /// The bytes in base64.
    #[schema(value_type = String, content_encoding = "base64")]
    data: String,
    file_name: Option<String>,
    content_type: Option<String>,
    /// Whether it is to be stored as WAV of 8 kHz, mono, 16 bits.
    convert_to_wav: Option<bool>,
}

/// A user name, whatever it is, and a token.
#[derive(ToSchema)]
#[schema(as = EvoVoiceLogin, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `auth` reads.
pub struct Login {
    #[schema(pattern = "^credentials$")]
    provider: Option<String>,
    user_name: Option<String>,
    password: String,
}

/// Who is logged in.
#[derive(ToSchema)]
#[schema(as = EvoVoiceSession, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `auth` writes.
pub struct Session {
    user_id: String,
    session_id: String,
    user_name: String,
}

/// A token that is lent.
#[derive(ToSchema)]
#[schema(as = EvoVoiceAuthToken, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `auth` writes.
pub struct Lent {
    auth_token: String,
}

/// A page of files.
#[derive(ToSchema)]
#[schema(as = EvoVoiceListResponse, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `formats` writes.
pub struct ListResponse {
    items: Vec<File>,
    /// How many files match; 0 if that wasn't asked.
    total_count: u64,
    total_pages: u64,
    has_more_pages: bool,
}

/// Files.
#[derive(ToSchema)]
#[schema(as = EvoVoiceFiles)]
#[allow(dead_code)] // It describes what `formats` writes.
pub struct Files {
    files: Vec<File>,
}

/// An error.
#[derive(ToSchema)]
#[schema(as = EvoVoiceError, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `errors` writes.
pub struct ErrorBody {
    response_status: ResponseStatus,
}

#[derive(ToSchema)]
#[schema(as = EvoVoiceResponseStatus, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `errors` writes.
pub struct ResponseStatus {
    /// The status in one word.
    error_code: String,
    message: String,
    errors: Option<Vec<ResponseError>>,
}

#[derive(ToSchema)]
#[schema(as = EvoVoiceResponseError, rename_all = "camelCase")]
#[allow(dead_code)] // It describes what `errors` writes.
pub struct ResponseError {
    error_code: String,
    /// The parameter or member at fault.
    field_name: String,
    message: String,
}

/// A file, by its members.
pub struct File;

impl PartialSchema for File {
    fn schema() -> RefOr<Schema> {
        let object =
            ObjectBuilder::new().description(Some("A file. What isn't there is left out."));
        let members = MEMBERS.iter().fold(object, |object, member| {
            let schema = ObjectBuilder::new().description(Some(member.about)).read_only(true);
            let schema: RefOr<Schema> = match member.name {
                "ContentLength" | "RecordingDuration" => schema
                    .schema_type(Type::Integer)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                    .into(),
                "CustomerBreadcrumb" => {
                    let text = || ObjectBuilder::new().schema_type(Type::String);
                    let step = ObjectBuilder::new().property("id", text()).property("name", text());
                    ArrayBuilder::new().items(step).description(Some(member.about)).into()
                }
                _ => schema.schema_type(Type::String).into(),
            };
            object.property(member.camel, schema)
        });
        members.into()
    }
}

impl ToSchema for File {
    fn name() -> Cow<'static, str> {
        "EvoVoiceFile".into()
    }
}
