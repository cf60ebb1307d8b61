//! The `tonearm` binary.

fn main() {}
