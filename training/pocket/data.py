"""The rendered sets as one table of pictures, and batches drawn from it."""

import json
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from captions import STYLES, caption, colour_word
from concepts import ALIASES, popular

SIZE = 128
POPULAR_SHARE = 0.9
GROUPS = {0, 3, 4, 5, 6, 7}  # smileys, nature, food, travel, activities, objects
CLOCKS, LEAST_SETS = 58, 4  # a subgroup left out; how many sets must draw a lesser subject
HUE_SHARE, BLUE_FOX_SHARE = 0.10, 0.35
_GREY_AXIS = np.full((3, 3), 1 / 3)
_CROSS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)


def _squash(name):
    """`Robot-face-2` and `robotface` are one name."""
    head, _, tail = name.lower().rpartition("-")
    name = head if head and tail.isdigit() else name.lower()
    return "".join(letter for letter in name if letter.isalnum())


def _concepts(emojibase):
    """label -> names, tags, chinese, weight, group of every subject worth drawing"""
    english = json.loads((emojibase / "en/data.json").read_text())
    chinese = {row["hexcode"]: row["label"] for row in json.loads((emojibase / "zh/data.json").read_text())}
    known, table = popular(), {}
    for row in english:
        if row.get("group") not in GROUPS or row.get("subgroup") == CLOCKS:
            continue
        names, tags, weight = known.get(row["label"], ([row["label"]], row.get("tags", []), 0.0))
        table[row["label"]] = {
            "names": names, "tags": tags, "weight": weight, "chinese": chinese.get(row["hexcode"]),
        }
    return table


def rotation(turn):
    """The matrix that turns colours about the grey axis; white stays white."""
    angle = 2 * np.pi * turn
    return (np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) * _GREY_AXIS + np.sin(angle) * _CROSS).astype(np.float32)


def _dominant(picture):
    """Mean of the saturated pixels (0..1), or None where there are few."""
    pixels = picture.reshape(-1, 3)[::5].astype(np.float32) / 255
    spread = pixels.max(1) - pixels.min(1)
    vivid = pixels[spread > 0.25]
    return vivid.mean(0) if len(vivid) > 0.15 * len(pixels) else None


class Pictures:
    """Every picture kept, with its subject, its set and how often it is drawn."""

    def __init__(self, rendered, emojibase, seed=0):
        self.random = random.Random(seed)
        self.concepts = _concepts(Path(emojibase))
        by_name = {_squash(label): label for label in self.concepts}
        drawn = defaultdict(list)
        for style in STYLES:
            names = (Path(rendered) / f"{style}.names").read_text().split("\n")[:-1]
            pixels = np.memmap(Path(rendered) / f"{style}.rgb", np.uint8, "r").reshape(-1, SIZE, SIZE, 3)
            for place, name in enumerate(names):
                key = _squash(name)
                label = ALIASES.get(key) or by_name.get(key)
                if label in self.concepts:
                    drawn[label].append((style, pixels, place))
        self.pixels, self.styles, self.labels, weights = [], [], [], []
        for label, list_ in drawn.items():
            weight, sets = self.concepts[label]["weight"], len({style for style, _, _ in list_})
            if not weight and sets < LEAST_SETS:
                continue
            shares = {style: sum(s == style for s, _, _ in list_) for style, _, _ in list_}
            for style, pixels, place in list_:
                self.pixels.append(np.array(pixels[place]))
                self.styles.append(style)
                self.labels.append(label)
                weights.append((weight, 1 / shares[style]))
        top = np.array([w**1.8 * share for w, share in weights])
        rest = np.array([share if not w else 0.0 for w, share in weights])
        chance = POPULAR_SHARE * top / top.sum() + (1 - POPULAR_SHARE) * rest / rest.sum()
        self.places = range(len(self.pixels))
        self.chance = np.cumsum(chance).tolist()
        self.dominant = [_dominant(picture) for picture in self.pixels]

    def _shift(self, place):
        """Now and then a hue turn whose new dominant colour has a name: (matrix, word)"""
        colour = self.dominant[place]
        if colour is None or self.styles[place] == "fluent-emoji-high-contrast":
            return None, None
        is_fox = self.labels[place] == "fox"
        if self.random.random() >= (BLUE_FOX_SHARE if is_fox else HUE_SHARE):
            return None, None
        for _ in range(4):
            turn = self.random.uniform(0.45, 0.65) if is_fox else self.random.uniform(0.12, 0.88)
            matrix = rotation(turn)
            word = colour_word(np.clip(matrix @ colour, 0, 1))
            if word:
                return matrix, word
        return None, None

    def batch(self, size):
        """(pictures in -1..1 as size x 3 x 128 x 128, captions)"""
        pictures, texts = [], []
        for place in self.random.choices(self.places, cum_weights=self.chance, k=size):
            picture, colour = self.pixels[place], self.dominant[place]
            matrix, word = self._shift(place)
            if matrix is not None:
                turned = picture.reshape(-1, 3).astype(np.float32) @ matrix.T
                picture = np.clip(turned, 0, 255).astype(np.uint8).reshape(picture.shape)
            true = colour_word(colour) if colour is not None else None
            phrases = STYLES[self.styles[place]]
            texts.append(caption(self.random, self.concepts[self.labels[place]], phrases, true, word))
            pictures.append(picture)
        tensor = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
        return tensor / 127.5 - 1, texts
