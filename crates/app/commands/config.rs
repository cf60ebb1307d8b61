//! `tonearm config`: the default configuration.

use crate::failure::{Failure, print};

pub fn run() -> Result<(), Failure> {
    print(&crate::config::sample())
}
