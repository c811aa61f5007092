"""Composed pictures with their captions under them: to look at what the model is taught."""

import argparse
import random
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

from drawings import concepts_of, read_drawings
from scenes import KINDS, Scenes
from wordings import wording

LINE, LINES = 11, 4  # height of a line of the caption, and how many fit


def sheet(pairs, columns, size):
    """Rows of (picture, caption)."""
    tall = size + LINE * LINES
    whole = Image.new("RGB", (columns * (size + 4), -(-len(pairs) // columns) * tall), "white")
    draw = ImageDraw.Draw(whole)
    for place, (picture, words) in enumerate(pairs):
        x, y = place % columns * (size + 4), place // columns * tall
        whole.paste(picture, (x, y))
        draw.rectangle((x - 1, y - 1, x + size, y + size), outline="#cccccc")
        wrapped = textwrap.wrap(words.encode("ascii", "replace").decode() or "(nothing)", size // 6)[:LINES]
        draw.multiline_text((x + 1, y + size), "\n".join(wrapped), fill="black", spacing=0, font_size=10)
    return whole


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--data", required=True, help="folder with the rendered sets")
    parse.add_argument("--emojibase", required=True)
    parse.add_argument("--count", type=int, default=60)
    parse.add_argument("--columns", type=int, default=10)
    parse.add_argument("--size", type=int, default=128)
    parse.add_argument("--seed", type=int, default=1)
    parse.add_argument("--kind", choices=KINDS, help="only this kind of scene")
    parse.add_argument("--style", help="only this style")
    parse.add_argument("--out", default="contact.png")
    args = parse.parse_args()
    chance, concepts = random.Random(args.seed), concepts_of(Path(args.emojibase))
    scenes = Scenes(read_drawings(args.data, concepts), concepts, chance)
    plans = [scenes.plan(args.kind, args.style) for _ in range(args.count)]
    sheet([(plan.paint(args.size), wording(plan, concepts, chance)) for plan in plans], args.columns, args.size).save(
        args.out
    )


if __name__ == "__main__":
    main()
