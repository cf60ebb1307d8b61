//! The CarrierX storage API (Core API v2): containers and files.

mod auth;
mod body;
mod containers;
mod errors;
mod files;
mod objects;
mod openapi;
mod query;
mod request;
mod sign;
mod upload;
mod uploads;

use super::Api;
use super::storage::{Refusal, Storage};
use axum::Router;
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::routing::{get, head, post, put};
use errors::ApiError;
use library::File;
use objects::FileObject;
use utoipa::IntoParams;
use uuid::Uuid;

/// The API under `/core/v2`.
pub const API: Api = Api {
    name: "carrierx",
    prefixes: &["/core/v2"],
    router,
    refuse: |_, refusal| ApiError::from(refusal).into_response(),
    describe: openapi::describe,
};

fn router() -> Router<Storage> {
    // Older clients upload under the admin base; both mean the same.
    let files = |router: Router<Storage>, base: &str| {
        let file = get(files::get).patch(files::patch).put(files::put).delete(files::delete);
        router
            .route(base, get(files::list).post(upload::create))
            .route(&format!("{base}/{{file_sid}}"), file)
            .route(&format!("{base}/{{file_sid}}/data"), get(files::data))
            .route(&format!("{base}/{{file_sid}}/sign"), post(sign::sign))
    };
    let upload = |router: Router<Storage>, path: &str| {
        router.route(path, put(upload::create_named).post(upload::create_named))
    };
    let container = get(containers::get)
        .patch(containers::patch)
        .put(containers::put)
        .delete(containers::delete);
    let calls = Router::new()
        .route("/storage/containers", get(containers::list).post(containers::create))
        .route("/storage/containers/{container_sid}", container);
    let calls = ["/storage/files", "/admin/storage/files"].into_iter().fold(calls, files);
    let open = head(uploads::head).patch(uploads::patch).delete(uploads::delete);
    let open = open.post(uploads::post);
    let uploads = Router::new()
        .route("/storage/uploads", post(uploads::create).options(uploads::options))
        .route("/storage/uploads/{upload_id}", open.options(uploads::options))
        .layer(map_response(uploads::said));
    let calls = calls.merge(uploads);
    let ways_in = ["/storage/upload", "/storage/upload/", "/storage/upload/{*name}"];
    let calls = ways_in.into_iter().fold(calls, upload);
    Router::new().nest("/core/v2", calls)
}

/// A path segment that is no UUID is answered 404, like a sid that nothing has.
fn sid(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| Refusal::NotFound.into())
}

/// A file with its link.
async fn shown(storage: &Storage, row: File) -> Result<FileObject, ApiError> {
    let uris = storage.signer.publish_uris(std::slice::from_ref(&row)).await?;
    Ok(FileObject::of(row, uris.into_iter().next().flatten()))
}

/// The query of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what `query` reads.
struct Listed {
    /// Most items; 1000 at most.
    #[param(minimum = 0)]
    limit: Option<i64>,
    /// Items to leave out.
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// `attribute`, `attribute asc`, `attribute desc` or `shuffle`.
    order: Option<String>,
    /// A cursor from `pagination`: what comes after it.
    after: Option<String>,
    /// A cursor from `pagination`: what comes before it.
    before: Option<String>,
    /// `attribute operator value and …`; eq, ne, gt, ge, lt, le, like, ilike, in (a, b).
    filter: Option<String>,
    /// Fields to show, comma separated.
    include_fields: Option<String>,
    /// Fields to leave out, comma separated.
    exclude_fields: Option<String>,
}

/// The query of one object.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what `query` reads.
struct Shown {
    /// Fields to show, comma separated.
    include_fields: Option<String>,
    /// Fields to leave out, comma separated.
    exclude_fields: Option<String>,
}
