"""Trains the upscaler on clean scenes that were damaged, and on what the base model made of scenes.

python train_upscaler.py --data large/ --emojibase E --pairs pairs/ --out upscaler.pt --steps 3000
python train_upscaler.py ... --steps 0 --export weights/upscaler.safetensors
"""

import argparse
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import compact
from compact import SCALE
from damage import damage
from drawings import concepts_of, read_drawings
from scenes import Scenes

SIZE, CROP = 128, 48
PAIR_SHARE = 0.5
FRESH = 4  # new scenes painted a step, each cut CROPS times
CROPS = 3
HELD_OUT_PARTS = 1  # the first files of pairs/ are never learned from
EDGE_WEIGHT, FLAT_WEIGHT = 0.25, 0.5
AVERAGE = 0.998


def cuts(small, fine, chance):
    """The same random square of both sizes."""
    y, x = chance.randrange(0, SIZE - CROP + 1), chance.randrange(0, SIZE - CROP + 1)
    return small[..., y : y + CROP, x : x + CROP], fine[
        ..., y * SCALE : (y + CROP) * SCALE, x * SCALE : (x + CROP) * SCALE
    ]


def tensor(pixels):
    """h x w x 3 bytes -> 3 x h x w in 0..1"""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float() / 255


class Squares:
    """Squares to learn from; `pairs` are files that pairs.py wrote, read again as more appear."""

    def __init__(self, scenes, folder, chance):
        self.scenes, self.folder, self.chance, self.pairs = scenes, folder, chance, []

    def reread(self):
        """One file of pairs, at random: 20 pictures are in memory at a time."""
        files = sorted(self.folder.glob("*.npz"))[HELD_OUT_PARTS:] if self.folder else []
        if files:
            with np.load(self.chance.choice(files)) as file:
                self.pairs = list(zip(file["inputs"], file["targets"]))

    def batch(self):
        inputs, targets = [], []
        for _ in range(FRESH):
            if self.pairs and self.chance.random() < PAIR_SHARE:
                small, fine = map(tensor, self.chance.choice(self.pairs))
            else:
                fine = tensor(self.scenes.plan().paint(SIZE * SCALE))
                small = damage(F.interpolate(fine[None], (SIZE, SIZE), mode="area"))[0]
            for _ in range(CROPS):
                a, b = cuts(small, fine, self.chance)
                turn = self.chance.randrange(2)
                inputs.append(a.flip(2) if turn else a)
                targets.append(b.flip(2) if turn else b)
        return torch.stack(inputs), torch.stack(targets)


def slopes(pictures):
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def loss_of(guess, wanted):
    """Colours; slopes, so that edges are as steep as the drawing's; slopes again where it has none."""
    total = (guess - wanted).abs().mean()
    for found, true in zip(slopes(guess), slopes(wanted)):
        far = (found - true).abs()
        flat = (true.abs().amax(1, keepdim=True) < 0.004).float()
        total = total + EDGE_WEIGHT * far.mean() + FLAT_WEIGHT * (far * flat).mean()
    return total


def psnr(a, b):
    return (-10 * (a - b).square().mean().log10()).item()


