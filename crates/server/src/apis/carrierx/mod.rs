//! stub

/// The routes.
pub fn router(library: library::Library) -> axum::Router {
    let _ = library;
    axum::Router::new()
}
