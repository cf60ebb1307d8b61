//! Reading amr.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: listen::prepare(),
    |bytes: &[u8]| listen::run("amr", bytes)
);
