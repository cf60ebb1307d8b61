//! One folder an API: thin translations of the same operations.

pub mod carrierx;
pub mod publish;
