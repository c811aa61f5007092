"""Scores painted sentences with the judge and prints a table; shows the nearest drawing beside samples.

python paint_list.py last.pt --vocabulary V --out new/
python measure.py old/ new/ --judge judge.pt --data pictures/ --emojibase emojibase-data/
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import classifier
import colours
from captions import STYLES
from drawings import concepts_of, read_drawings
from paint_list import SEEDED, SEEDS, sentences

SMALL = 32  # side at which pictures are compared with the drawings they were learned from
SHOWN = 24
COPIED = 0.06  # a sample this near to a drawing looks like it


def picture_of(path, size):
    return (
        np.asarray(Image.open(path).convert("RGB").resize((size, size), Image.Resampling.BOX), np.float32) / 127.5 - 1
    )


def answers(row, concepts, subjects):
    """What the judge should say of a sentence's picture: as `classifier.truth` for a plan."""
    present = torch.zeros(len(subjects))
    for label in row["subjects"].split("; "):
        present[subjects.index(classifier.subject_of(label, concepts))] = 1
    find = lambda table, word: list(table).index(word) if word else -1
    return dict(
        subject=present,
        style=find(STYLES, row["style"]),
        count=int(row["count"]) - 1 if row["count"] else -1,
        colour=find(colours.NAMED, row["colour"]),
        ground=find(classifier.GROUNDS, row["ground"]),
        time=find(classifier.TIMES, row["time"]),
    )


@torch.no_grad()
def scores(folder, rows, judge, concepts):
    """(group, head) -> (right, asked) over the pictures that are there"""
    sums, painted = {}, 0
    for place, row in enumerate(rows):
        path = folder / f"{place:04}.png"
        if not path.exists():
            continue
        painted += 1
        pictures = torch.from_numpy(picture_of(path, classifier.SIZE)).permute(2, 0, 1)[None]
        said = judge(pictures)
        table = {
            name: value[None] if name == "subject" else torch.tensor([value])
            for name, value in answers(row, concepts, judge.subjects).items()
        }
        for head, (hits, asked) in classifier.right(said, table).items():
            old = sums.get((row["group"], head), (0, 0))
            sums[row["group"], head] = (old[0] + hits, old[1] + asked)
    return sums, painted


def diversity(folder):
    """Mean distance (root mean square, 0..1) between pictures of one sentence with several seeds."""
    distances = []
    firsts = sorted({path.name.split("-")[0] for path in folder.glob("*-seed*.png")})[:SEEDED]
    for first in firsts:
        same = [
            picture_of(folder / f"{first}-seed{seed}.png", 64) / 2
            for seed in range(SEEDS)
            if (folder / f"{first}-seed{seed}.png").exists()
        ]
        distances += [np.sqrt(((a - b) ** 2).mean()) for i, a in enumerate(same) for b in same[:i]]
    return float(np.mean(distances)) if distances else float("nan")


def flattened(drawings):
    """Every drawing on white, small: n x SMALL x SMALL x 3, -1..1"""
    table = np.empty((len(drawings), SMALL, SMALL, 3), np.float32)
    for place, drawing in enumerate(drawings):
        image = Image.new("RGB", (len(drawing.pixels),) * 2, "white")
        layer = Image.fromarray(np.ascontiguousarray(drawing.pixels))
        image.paste(layer, (0, 0), layer)
        table[place] = np.asarray(image.resize((SMALL, SMALL), Image.Resampling.BOX), np.float32) / 127.5 - 1
    return table


def nearest(picture, table):
    """(place of the nearest drawing, root mean square distance in 0..1)"""
    far = ((table - picture) ** 2).mean((1, 2, 3))
    return int(far.argmin()), float(np.sqrt(far.min()) / 2)


def nearest_sheet(folder, rows, drawings, table, out):
    """Samples above, the drawings nearest to them below; returns the distances of all."""
    distances, pairs = [], []
    single = [
        place
        for place, row in enumerate(rows)
        if row["group"] in ("drilled", "lesser", "colour") and (folder / f"{place:04}.png").exists()
    ]
    for place in single:
        path = folder / f"{place:04}.png"
        which, far = nearest(picture_of(path, SMALL), table)
        distances.append(far)
        pairs.append((Image.open(path).convert("RGB"), drawings[which]))
    pairs = pairs[:: max(1, len(pairs) // SHOWN)][:SHOWN]
    columns, side = SHOWN // 2, 64
    sheet = Image.new("RGB", (columns * side, 2 * (2 * side + 6)), "white")
    for k, (sample_, drawing) in enumerate(pairs):
        x, y = k % columns * side, k // columns * (2 * side + 6)
        sheet.paste(sample_.resize((side, side)), (x, y))
        layer = Image.fromarray(np.ascontiguousarray(drawing.pixels)).resize((side, side))
        sheet.paste(layer, (x, y + side), layer)
    sheet.quantize(128, dither=Image.Dither.NONE).save(out, optimize=True)
    return distances


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("folders", nargs="+", type=Path, help="folders painted by paint_list.py")
    parse.add_argument("--judge", required=True)
    parse.add_argument("--data", required=True)
    parse.add_argument("--emojibase", required=True)
    parse.add_argument(
        "--nearest", help="write samples of the last folder with the drawings nearest to them here (PNG)"
    )
    args = parse.parse_args()
    concepts, rows = concepts_of(Path(args.emojibase)), sentences()
    judge, state = classifier.load(args.judge)
    drawings = read_drawings(args.data, concepts)
    table = flattened(drawings)
    results = [scores(folder, rows, judge, concepts) for folder in args.folders]
    bound = state["held_out"]
    print(
        "| sentences | what | "
        + " | ".join(f"{f.name} ({n} painted)" for f, (_, n) in zip(args.folders, results))
        + " | judge on unseen drawings |"
    )
    print("|---|---|" + "---|" * (len(results) + 1))
    for group, head in dict.fromkeys(key for sums, _ in results for key in sums):
        cells = []
        for sums, _ in results:
            hits, asked = sums.get((group, head), (0, 0))
            cells.append(f"{hits / asked:.0%} of {asked}" if asked else "")
        print(f"| {group} | {head} | " + " | ".join(cells) + f" | {bound.get(head, float('nan')):.0%} |")
    print("| seeds | mean distance | " + " | ".join(f"{diversity(f):.3f}" for f in args.folders) + " | |")
    for folder in args.folders:
        distances = nearest_sheet(folder, rows, drawings, table, args.nearest or folder / "nearest.png")
        print(
            f"{folder.name}: nearest drawing at {np.median(distances):.3f} (median), "
            f"{np.mean(np.array(distances) < COPIED):.0%} nearer than {COPIED}"
        )


if __name__ == "__main__":
    main()
