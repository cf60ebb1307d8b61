//! The VoIPBIN storage API: files of customers and of agents, and the accounts that bound them.

mod accounts;
mod errors;
mod files;
mod login;
mod objects;
mod openapi;
mod parameters;
mod service_agents;
pub mod settings;
mod times;
mod upload;

pub use settings::Config;
pub use times::Times;

use super::Api;
use super::storage::Storage;
use super::storage::auth::{self, Credential};
use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::middleware;
use axum::routing::{get, post};
use errors::ApiError;
use http::request::Parts;
use library::Principal;
use uuid::Uuid;

/// The API under `/v1.0`, and its login.
pub const API: Api = Api {
    name: "voipbin",
    prefixes: &["/v1.0", "/auth/login"],
    router,
    refuse: |parts, refusal| errors::refused(&parts.headers, refusal),
    describe: openapi::describe,
};

fn router() -> Router<Storage> {
    // Clients of 2024 know the second name alone.
    let files = |router: Router<Storage>, base: &str| {
        router
            .route(base, get(files::list).post(files::create))
            .route(&format!("{base}/{{id}}"), get(files::get).delete(files::delete))
            .route(&format!("{base}/{{id}}/file"), get(files::play))
    };
    ["/v1.0/storage_files", "/v1.0/files"]
        .into_iter()
        .fold(Router::new(), files)
        .route("/v1.0/service_agents/files", get(service_agents::list).post(service_agents::create))
        .route(
            "/v1.0/service_agents/files/{id}",
            get(service_agents::get).delete(service_agents::delete),
        )
        .route("/v1.0/service_agents/files/{id}/file", get(service_agents::play))
        .route("/v1.0/recordingfiles/{id}", get(files::play_recording))
        .route("/v1.0/storage_account", get(accounts::own))
        .route("/v1.0/storage_accounts", get(accounts::list).post(accounts::create))
        .route("/v1.0/storage_accounts/{id}", get(accounts::get).delete(accounts::delete))
        .route("/auth/login", post(login::login))
        .layer(middleware::from_fn(errors::identified))
}

/// The authenticated caller.
pub struct Caller(Principal);

/// The order in which a token is looked for.
const FORMS: [Credential; 5] = [
    Credential::Cookie("token"),
    Credential::Query("token"),
    Credential::Bearer,
    Credential::Cookie("accesskey"),
    Credential::Query("accesskey"),
];

impl FromRequestParts<Storage> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, storage: &Storage) -> Result<Self, ApiError> {
        Ok(Self(auth::caller(&storage.library, parts, &FORMS).await?))
    }
}

/// The id in a path.
pub struct Id(Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| Uuid::try_parse(&text).ok());
        id.map(Self).ok_or_else(|| ApiError::bad_id("id"))
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
