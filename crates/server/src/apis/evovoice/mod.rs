//! The EvoVoice API: files, as a service of ServiceStack shows them, in four formats.
//!
//! Every call goes the same way: what is wanted of the answer (`wants.rs`) → who asks → the operation → the
//! answer or the refusal in the format that was wanted.

mod answers;
mod auth;
mod data_member;
mod described;
mod errors;
mod files;
mod formats;
mod list;
mod objects;
mod openapi;
mod parameters;
mod said;
mod upload;
mod wants;

use super::Api;
use super::storage::auth::{Credential, caller};
use super::storage::{Refusal, Storage};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use errors::ApiError;
use futures_util::future::BoxFuture;
use http::request::Parts;
use library::Principal;
use parameters::Parameters;
use wants::{Format, Wants};

pub use list::LONG_LISTS;

pub const API: Api = Api {
    name: "evovoice",
    prefixes: &["/files", "/app", "/portal", "/auth"],
    router,
    refuse,
    describe: openapi::describe,
};

/// The cookies that a login sets. The second is meant to outlive the browser's session, and is as good as the first.
const COOKIES: [&str; 2] = ["ss-id", "ss-pid"];

const CREDENTIALS: [Credential; 4] = [
    Credential::Bearer,
    Credential::Basic,
    Credential::Cookie(COOKIES[0]),
    Credential::Cookie(COOKIES[1]),
];

fn router() -> Router<Storage> {
    let calls = [
        ("/files", get(by(list::files)).post(with_body(upload::create))),
        ("/app/files", get(by(list::my_files)).post(with_body(upload::create_by_user))),
        ("/app/file", post(with_body(upload::create_by_app))),
        ("/portal/files", get(by(list::portal_files))),
        ("/auth", post(with_body(auth::credentials))),
        ("/auth/credentials", post(with_body(auth::credentials))),
        ("/auth/token", get(by(auth::token))),
    ];
    let with_suffixes = |router: Router<Storage>, (path, call): (&str, MethodRouter<Storage>)| {
        let suffixed = |router: Router<Storage>, format: Format| {
            router.route(&format!("{path}.{}", format.name()), call.clone())
        };
        Format::ALL.into_iter().fold(router.route(path, call.clone()), suffixed)
    };
    let file = get(by(files::get)).patch(with_body(files::patch)).delete(by(files::delete));
    let router = calls.into_iter().fold(Router::new(), with_suffixes);
    router
        .route("/files/{file_id}", file)
        .route("/files/{file_id}/content", get(by(files::content)))
}

/// A call under way.
struct Call {
    storage: Storage,
    /// Its head.
    parts: Parts,
    /// What its query says.
    query: Parameters,
    wants: Wants,
}

impl Call {
    /// Who asks.
    async fn caller(&self) -> Result<Principal, ApiError> {
        Ok(caller(&self.storage.library, &self.parts, &CREDENTIALS).await?)
    }
}

/// The handler of an operation that needs no body.
fn by<F, A>(
    operation: F,
) -> impl Fn(State<Storage>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    with_body(move |call, _| operation(call))
}

/// The handler of an operation: its answers and refusals are in the format that is wanted.
fn with_body<F, A>(
    operation: F,
) -> impl Fn(State<Storage>, Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    F: Fn(Call, Body) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    move |State(storage), request| {
        let (operation, (parts, body)) = (operation.clone(), request.into_parts());
        Box::pin(async move {
            let (wants, query) = match read(&parts) {
                Ok(read) => read,
                Err((wants, refusal)) => return errors::response(refusal.into(), &wants),
            };
            let call = Call { storage, parts, query, wants: wants.clone() };
            operation(call, body).await.unwrap_or_else(|error| errors::response(error, &wants))
        })
    }
}

/// What is wanted of the answer, and what the query says.
fn read(parts: &Parts) -> Result<(Wants, Parameters), (Wants, Refusal)> {
    let (query, unread) = match Parameters::of_query(&parts.uri) {
        Ok(query) => (query, None),
        Err(refusal) => (Parameters::default(), Some(refusal)),
    };
    let wants = Wants::of(parts, &query)?;
    match unread {
        Some(refusal) => Err((wants, refusal)),
        None => Ok((wants, query)),
    }
}

fn refuse(parts: &Parts, refusal: Refusal) -> Response {
    let wants = read(parts).map_or_else(|(wants, _)| wants, |(wants, _)| wants);
    errors::response(refusal.into(), &wants)
}
