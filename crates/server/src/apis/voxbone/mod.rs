//! The Voxbone recording API: profiles, and the recordings of calls. PUT makes, POST changes.

mod data;
mod errors;
mod fields;
mod objects;
mod openapi;
mod profiles;
mod recordings;
mod request;

use super::Api;
use super::storage::Storage;
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use errors::ApiError;

/// The API under `/profiles` and `/recordings`.
pub const API: Api = Api {
    name: "voxbone",
    prefixes: &["/profiles", "/recordings"],
    router,
    refuse: |_, refusal| ApiError::from(refusal).into_response(),
    describe: openapi::describe,
};

fn router() -> Router<Storage> {
    let profile = get(profiles::get).post(profiles::change).delete(profiles::delete);
    let recordings = || get(recordings::list).put(recordings::create);
    let recording = || get(recordings::get).post(recordings::change).delete(recordings::delete);
    Router::new()
        .route("/profiles", get(profiles::list).put(profiles::create))
        .route("/profiles/{profile_id}", profile)
        .route("/profiles/{profile_id}/recordings", recordings())
        .route("/profiles/{profile_id}/recordings/{id}", recording())
        .route("/recordings", recordings())
        .route("/recordings/{id}", recording())
        .route("/recordings/{id}/data", get(data::get).put(data::put))
}
