//! A PyTorch checkpoint in an archive.
#![no_main]

use chatsd_weights_fuzz::read_all;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    read_all(data);
});
