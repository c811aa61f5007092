"""The rendered sets as drawings: subject, style, where the ink is, which colour it mostly has."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from captions import STYLES
from concepts import ALIASES, popular

GROUPS = {0, 3, 4, 5, 6, 7}  # smileys, nature, food, travel, activities, objects
CLOCKS, LEAST_SETS = 58, 4  # a subgroup left out; how many sets must draw a lesser subject
INK = 128  # alpha from which a pixel counts as drawn


def squash(name):
    """`Robot-face-2` and `robotface` are one name."""
    head, _, tail = name.lower().rpartition("-")
    name = head if head and tail.isdigit() else name.lower()
    return "".join(letter for letter in name if letter.isalnum())


@dataclass
class Concept:
    """A subject: what people call it, what goes with it, how often it is wanted (0: lesser)."""

    names: list
    tags: list
    weight: float
    chinese: str | None


@dataclass(eq=False)
class Drawing:
    """One picture of a subject. `pixels` is size x size x 4, straight alpha; the rest is in shares of 1."""

    style: str
    label: str
    pixels: np.ndarray
    share: float = 1.0  # of its subject among its style's drawings of it
    box: tuple = field(init=False)  # left, top, right, bottom of what is drawn
    colour: np.ndarray | None = field(init=False)  # mean of the saturated pixels, or None

    def __post_init__(self):
        drawn = self.pixels[..., 3] >= INK
        size, across, down = len(drawn), np.flatnonzero(drawn.any(0)), np.flatnonzero(drawn.any(1))
        edges = (across[0], down[0], across[-1] + 1, down[-1] + 1) if len(across) else (0, 0, size, size)
        self.box = tuple(edge / size for edge in edges)
        self.colour = _dominant(self.pixels[:: size // 64, :: size // 64])


def _dominant(pixels):
    solid = pixels[pixels[..., 3] >= INK][:, :3].astype(np.float32) / 255
    if not len(solid):
        return None
    vivid = solid[solid.max(1) - solid.min(1) > 0.25]
    return vivid.mean(0) if len(vivid) > 0.3 * len(solid) else None


def concepts_of(emojibase):
    """label -> Concept of every subject worth drawing"""
    folder = Path(emojibase)
    english = json.loads((folder / "en/data.json").read_text())
    chinese = {row["hexcode"]: row["label"] for row in json.loads((folder / "zh/data.json").read_text())}
    known, table = popular(), {}
    for row in english:
        if row.get("group") in GROUPS and row.get("subgroup") != CLOCKS:
            otherwise = ([row["label"]], row.get("tags", []), 0.0)
            names, tags, weight = known.get(row["label"], otherwise)
            table[row["label"]] = Concept(names, tags, weight, chinese.get(row["hexcode"]))
    return table


class Labels:
    """Which subject an icon's name means: the sets spell many in their own way."""

    def __init__(self, concepts):
        self.concepts = concepts
        self.by_name = {squash(label): label for label in concepts}

    def of(self, name):
        key = squash(name)
        label = ALIASES.get(key) or self.by_name.get(key)
        return label if label in self.concepts else None


def read_set(rendered, style):
    """(name, pixels) of every picture of one rendered set, whatever its size"""
    names = (Path(rendered) / f"{style}.names").read_text().split("\n")[:-1]
    pixels = np.memmap(Path(rendered) / f"{style}.rgba", np.uint8, "r")
    size = round((len(pixels) / len(names) / 4) ** 0.5)
    return zip(names, pixels.reshape(len(names), size, size, 4))


def read_drawings(rendered, concepts, least_sets=LEAST_SETS):
    """Every drawing of a wanted subject, and of lesser ones that enough sets draw."""
    labels = Labels(concepts)
    drawn = defaultdict(lambda: defaultdict(list))
    for style in STYLES:
        if not (Path(rendered) / f"{style}.names").exists():
            raise SystemExit(f"{rendered} has no {style}.names: render the sets of sets.txt first")
        for name, pixels in read_set(rendered, style):
            if label := labels.of(name):
                drawn[label][style].append(pixels)
    return [
        Drawing(style, label, pixels, 1 / len(alike))
        for label, styles in drawn.items()
        if concepts[label].weight or len(styles) >= least_sets
        for style, alike in styles.items()
        for pixels in alike
    ]
