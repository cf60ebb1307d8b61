//! One folder an API, one line in [`APIS`]: thin translations of the same operations. What each of them shares with
//! the others is in `storage/`; published links are none of them and stand before them (see `handler.rs`).

pub mod carrierx;
pub mod evovoice;
pub mod publish;
pub mod storage;
pub mod voipbin;
pub mod voxbone;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::response::Response;
use http::request::Parts;
use std::fmt;
use std::str::FromStr;
use storage::{Refusal, Storage, compressed, cors};
use utoipa::openapi::OpenApi;

static APIS: [Api; 4] = [carrierx::API, voipbin::API, evovoice::API, voxbone::API];

/// A storage API as the server knows it.
pub struct Api {
    /// What `--apis` calls it.
    pub name: &'static str,
    /// What the paths of its requests begin with, up to a `/` or a `.`; the longest one among all APIs decides.
    pub prefixes: &'static [&'static str],
    /// Its routes, with whole paths.
    pub router: fn() -> Router<Storage>,
    /// How it words what is refused before a route of its own has the request.
    pub refuse: fn(&Parts, Refusal) -> Response,
    /// What it tells of itself.
    pub describe: fn() -> OpenApi,
}

/// The APIs that are on.
#[derive(Clone)]
pub struct Apis(Vec<&'static Api>);

impl Default for Apis {
    fn default() -> Self {
        Self(APIS.iter().collect())
    }
}

impl fmt::Debug for Apis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Apis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(|api| api.name).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Apis {
    type Err = String;

    /// Names parted by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let find = |name: &str| {
            APIS.iter().find(|api| api.name == name).ok_or_else(|| {
                format!("`{name}` is no API; allowed: {} (parted by commas)", Self::default())
            })
        };
        text.split(',').map(|name| find(name.trim())).collect::<Result<_, _>>().map(Self)
    }
}

/// The routers of the APIs that are on, each with its prefixes.
pub struct Mounted {
    apis: Vec<(&'static Api, Router)>,
}

impl Apis {
    /// Their routers over what they work on.
    pub fn mount(&self, storage: &Storage) -> Mounted {
        let routed = |api: &&'static Api| (*api, routed(api, storage.clone()));
        Mounted { apis: self.0.iter().map(routed).collect() }
    }

    /// The routes of their description.
    pub fn description(&self) -> Router {
        storage::openapi::router(&self.0)
    }
}

impl Mounted {
    /// The name of the API that a path belongs to.
    pub fn name(&self, path: &str) -> Option<&'static str> {
        self.owner(path).map(|(api, _)| api.name)
    }

    /// The router of the API that a path belongs to.
    pub fn find(&self, path: &str) -> Option<&Router> {
        self.owner(path).map(|(_, router)| router)
    }

    fn owner(&self, path: &str) -> Option<&(&'static Api, Router)> {
        let length = |api: &Api| {
            api.prefixes
                .iter()
                .filter(|prefix| begins(path, prefix))
                .map(|prefix| prefix.len())
                .max()
        };
        let found = self.apis.iter().filter_map(|owner| Some((length(owner.0)?, owner)));
        found.max_by_key(|(length, _)| *length).map(|(_, owner)| owner)
    }
}

fn begins(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
}

fn routed(api: &'static Api, storage: Storage) -> Router {
    let refuse = |refusal: fn() -> Refusal| {
        move |request: Request| async move { (api.refuse)(&request.into_parts().0, refusal()) }
    };
    (api.router)()
        .fallback(refuse(|| Refusal::NoPath))
        .method_not_allowed_fallback(refuse(|| Refusal::BadMethod))
        .layer(middleware::from_fn(cors::any_origin))
        .layer(middleware::from_fn(compressed))
        // Uploads are streamed to the disk; what bounds them is the container's quota.
        .layer(DefaultBodyLimit::disable())
        .with_state(storage)
}