def sharpness(pictures):
    """Mean of the steepest hundredth of the slopes."""
    across, _ = slopes(pictures.mean(0))
    return across.abs().flatten().topk(across.numel() // 100).values.mean().item()


def flatness(guess, wanted):
    """Mean slope (of 255) where the drawing has none: weave and ringing left over."""
    found, true = slopes(guess)[0], slopes(wanted)[0]
    return 255 * found[true.abs() < 0.002].abs().mean().item()


@torch.no_grad()
def judged(network, scenes, folder, count=20):
    """Lines of a table: on damaged held-out scenes and on the base model's pictures, against Lanczos."""
    from PIL import Image

    rounds = {}
    for _ in range(count):
        fine = tensor(scenes.plan().paint(SIZE * SCALE))
        rounds.setdefault("damaged scenes", []).append(
            (damage(F.interpolate(fine[None], (SIZE, SIZE), mode="area"))[0], fine)
        )
    files = sorted(folder.glob("*.npz"))[:HELD_OUT_PARTS] if folder else []
    for path in files:
        with np.load(path) as file:
            rounds["the model's pictures"] = [tuple(map(tensor, pair)) for pair in zip(file["inputs"], file["targets"])]
    lines = ["| held out | by | PSNR | steepest slopes | true | slope in flat areas |", "|---|---|---|---|---|---|"]
    for name, pairs in rounds.items():
        for by in ("Lanczos", "network"):
            rows = []
            for small, fine in pairs:
                if by == "network":
                    large = compact.enlarge(network, small)
                else:
                    image = Image.fromarray((small.permute(1, 2, 0) * 255).round().byte().numpy())
                    large = tensor(image.resize((SIZE * SCALE,) * 2, Image.Resampling.LANCZOS))
                rows.append((psnr(large, fine), sharpness(large), sharpness(fine), flatness(large, fine)))
            p, s, true, flat = np.mean(rows, axis=0)
            lines.append(f"| {name} | {by} | {p:.2f} dB | {s:.3f} | {true:.3f} | {flat:.2f} |")
    return lines


def split(drawings):
    """By subject and style, as the judge's, so that held-out scenes show new drawings only."""
    import classifier

    return classifier.split(drawings)


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--data", required=True, help="folder with the sets rendered at 512")
    parse.add_argument("--emojibase", required=True)
    parse.add_argument("--pairs", type=Path, help="folder that pairs.py fills")
    parse.add_argument("--out", required=True, help="checkpoint; goes on from it where it exists")
    parse.add_argument("--steps", type=int, default=3000, help="in all, those of earlier runs counted in")
    parse.add_argument("--rate", type=float, default=2e-3)
    parse.add_argument("--floor", type=float, default=0.05, help="the rate falls to this share of it")
    parse.add_argument("--threads", type=int, default=1, help="two wait for one another where others work too")
    parse.add_argument("--export", help="write the averaged weights here (safetensors, Real-ESRGAN's names)")
    args = parse.parse_args()
    torch.set_num_threads(args.threads)
    network, average = compact.Compact(), compact.Compact()
    average.load_state_dict(network.state_dict())
    tool = torch.optim.Adam(network.parameters(), args.rate, betas=(0.9, 0.99))
    step = 0
    if os.path.exists(args.out):
        state = torch.load(args.out)
        network.load_state_dict(state["weights"])
        average.load_state_dict(state["average"])
        tool.load_state_dict(state["tool"])
        step = state["step"]
    concepts = concepts_of(Path(args.emojibase))
    learned, held_out = split(read_drawings(args.data, concepts, least_sets=1))
    chance = random.Random(step + 1)
    squares = Squares(Scenes(learned, concepts, chance), args.pairs, chance)
    shown = saved = time.time()
    total = count = 0

    def save():
        torch.save(
            dict(weights=network.state_dict(), average=average.state_dict(), tool=tool.state_dict(), step=step),
            args.out + ".part",
        )
        os.replace(args.out + ".part", args.out)

    while step < args.steps:
        if step % 25 == 0:
            squares.reread()
        for group in tool.param_groups:
            group["lr"] = args.rate * max(args.floor, min(1.0, (step + 1) / 50, 2 * (1 - step / args.steps)))
        inputs, targets = squares.batch()
        loss = loss_of(network(inputs), targets)
        tool.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        tool.step()
        keep = min(AVERAGE, (1 + step) / (10 + step))
        for mean, p in zip(average.parameters(), network.parameters()):
            mean.data.lerp_(p.data, 1 - keep)
        step, total, count = step + 1, total + loss.item(), count + 1
        if count == 25:
            print(f"step {step} loss {total / count:.4f} {count / (time.time() - shown):.2f} steps/s", flush=True)
            total, count, shown = 0, 0, time.time()
        if time.time() - saved > 120:
            save()
            saved = time.time()
    save()
    torch.manual_seed(0)
    print("\n".join(judged(average, Scenes(held_out, concepts, random.Random(0)), args.pairs)), f"\nafter {step} steps")
    if args.export:
        compact.save(average, args.export)


if __name__ == "__main__":
    main()
