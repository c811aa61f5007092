//! A pickle, in an archive that is in order and in the older layout.
#![no_main]

use chatsd_weights_fuzz::{
    checkpoint::{legacy, zipped},
    read_all,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    read_all(&zipped(data));
    read_all(&legacy(data, 4));
});
