"""A judge: a small network that says subjects, style, number, colour and ground of a picture.

It learns from composed scenes and is tested on drawings that it never saw: one drawing in ten is held
out, and with it nothing else of that subject in that style. Its own accuracy bounds every figure it gives.

    python classifier.py --data pictures/ --emojibase emojibase-data/ --out judge.pt --scenes 60000
"""

import argparse
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import colours
from captions import STYLES, without_colour
from drawings import concepts_of, read_drawings
from grounds import PLACES
from scenes import Scenes

SIZE = 64  # it looks at pictures this small: patches and soft edges do not trouble it
GROUNDS = (*colours.NAMED, "graded", "badge", *PLACES)
TIMES = ("day", "night", "sunset")
HELD_OUT = 10
COUNTED_KINDS = ("one", "several", "logo")


def subject_of(label, concepts):
    """The class of a label: cats of every mood are `cat`, hearts of every colour `heart`."""
    return without_colour(concepts[label].names[0])


def classes(drawings, concepts):
    return sorted({subject_of(drawing.label, concepts) for drawing in drawings})


class Judge(nn.Module):
    """64 x 64 pictures (-1..1) -> one row of numbers a head"""

    def __init__(self, subjects):
        super().__init__()
        widths = (32, 64, 128, 256)
        self.subjects = subjects
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 3, 2, 1), nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(_Block(a, b) for a, b in zip(widths, widths[1:])))
        sizes = dict(
            subject=len(subjects),
            style=len(STYLES),
            count=6,
            colour=len(colours.NAMED),
            ground=len(GROUNDS),
            time=len(TIMES),
        )
        self.heads = nn.ModuleDict({name: nn.Linear(2 * widths[-1], size) for name, size in sizes.items()})

    def forward(self, pictures):
        x = self.blocks(self.stem(pictures))
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        return {name: head(pooled) for name, head in self.heads.items()}


class _Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.one, self.two = nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(b), nn.BatchNorm2d(b)])
        self.past = nn.Conv2d(a, b, 1, 2, bias=False)

    def forward(self, x):
        inner = F.relu(self.norms[0](self.one(x)))
        return F.relu(self.norms[1](self.two(inner)) + self.past(x))


def truth(plan, concepts, subjects):
    """What each head should say; -1 where the question has no answer."""
    ground, first = plan.ground, plan.items[0]
    kind = ground.words[0] if ground.kind == "plain" else ground.kind
    present = torch.zeros(len(subjects))
    for item in plan.items:
        present[subjects.index(subject_of(item.label, concepts))] = 1
    return dict(
        subject=present,
        style=list(STYLES).index(plan.style),
        count=first.count - 1 if plan.kind in COUNTED_KINDS else -1,
        colour=list(colours.NAMED).index(first.colour) if first.colour else -1,
        ground=GROUNDS.index(kind),
        time=TIMES.index(ground.time) if ground.kind in PLACES else -1,
    )


def soften(pictures):
    """Seen through a bad glass: half of them blurred, all a little noisy."""
    blurred = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    chosen = (torch.rand(len(pictures), 1, 1, 1) < 0.5).float() * torch.rand(len(pictures), 1, 1, 1)
    return (
        pictures
        + chosen * (blurred - pictures)
        + 0.06 * torch.rand(len(pictures), 1, 1, 1) * torch.randn_like(pictures)
    )


def shrink(pictures):
    """Any size -> what the judge looks at"""
    return F.interpolate(pictures, (SIZE, SIZE), mode="area") if pictures.shape[-1] != SIZE else pictures


def batch(scenes, concepts, subjects, size):
    plans = [scenes.plan() for _ in range(size)]
    pixels = np.stack([np.asarray(plan.paint(SIZE)) for plan in plans])
    answers = [truth(plan, concepts, subjects) for plan in plans]
    table = {
        name: torch.stack([a[name] for a in answers]) if name == "subject" else torch.tensor([a[name] for a in answers])
        for name in answers[0]
    }
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1, table


def loss_of(said, table):
    """Every head chooses one class; two subjects share the choice (one sigmoid a class learned far slower)."""
    wanted = table["subject"] / table["subject"].sum(1, keepdim=True)
    total = 2 * F.cross_entropy(said["subject"], wanted)
    for name in said.keys() - {"subject"}:
        known = table[name] >= 0
        if known.any():
            total = total + F.cross_entropy(said[name][known], table[name][known])
    return total


