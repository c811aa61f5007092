"""Golden noise: PyTorch's CPU generator, and Philox written anew from the paper (Salmon et al. 2011).

    python reference/noise.py

writes crates/chatsd-diffusion/tests/goldens/sampling/noise.safetensors: for PyTorch `cpu.SEED.SIZE`, values of
torch.manual_seed(SEED); torch.randn(SIZE) for each size; of large draws the first and last 64 values. `cpu.SEED.SIZE.bits` is
a checksum of all: `sum = rotate_left(sum, 1) ^ bits(value)`, its high and its low 16 bits. `cpu.SEED.row` are draws of 3, 16, 5 and 20 one after another from one
generator. `gpu.SEED.SIZE` is what GPU programs draw first, `gpu.SEED.SIZE.second` what they draw next. The Philox
values were not made on a GPU: there the last bits may differ, because its sine and logarithm are its own.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

OUT = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/sampling/noise.safetensors"
SEEDS = [0, 1, 42, 2**32 + 5, 2**63]
SIZES = [1, 5, 15, 16, 17, 64, 100, 4 * 64 * 64]


def ends(values):
    """All of a short draw; the first and last 64 of a long one."""
    return values if len(values) <= 128 else np.concatenate([values[:64], values[-64:]])


def seeded(seed):
    # manual_seed takes seeds of 64 bits; those above 2^63 as negative numbers
    return torch.Generator().manual_seed(seed if seed < 2**63 else seed - 2**64)


def checksum(values):
    total = 0
    for bits in values.view(np.uint32).tolist():
        total = (total << 1 | total >> 31) & 0xFFFFFFFF ^ bits
    return np.array([total >> 16, total & 0xFFFF], np.float32)


def philox(counter, key):
    """Ten rounds over columns of four words."""
    counter, key = [np.asarray(word, np.uint64) for word in counter], list(key)
    low, high = lambda x: x & np.uint64(0xFFFFFFFF), lambda x: x >> np.uint64(32)
    for _ in range(10):
        p0, p1 = counter[0] * np.uint64(0xD2511F53), counter[2] * np.uint64(0xCD9E8D57)
        counter = [high(p1) ^ counter[1] ^ np.uint64(key[0]), low(p1), high(p0) ^ counter[3] ^ np.uint64(key[1]), low(p0)]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


def gpu(seed, size, draw):
    index = np.arange(size)
    x, y, _, _ = philox([np.full(size, draw), 0 * index, index, 0 * index], [seed % 2**32, seed >> 32])
    unit = lambda word: (word.astype(np.float64) + 0.5) / 2**32
    return (np.sqrt(-2 * np.log(unit(x))) * np.sin(2 * np.pi * unit(y))).astype(np.float32)


def main():
    assert [hex(int(word)) for word in philox([0, 0, 0, 0], [0, 0])] == [
        "0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8",
    ]  # Random123's kat_vectors
    goldens = {}
    for seed in SEEDS:
        for size in SIZES:
            values = torch.randn(size, generator=seeded(seed)).numpy()
            goldens[f"cpu.{seed}.{size}"], goldens[f"cpu.{seed}.{size}.bits"] = ends(values), checksum(values)
            goldens[f"gpu.{seed}.{size}"] = ends(gpu(seed, size, 0))
            goldens[f"gpu.{seed}.{size}.second"] = ends(gpu(seed, size, 1))
        generator = seeded(seed)
        goldens[f"cpu.{seed}.row"] = np.concatenate(
            [torch.randn(size, generator=generator).numpy() for size in (3, 16, 5, 20)]
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file(goldens, OUT)


if __name__ == "__main__":
    main()
