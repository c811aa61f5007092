"""Blocks of every format with the values that Python's gguf, PyTorch and ggml read in them, and the blocks that they
make of values, for the tests of chatsd-weights.

    python formats.py GGML    # GGML: ggml/src of a checkout of ggml, compiled here for what the Python package lacks
"""

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import quants
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file as save_tensors

OUT = Path(__file__).parent.parent / "crates/chatsd-weights/tests/fixtures"
# Bytes of a block, and where its f16 scales stand.
BLOCKS = {
    Type.Q4_0: (18, [0]), Type.Q4_1: (20, [0, 2]), Type.Q5_0: (22, [0]), Type.Q5_1: (24, [0, 2]), Type.Q8_0: (34, [0]),
    Type.Q8_1: (36, [0, 2]), Type.Q2_K: (84, [80, 82]), Type.Q3_K: (110, [108]), Type.Q4_K: (144, [0, 2]),
    Type.Q5_K: (176, [0, 2]), Type.Q6_K: (210, [208]), Type.Q8_K: (292, []), Type.IQ1_S: (50, [0]), Type.IQ1_M: (56, []),
    Type.IQ2_XXS: (66, [0]), Type.IQ2_XS: (74, [0]), Type.IQ2_S: (82, [0]), Type.IQ3_XXS: (98, [0]),
    Type.IQ3_S: (110, [0]), Type.IQ4_NL: (18, [0]), Type.IQ4_XS: (136, [0]), Type.TQ1_0: (54, [52]),
    Type.TQ2_0: (66, [64]), Type.MXFP4: (17, []),
}  # fmt: skip
WRITTEN = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q4_K, Type.Q5_K, Type.Q6_K]


def ggml(folder: Path) -> ctypes.CDLL:
    out = Path(tempfile.mkdtemp())
    (out / "stubs.c").write_text(
        "".join(f"void ggml_{name}(void) {{}}\n" for name in ["abort", "row_size", "type_name", "type_size"])
    )
    library = out / "quants.so"
    sources = [folder / "ggml-quants.c", out / "stubs.c"]
    flags = ["-O1", "-ffp-contract=off", "-DNDEBUG", "-shared", "-fPIC", f"-I{folder}", f"-I{folder.parent}/include"]
    subprocess.run(["cc", *flags, *sources, "-lm", "-o", library], check=True)
    return ctypes.CDLL(str(library))


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def small_half(numbers: np.random.Generator) -> np.ndarray:
    return np.float16(numbers.normal() / 64).reshape(1).view(np.uint8)


def random_blocks(numbers: np.random.Generator, kind: Type, rows: int) -> np.ndarray:
    size, scales = BLOCKS[kind]
    blocks = numbers.integers(0, 256, (rows, size), dtype=np.uint8)
    for row in blocks:
        for at in scales:
            row[at : at + 2] = small_half(numbers)
        if kind == Type.Q8_K:
            row[:4] = np.float32(numbers.normal()).reshape(1).view(np.uint8)
        if kind == Type.MXFP4:
            row[0] = numbers.integers(0, 255)
        if kind == Type.IQ1_M:  # the scale lies in the upper four bits of four numbers
            bits = small_half(numbers).view(np.uint16)[0]
            for part in range(4):
                row[49 + 2 * part] = row[49 + 2 * part] & 0x0F | (int(bits) >> (4 * part) & 15) << 4
    return blocks


def dequantized(library: ctypes.CDLL, blocks: np.ndarray, kind: Type) -> np.ndarray:
    if kind == Type.Q8_1:  # ggml has no function for it: the scale times the bytes
        return blocks[:, :2].copy().view(np.float16).astype(np.float32) * blocks[:, 4:].view(np.int8)
    if kind == Type.Q8_K:
        values = np.zeros((len(blocks), 256), np.float32)
        library.dequantize_row_q8_K(pointer(blocks), pointer(values), ctypes.c_int64(values.size))
        return values
    return quants.dequantize(blocks, kind)


def quantized(library: ctypes.CDLL, values: np.ndarray, kind: Type) -> np.ndarray:
    try:
        return quants.quantize(values, kind)
    except NotImplementedError:
        blocks = np.zeros((len(values), BLOCKS[kind][0] * values.shape[1] // 256), np.uint8)
        name = f"quantize_row_{kind.name[:2].lower()}_K_ref"
        getattr(library, name)(pointer(values), pointer(blocks), ctypes.c_int64(values.size))
        return blocks


def main(folder: Path) -> None:
    library = ggml(folder)
    numbers = np.random.default_rng(3)
    writer, values = gguf.GGUFWriter(OUT / "formats.gguf", "formats"), {}
    for kind in BLOCKS:
        blocks = random_blocks(numbers, kind, 4 if BLOCKS[kind][0] < 40 else 2)
        values[kind.name] = dequantized(library, blocks, kind)
        if kind == Type.Q8_1:  # its size is wrong in the package
            gguf.constants.GGML_QUANT_SIZES[kind] = (32, 36)
        writer.add_tensor(kind.name, blocks, raw_dtype=kind)
    given = numbers.standard_t(4, (2, 512)).astype(np.float32) / 20  # weights have longer tails than a normal
    given[0, :256] = np.abs(given[0, :256])
    given[0, 256:288] = 0
    given[0, 288:304] = 0.125
    for kind in WRITTEN:
        writer.add_tensor(f"{kind.name}.rounded", quantized(library, given, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_arrays(values | {"given": given}, OUT / "formats.safetensors")

    every = torch.arange(256, dtype=torch.uint8)
    every = every[(every & 0x7F) < 0x7F]
    eights = {"e4m3": every.view(torch.float8_e4m3fn), "e5m2": torch.arange(0x7C, dtype=torch.uint8).view(torch.float8_e5m2)}
    save_tensors(
        eights
        | {f"{name}.values": tensor.float() for name, tensor in eights.items()}
        | {
            "layer.weight": (torch.arange(16).float() / 4).reshape(2, 8).to(torch.float8_e4m3fn),
            "layer.scale_weight": torch.tensor(0.375),
            "layer.scale_input": torch.tensor(2.0),
            "scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn),
            "double": torch.tensor([0.1, -1e30], dtype=torch.float64),
            "long": torch.tensor([-1, 2**40]),
            "int": torch.tensor([-1, 2**25 + 1], dtype=torch.int32),
            "short": torch.tensor([-1, 300], dtype=torch.int16),
            "char": torch.tensor([-1, 100], dtype=torch.int8),
            "byte": torch.tensor([1, 200], dtype=torch.uint8),
            "truth": torch.tensor([True, False]),
        },
        OUT / "eights.safetensors",
    )


main(Path(sys.argv[1]))
