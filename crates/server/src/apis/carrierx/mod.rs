//! The CarrierX storage API (Core API v2): containers and files.

mod auth;
mod body;
mod containers;
mod errors;
mod files;
mod objects;
mod openapi;
mod query;
mod transcode;
mod upload;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use errors::ApiError;
use http::{HeaderValue, Method, StatusCode, header};
use library::Library;
use media::Media;
use utoipa::IntoParams;
use uuid::Uuid;

/// What the calls work on.
#[derive(Clone)]
pub struct Api {
    library: Library,
    media: Media,
}

impl FromRef<Api> for Library {
    fn from_ref(api: &Api) -> Self {
        api.library.clone()
    }
}

/// The API under `/core/v2`, and its description.
pub fn router(library: Library, media: Media) -> Router {
    // Older clients upload under the admin base; both mean the same.
    let files = |router: Router<Api>, base: &str| {
        let file = get(files::get).patch(files::patch).put(files::put).delete(files::delete);
        router
            .route(base, get(files::list).post(upload::create))
            .route(&format!("{base}/{{file_sid}}"), file)
            .route(&format!("{base}/{{file_sid}}/data"), get(files::data))
    };
    let container = get(containers::get)
        .patch(containers::patch)
        .put(containers::put)
        .delete(containers::delete);
    let calls = Router::new()
        .route("/storage/containers", get(containers::list).post(containers::create))
        .route("/storage/containers/{container_sid}", container);
    let calls = ["/storage/files", "/admin/storage/files"]
        .into_iter()
        .fold(calls, files)
        .fallback(async || ApiError::no_path())
        .method_not_allowed_fallback(async || ApiError::bad_method())
        .layer(middleware::from_fn(cross_origin))
        // Uploads are streamed to the disk; what bounds them is the container's quota.
        .layer(DefaultBodyLimit::disable())
        .with_state(Api { library, media });
    Router::new()
        .nest("/core/v2", calls)
        .route("/openapi.json", get(openapi::json))
        .route("/docs", get(openapi::page))
}

/// Any page may call: what counts is the token, which a browser does not send by itself.
async fn cross_origin(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = match preflight {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, PATCH, PUT, DELETE, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static("Authorization, Content-Type");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}

/// What is no sid names nothing.
fn sid(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| ApiError::no_item())
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
