//! The CarrierX storage API (Core API v2), first part: containers and files.

mod errors;
mod objects;
mod routes;
mod upload;

pub use routes::router;
