"""A GGUF file as stable-diffusion.cpp's converter writes it, for the tests of chatsd-weights.

    python reference/sdcpp.py PATH/TO/sd-cli

needs that program built (its sources: PyPI `stable-diffusion-cpp-python`, folder vendor/). Writes
crates/chatsd-weights/tests/goldens/sdcpp.gguf: a small text encoder of OpenCLIP's layout, its matrices in Q8_0 and its
tensors under the names that the converter gives them. The numbers are made of names and places alone, here and in the
test alike.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

TARGET = Path(__file__).parents[1] / "crates/chatsd-weights/tests/goldens/sdcpp.gguf"
WIDTH, TOKENS, LAYERS = 32, 40, 2
PREFIX = "conditioner.embedders.1.model."


def values(name, shape):
    seed = 7
    for byte in name.encode():
        seed = (31 * seed + byte) % 2**32
    at = np.arange(np.prod(shape), dtype=np.uint64)
    return (((seed + 7919 * at) % 2001).astype(np.float32) / 1000 - 1).reshape(shape)


def shapes():
    yield "token_embedding.weight", (TOKENS, WIDTH)
    yield "positional_embedding", (77, WIDTH)
    yield "text_projection", (WIDTH, WIDTH)
    for norm in ["ln_final", *(f"transformer.resblocks.{at}.{norm}" for at in range(LAYERS) for norm in ("ln_1", "ln_2"))]:
        yield f"{norm}.weight", (WIDTH,)
        yield f"{norm}.bias", (WIDTH,)
    for at in range(LAYERS):
        layer = f"transformer.resblocks.{at}"
        for name, out, inputs in (("attn.in_proj_", 3, 1), ("attn.out_proj.", 1, 1), ("mlp.c_fc.", 2, 1), ("mlp.c_proj.", 1, 2)):
            yield f"{layer}.{name}weight", (out * WIDTH, inputs * WIDTH)
            yield f"{layer}.{name}bias", (out * WIDTH,)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_file({PREFIX + name: values(name, shape) for name, shape in shapes()}, path)
        TARGET.parent.mkdir(exist_ok=True)
        command = [sys.argv[1], "-M", "convert", "-m", path, "-o", TARGET, "--type", "q8_0", "--convert-name"]
        subprocess.run(command, check=True)
    print(TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
