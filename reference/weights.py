"""Small model files by the formats' own Python packages, with the values they hold, for the tests of chatsd-weights."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent.parent / "crates/chatsd-weights/tests/fixtures"


def write_gguf(path: Path, expected: dict) -> None:
    numbers = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "chatsd-picture")
    writer.add_name("fixture: 图 🎨")
    writer.add_uint8("number.u8", 255)
    writer.add_int8("number.i8", -128)
    writer.add_uint16("number.u16", 65535)
    writer.add_int16("number.i16", -32768)
    writer.add_uint32("number.u32", 2**32 - 1)
    writer.add_int32("number.i32", -(2**31))
    writer.add_uint64("number.u64", 2**64 - 1)
    writer.add_int64("number.i64", -(2**63))
    writer.add_float32("number.f32", 0.1)
    writer.add_float64("number.f64", 0.1)
    writer.add_bool("number.yes", True)
    writer.add_array("array.texts", ["a", "", "图"])
    writer.add_array("array.numbers", [1, 2, 3])
    writer.add_array("array.arrays", [[1, 2], [3]])
    writer.add_string("chatsd.unet.config", '{"in_channels": 4}')
    writer.add_string("chatsd.convolution_layout", "ohwi")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "ab</w>"])
    writer.add_array("tokenizer.ggml.merges", ["a b</w>"])
    types = gguf.GGMLQuantizationType
    for name, kind, shape in [
        ("unet.f32.weight", types.F32, (3, 5)),
        ("unet.f16.weight", types.F16, (2, 3, 2, 2)),
        ("unet.bf16.weight", types.BF16, (7,)),
        ("unet.q8_0.weight", types.Q8_0, (3, 64)),
        ("unet.q4_0.weight", types.Q4_0, (2, 32)),
    ]:
        values = numbers.normal(size=shape).astype(np.float32)
        stored = gguf.quants.quantize(values, kind)
        back = gguf.quants.dequantize(stored, kind)
        raw = None if kind in (types.F32, types.F16) else kind
        writer.add_tensor(name, stored, raw_dtype=raw)
        expected[name] = {"shape": shape, "given": values.ravel().tolist(), "stored": back.ravel().tolist()}
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_safetensors(path: Path, expected: dict) -> None:
    torch.manual_seed(1)
    tensors = {
        "conv.weight": torch.randn(2, 3, 3, 3),
        "half.weight": torch.randn(4, 5).half(),
        "brain.weight": torch.randn(6).bfloat16(),
        "scalar": torch.tensor(2.5),
        "nothing": torch.zeros(0, 4),
    }
    for name, values in tensors.items():
        flat = values.float().ravel().tolist()
        expected[name] = {"shape": list(values.shape), "given": flat, "stored": flat}
    integers = {"position_ids": torch.arange(4), "double": torch.zeros(1, dtype=torch.float64)}
    save_file(tensors | integers, path, metadata={"format": "pt", "note": "图"})


OUT.mkdir(parents=True, exist_ok=True)
expected = {"gguf": {}, "safetensors": {}}
write_gguf(OUT / "python.gguf", expected["gguf"])
write_safetensors(OUT / "python.safetensors", expected["safetensors"])
(OUT / "expected.json").write_text(json.dumps(expected))
