//! How soon a seek into an hour that nobody has asked for yet is answered.

fn main() {}
