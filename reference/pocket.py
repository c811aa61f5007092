"""Golden tensors for the built-in model, computed by PyTorch, diffusers and transformers.

    python reference/pocket.py models/pocket.gguf

reads the weights out of the GGUF file (dequantised, f32), and writes
crates/chatsd-diffusion/tests/goldens/pocket.safetensors, everything in f32:

    input_ids       [32]               of PROMPT, padded with the end token
    empty_ids       [32]               of the empty prompt
    states          [1, 32, 192]       text encoder's last hidden state (after the final norm)
    empty_states    [1, 32, 192]
    z               [1, 192, 16, 16]   starting noise: CPU generator, seed 1
    single_x        [1, 192, 16, 16]   one pass of the picture network: (z, time 500, states) -> x
    picture         [1, 3, 128, 128]   after STEPS Euler steps, in -1..1, not clamped

The walk: even = linspace(1, 0, STEPS + 1); t = 2 * even / (1 + even). At each t but the last the
network is asked with time 1000 * t for x with and without words; x = plain + 3 * (wanted - plain);
v = (z - x) / t; z += (t_next - t) * v. Nothing is special at t = 1: z is pure noise there (sigma
t / (1 - t) would be infinite, so a sampler that works in sigmas must cap it; this one does not), and
time 1000 is asked. The last step ends at t = 0, where z has become the last guided x exactly. No time
is ever asked twice. Patches become a picture by pixel shuffle with 8: channel = colour * 64 + row * 8
+ column.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

PROMPT = "logo of cat, cute, happy, smile, flat style"
STEPS, GUIDANCE, SEED, SINGLE_TIME = 12, 3.0, 1, 500.0
TARGET = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/pocket.safetensors"


def networks(reader):
    """(picture network, text encoder) with the file's own weights"""
    field = lambda name: json.loads(reader.get_field(name).contents())
    states = {"unet": {}, "text_encoder": {}}
    for tensor in reader.tensors:
        array = dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        if array.ndim == 4:  # stored channels-last
            array = array.transpose(0, 3, 1, 2)
        network, name = tensor.name.split(".", 1)
        states[network][name] = torch.from_numpy(np.array(array, np.float32))
    unet = UNet2DConditionModel.from_config(field("chatsd.unet.config"))
    text = CLIPTextModel(CLIPTextConfig(**field("chatsd.text_encoder.config")))
    unet.load_state_dict(states["unet"])
    missing, strange = text.load_state_dict(states["text_encoder"], strict=False)
    assert not strange and all(name.endswith("position_ids") for name in missing), (missing, strange)
    return unet.float().eval(), text.float().eval()


def tokenise(reader, prompt):
    """begin, the words, end, and end again up to the model's length"""
    pipeline = json.loads(reader.get_field("chatsd.pipeline.config").contents())
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    merges = reader.get_field("tokenizer.ggml.merges").contents()
    inner = CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
    )
    length = pipeline["sequence_length"]
    ids = inner(prompt, add_special_tokens=False)["input_ids"][: length - 2]
    ids = [pipeline["begin_token"], *ids, pipeline["end_token"]]
    return torch.tensor([ids + [pipeline["pad_token"]] * (length - len(ids))])


def times():
    even = torch.linspace(1, 0, STEPS + 1, dtype=torch.float64)
    return (2 * even / (1 + even)).tolist()


def walk(unet, states, empty, z):
    """Noise -> patches, as the page's top says."""
    path = times()
    for now, after in zip(path, path[1:]):
        ask = lambda words: unet(z, torch.tensor([1000 * now], dtype=torch.float32), words).sample
        plain = ask(empty)
        x = plain + GUIDANCE * (ask(states) - plain)
        z = z + (after - now) * (z - x) / now
    return z


@torch.no_grad()
def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parse.add_argument("model", nargs="?", default="models/pocket.gguf")
    parse.add_argument("--out", type=Path, default=TARGET)
    args = parse.parse_args()
    reader = GGUFReader(args.model)
    unet, text = networks(reader)
    ids, empty_ids = tokenise(reader, PROMPT), tokenise(reader, "")
    states, empty = text(ids).last_hidden_state, text(empty_ids).last_hidden_state
    z = torch.randn(1, 192, 16, 16, generator=torch.Generator().manual_seed(SEED))
    goldens = {
        "input_ids": ids[0].float(),
        "empty_ids": empty_ids[0].float(),
        "states": states,
        "empty_states": empty,
        "z": z,
        "single_x": unet(z, torch.tensor([SINGLE_TIME]), states).sample,
        "picture": torch.nn.functional.pixel_shuffle(walk(unet, states, empty, z), 8),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in goldens.items()}, args.out)
    for name, tensor in goldens.items():
        print(f"{name:14} {list(tensor.shape)} mean {tensor.mean():+.5f} deviation {tensor.std():.5f}")


if __name__ == "__main__":
    main()
