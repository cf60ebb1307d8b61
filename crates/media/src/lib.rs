//! What to send: preferences and a resource become a representation with a stable identity.
//!
//! So far this crate holds the deciding half: [`Resource`], [`Preferences`], [`select()`] and the
//! entity tags. Scheduling, the output cache and bodies are not here yet.

mod identity;
mod preferences;
mod resource;
mod select;

pub use preferences::{ChannelWish, ClipWish, Preferences};
pub use resource::{Link, Resource, resolve};
pub use select::{Refusal, Representation, select};
