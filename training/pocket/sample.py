"""Paints with the trained networks: one sentence, or the fixed grid of styles and sentences."""

import argparse
from pathlib import Path

import torch
from PIL import Image

import model
import read_gguf
import tokenizer
from captions import STYLES

SHIFT, STEPS, GUIDANCE = 2.0, 24, 3.0
SENTENCES = (
    "cat face", "kitten", "happy robot", "blue fox", "rocket", "house with a tree",
    "strawberry cake", "logo of cat, cute, happy, smile", "owl", "red heart", "pizza", "dragon",
)


def times(steps, shift=SHIFT):
    """steps + 1 times from 1 down to 0, bent towards the noisy end."""
    even = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    return (shift * even / (1 + (shift - 1) * even)).tolist()


@torch.no_grad()
def denoise(unet, states, empty, z, steps=STEPS, guidance=GUIDANCE):
    """Noise -> pictures in -1..1 (not clamped): Euler on v = (z - x) / t.

    At t = 1 nothing special happens: z is pure noise and v = z - x. The last step goes to
    t = 0, where z becomes the guided x itself."""
    path = times(steps)
    for now, after in zip(path, path[1:]):
        both = unet(torch.cat([z, z]), torch.tensor(1000.0 * now), torch.cat([states, empty])).sample.float()
        wanted, plain = both.chunk(2)
        x = plain + guidance * (wanted - plain)
        z = z + (after - now) * (z - x) / now
    return model.from_patches(z)


@torch.no_grad()
def paint(unet, text, encode, prompts, seed=1, noise=None, steps=STEPS, guidance=GUIDANCE):
    """One picture a prompt, all from the same noise unless `noise` says otherwise."""
    states = text(torch.tensor([encode(prompt) for prompt in prompts])).last_hidden_state
    empty = text(torch.tensor([encode("")])).last_hidden_state.expand_as(states)
    if noise is None:
        noise = torch.randn(1, 192, 16, 16, generator=torch.Generator().manual_seed(seed))
        noise = noise.expand(len(prompts), -1, -1, -1)
    return denoise(unet, states, empty, noise.contiguous(), steps, guidance)


def to_image(picture):
    """-1..1, 3 x H x W -> PIL"""
    return Image.fromarray(((picture.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy())


def grid(unet, text, encode, sentences=SENTENCES, **how):
    """The styles across, sentences down."""
    rows = []
    for sentence in sentences:
        prompts = [f"{sentence}, {phrases[0]}" for phrases in STYLES.values()]
        rows.append(torch.cat(list(paint(unet, text, encode, prompts, **how)), dim=2))
    return to_image(torch.cat(rows, dim=1))


def networks_of(source):
    """From a folder of weights, a model file, or the averaged weights of a checkpoint `last.pt`."""
    path = Path(source)
    if path.suffix == ".gguf":
        return read_gguf.load(path)
    if path.is_dir():
        return model.load(path)
    unet, text = model.fresh(torch.zeros(49408, 192))
    weights = [p for net in (unet, text) for p in net.parameters()]
    for p, average in zip(weights, torch.load(path, map_location="cpu")["averages"]):
        p.data.copy_(average)
    return unet, text


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("weights", help="a weights folder, a model file .gguf or a checkpoint last.pt")
    parse.add_argument("--vocabulary", required=True, help="bpe_simple_vocab_16e6.txt.gz")
    parse.add_argument("--out", default="grid.png")
    parse.add_argument("--prompt", action="append", help="paint these sentences instead of the fixed ones")
    parse.add_argument("--whole", action="store_true", help="take the prompt as it is, in no style but its own")
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--steps", type=int, default=STEPS)
    parse.add_argument("--guidance", type=float, default=GUIDANCE)
    parse.add_argument("--colours", type=int, help="reduce the PNG to so many colours")
    args = parse.parse_args()
    unet, text = networks_of(args.weights)
    encode = tokenizer.load(args.vocabulary)
    how = dict(seed=args.seed, steps=args.steps, guidance=args.guidance)
    if args.whole:
        image = to_image(torch.cat(list(paint(unet, text, encode, args.prompt, **how)), dim=2))
    else:
        image = grid(unet, text, encode, args.prompt or SENTENCES, **how)
    if args.colours:
        image = image.quantize(args.colours, dither=Image.Dither.NONE)
    image.save(args.out, optimize=True)


if __name__ == "__main__":
    main()
