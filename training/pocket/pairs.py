"""Pairs to learn enlarging from: what the base model makes of a composed picture, and the picture at 512.

The composed picture is noised to a random t and the model's clean guess, or a short guided walk from
there, is the input: the same faults as in its paintings, in the right place. Written part by part, so
that an interruption costs little; a later run adds to what is there.

    python pairs.py pocket.gguf --data large/ --emojibase E --vocabulary V --out pairs/ --count 600
"""

import argparse
import random
from pathlib import Path

import numpy as np
import torch

import model
import sample
import tokenizer
from compact import SCALE
from drawings import concepts_of, read_drawings
from scenes import Scenes
from wordings import wording

SIZE, PART = 128, 20
WALKED, WALK_STEPS, GUIDANCE = 0.4, 3, 2.5


@torch.no_grad()
def repaint(unet, states, empty, x, chance):
    """Clean patches -> the model's own version of them, near enough to stay in place."""
    walks = chance.random() < WALKED
    t = chance.uniform(0.3, 0.55) if walks else chance.uniform(0.05, 0.45)
    z = (1 - t) * x + t * torch.randn_like(x)
    steps = WALK_STEPS if walks else 1
    times = [t * (1 - k / steps) for k in range(steps + 1)]
    for now, after in zip(times, times[1:]):
        guess = unet(z, torch.tensor(1000.0 * now), states).sample
        if walks:
            plain = unet(z, torch.tensor(1000.0 * now), empty).sample
            guess = plain + GUIDANCE * (guess - plain)
        z = z + (after - now) * (z - guess) / now
    return model.from_patches(z)


def part(scenes, concepts, networks, encode, chance):
    """(inputs n x 128 x 128 x 3, targets n x 512 x 512 x 3), bytes"""
    unet, text = networks
    plans = [scenes.plan() for _ in range(PART)]
    fine = np.stack([np.asarray(plan.paint(SIZE * SCALE)) for plan in plans])
    small = np.stack([np.asarray(plan.paint(SIZE)) for plan in plans])
    words = [wording(plan, concepts, chance) for plan in plans]
    x = model.to_patches(torch.from_numpy(small).permute(0, 3, 1, 2).float() / 127.5 - 1)
    with torch.no_grad():
        states = text(torch.tensor([encode(w) for w in words])).last_hidden_state
        empty = text(torch.tensor([encode("")])).last_hidden_state.expand_as(states)
    guess = repaint(unet, states, empty, x, chance)
    return (((guess.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()), fine


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("weights", help="the base model: a folder, .gguf or last.pt")
    parse.add_argument("--data", required=True, help="folder with the sets rendered at 512")
    parse.add_argument("--emojibase", required=True)
    parse.add_argument("--vocabulary", required=True)
    parse.add_argument("--out", required=True)
    parse.add_argument("--count", type=int, default=600)
    parse.add_argument("--threads", type=int, default=1, help="two wait for one another where others work too")
    args = parse.parse_args()
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    networks, encode = sample.networks_of(args.weights), tokenizer.load(args.vocabulary)
    concepts = concepts_of(Path(args.emojibase))
    drawings = read_drawings(args.data, concepts, least_sets=1)
    for number in range(-(-args.count // PART)):
        path = out / f"{number:04}.npz"
        if path.exists():
            continue
        chance = random.Random(number)
        torch.manual_seed(number)
        inputs, targets = part(Scenes(drawings, concepts, chance), concepts, networks, encode, chance)
        np.savez(path, inputs=inputs, targets=targets)
        print(f"{path.name} of {-(-args.count // PART)}", flush=True)


if __name__ == "__main__":
    main()
