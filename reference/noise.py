"""Golden noise: PyTorch's CPU generator, and Philox written anew from the paper (Salmon et al. 2011).

    python reference/noise.py

writes crates/chatsd-diffusion/tests/goldens/sampling/noise.safetensors: for PyTorch `cpu.SEED.SIZE`, values of
torch.manual_seed(SEED); torch.randn(SIZE) for each size; of large draws the first and last 64 values. `cpu.SEED.SIZE.bits` is
a checksum of all: `sum = rotate_left(sum, 1) ^ bits(value)`, its high and its low 16 bits. `cpu.SEED.row` are draws of 3, 16, 5 and 20 one after another from one
generator. `gpu.SEED.SIZE` is what GPU programs draw first, `gpu.SEED.SIZE.second` what they draw next. The Philox
values were not made on a GPU: there the last bits may differ, because its sine and logarithm are its own.

`start.SOURCE.NAME` is the noise that a picture starts from (channels x height x width), and `next.SOURCE.NAME` what is drawn
after it, for the STARTS below: a second seed, noise of another size, a shifted seed, the third picture of a batch; as
stable-diffusion-webui 1.10 (modules/rng.py) and ComfyUI (comfy/sample.py) do it, written anew.
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


# size of the latent, then what differs
STARTS = {
    "plain": ((4, 6, 5), {}),
    "varied": ((4, 6, 5), {"second": (77, 0.3)}),
    "wholly": ((4, 6, 5), {"second": (77, 1.0)}),
    "itself": ((4, 6, 5), {"second": (7, 0.3)}),
    "larger": ((4, 6, 5), {"size": (3, 4)}),
    "smaller": ((4, 6, 5), {"size": (9, 8)}),
    "wider": ((4, 6, 5), {"size": (4, 9), "second": (77, 0.6)}),
    "shifted": ((4, 6, 5), {"delta": 31337}),
    "third": ((4, 6, 8), {"index": 2}),
}


class Draws:
    def __init__(self, source, seed):
        self.source, self.seed, self.count, self.torch = source, seed, 0, seeded(seed)

    def __call__(self, shape):
        self.count += 1
        if self.source == "cpu":
            return torch.randn(shape, generator=self.torch)
        return torch.tensor(gpu(self.seed, int(np.prod(shape)), self.count - 1)).reshape(shape)


def turned(part, low, high):
    """Between two directions, for the rows of each column"""
    unit = lambda x: x / x.norm(dim=1, keepdim=True)
    cosine = (unit(low) * unit(high)).sum(1)
    if cosine.mean() > 0.9995:
        return low * part + high * (1 - part)
    angle = cosine.acos()[:, None]
    return (((1 - part) * angle).sin() * low + (part * angle).sin() * high) / angle.sin()


def start(source, shape, second=None, size=None, delta=0, index=0, seed=7):
    draws = Draws(source, seed)
    for _ in range(index):
        draws(shape)
    noise = draws(shape)
    inner = (shape[0], *size) if size else shape
    part = Draws(source, seed)(inner) if size else noise
    if second:
        part = turned(second[1], part, Draws(source, second[0])(inner))
    if size:
        # in the middle; where it is too large, its middle
        for row in range(shape[1]):
            for column in range(shape[2]):
                y, x = row - (shape[1] - inner[1]) // 2, column - (shape[2] - inner[2]) // 2
                # where the difference is odd, as much is cut off on both sides
                rows = inner[1] if shape[1] >= inner[1] else inner[1] + 2 * ((shape[1] - inner[1]) // 2)
                columns = inner[2] if shape[2] >= inner[2] else inner[2] + 2 * ((shape[2] - inner[2]) // 2)
                y0, x0 = max(0, -((shape[1] - inner[1]) // 2)), max(0, -((shape[2] - inner[2]) // 2))
                if 0 <= y - y0 < rows and 0 <= x - x0 < columns:
                    noise[:, row, column] = part[:, y, x]
    else:
        noise = part
    return noise, (Draws(source, seed + delta) if delta else draws)(shape)


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
    for source in ("cpu", "gpu"):
        for name, (shape, options) in STARTS.items():
            first, after = start(source, shape, **options)
            goldens[f"start.{source}.{name}"], goldens[f"next.{source}.{name}"] = first.numpy(), after.numpy()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file(goldens, OUT)


if __name__ == "__main__":
    main()