def right(said, table):
    """head -> (right, asked). A subject is found when it is among the strongest: as many as there are
    in the picture, and one more where there are two."""
    scores = {}
    for name in said.keys() - {"subject"}:
        known = table[name] >= 0
        scores[name] = ((said[name].argmax(1) == table[name])[known].sum().item(), known.sum().item())
    for row, present in zip(said["subject"], table["subject"]):
        wanted = present.nonzero().flatten().tolist()
        strongest = row.topk(1 if len(wanted) == 1 else len(wanted) + 1).indices.tolist()
        name = "one subject" if len(wanted) == 1 else "both subjects"
        hits, asked = scores.get(name, (0, 0))
        scores[name] = (hits + all(w in strongest for w in wanted), asked + 1)
    return scores


def split(drawings):
    """(to learn from, held out): by subject and style, the same on every machine"""

    def is_out(drawing):
        return sum(map(ord, drawing.label + drawing.style)) % HELD_OUT == 0

    return [d for d in drawings if not is_out(d)], [d for d in drawings if is_out(d)]


@torch.no_grad()
def accuracy(judge, scenes, concepts, count=1000):
    """head -> share right on `count` scenes"""
    judge.eval()
    sums = {}
    for _ in range(count // 50):
        pictures, table = batch(scenes, concepts, judge.subjects, 50)
        for name, (hits, asked) in right(judge(soften(pictures)), table).items():
            old = sums.get(name, (0, 0))
            sums[name] = (old[0] + hits, old[1] + asked)
    judge.train()
    return {name: hits / asked for name, (hits, asked) in sorted(sums.items()) if asked}


def load(path):
    state = torch.load(path)
    judge = Judge(state["subjects"])
    judge.load_state_dict(state["weights"])
    return judge.eval(), state


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--data", required=True, help="folder with the rendered sets")
    parse.add_argument("--emojibase", required=True)
    parse.add_argument("--out", required=True, help="the judge's weights; goes on from them where they exist")
    parse.add_argument("--scenes", type=int, default=60_000, help="in all, those of earlier runs counted in")
    parse.add_argument("--batch", type=int, default=64)
    parse.add_argument("--rate", type=float, default=2e-3)
    parse.add_argument("--threads", type=int, default=1, help="two wait for one another where others work too")
    args = parse.parse_args()
    torch.set_num_threads(args.threads)
    concepts = concepts_of(Path(args.emojibase))
    drawings = read_drawings(args.data, concepts)
    learned, held_out = split(drawings)
    judge = Judge(classes(drawings, concepts))
    tool = torch.optim.AdamW(judge.parameters(), args.rate, weight_decay=0.02)
    samples = 0
    if os.path.exists(args.out):
        state = torch.load(args.out)
        judge.load_state_dict(state["weights"])
        tool.load_state_dict(state["tool"])
        samples = state["samples"]
    scenes = Scenes(learned, concepts, random.Random(samples + 1))
    unseen = Scenes(held_out, concepts, random.Random(0))
    shown = saved = time.time()
    total = count = 0
    while samples < args.scenes:
        for group in tool.param_groups:
            group["lr"] = args.rate * min(1.0, 2.5 * (1 - samples / args.scenes)) + 1e-5
        pictures, table = batch(scenes, concepts, judge.subjects, args.batch)
        loss = loss_of(judge(soften(pictures)), table)
        tool.zero_grad()
        loss.backward()
        tool.step()
        samples, total, count = samples + args.batch, total + loss.item(), count + 1
        if count == 25:
            print(
                f"{samples} scenes, loss {total / count:.3f}, {count * args.batch / (time.time() - shown):.0f}/s",
                flush=True,
            )
            total, count, shown = 0, 0, time.time()
        if time.time() - saved > 180:
            _save(args.out, judge, tool, samples, {})
            saved = time.time()
    scores = accuracy(judge, unseen, concepts)
    _save(args.out, judge, tool, samples, scores)
    print("on drawings never seen:", ", ".join(f"{name} {share:.1%}" for name, share in scores.items()))


def _save(path, judge, tool, samples, scores):
    torch.save(
        dict(
            weights=judge.state_dict(),
            tool=tool.state_dict(),
            subjects=judge.subjects,
            samples=samples,
            held_out=scores,
        ),
        path + ".part",
    )
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
