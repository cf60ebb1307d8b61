//! End to end: the running binary, asked over the wire and on the command line, against independent
//! judges (ffmpeg, which must be installed, and Asterisk's prompts).
#![allow(clippy::unwrap_used)]

mod acme;
mod backup;
mod bad_input;
mod buckets;
mod bytes;
mod carrierx;
mod checks;
mod client;
mod clients;
mod cluster;
mod command_line;
mod connections;
mod contrib;
mod cpus;
mod crash;
mod disk;
mod docs;
mod evovoice;
mod figures;
mod forwarded;
mod hostile;
mod imports;
mod judge;
mod limits;
mod listening;
mod logs;
mod lost;
mod matrix;
mod moving;
mod multiplexed;
mod noise;
mod one_store;
mod packages;
mod page;
#[path = "../crates/catalog/tests/cluster/mod.rs"]
mod postgres_cluster;
mod publish;
mod queue;
mod ranges;
mod running;
#[path = "../crates/blob/tests/s3/mod.rs"]
mod s3;
mod secure;
mod settings;
mod signed;
mod sound;
mod sources;
mod spread;
mod storage_api;
mod supervised;
mod tokens;
mod traces;
mod usage;
mod voipbin;
mod voxbone;
mod waveform;
