//! A safetensors file; eight bytes of length are set right, so that the header is what changes.
#![no_main]

use chatsd_weights_fuzz::read_all;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = (data.len() as u64).to_le_bytes().to_vec();
    file.extend(data);
    read_all(&file);
    read_all(data);
});
