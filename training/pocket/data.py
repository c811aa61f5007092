"""Batches to learn from: single drawings as their sets show them, and composed scenes."""

import random
from pathlib import Path

import numpy as np
import torch

import colours
from captions import ONE_INK, STYLES, caption
from drawings import concepts_of, read_drawings
from scenes import Scenes
from wordings import wording

SIZE = 128
SCENE_SHARE = 0.6
POPULAR_SHARE = 0.9
HUE_SHARE, BLUE_FOX_SHARE = 0.10, 0.35


class Pictures:
    """Every drawing kept and how often it is drawn alone; scenes made of them."""

    def __init__(self, rendered, emojibase, scene_share=SCENE_SHARE):
        self.random, self.scene_share = random.Random(), scene_share
        self.concepts = concepts_of(Path(emojibase))
        self.drawings = read_drawings(rendered, self.concepts)
        self.scenes = Scenes(self.drawings, self.concepts, self.random)
        weights = np.array([self.concepts[drawing.label].weight for drawing in self.drawings])
        shares = np.array([drawing.share for drawing in self.drawings])
        top, rest = weights**1.8 * shares, np.where(weights > 0, 0.0, shares)
        chance = POPULAR_SHARE * top / top.sum() + (1 - POPULAR_SHARE) * rest / rest.sum()
        self.chance = np.cumsum(chance).tolist()

    def _shift(self, drawing):
        """Now and then a hue turn whose new dominant colour has a name: (matrix, word)"""
        if drawing.colour is None or drawing.style in ONE_INK:
            return None, None
        is_fox = drawing.label == "fox"
        if self.random.random() >= (BLUE_FOX_SHARE if is_fox else HUE_SHARE):
            return None, None
        for _ in range(4):
            turn = self.random.uniform(0.45, 0.65) if is_fox else self.random.uniform(0.12, 0.88)
            matrix = colours.rotation(turn)
            word = colours.colour_word(np.clip(matrix @ drawing.colour, 0, 1))
            if word:
                return matrix, word
        return None, None

    def _single(self):
        """(SIZE x SIZE x 3 bytes, caption): one drawing on white, as large as its set draws it."""
        drawing = self.random.choices(self.drawings, cum_weights=self.chance)[0]
        matrix, word = self._shift(drawing)
        pixels = drawing.pixels.astype(np.float32) / 255
        rgb, alpha = pixels[..., :3], pixels[..., 3:]
        if matrix is not None:
            rgb = colours.turn(rgb, matrix)
        picture = ((rgb * alpha + 1 - alpha) * 255).round().astype(np.uint8)
        true = colours.colour_word(drawing.colour) if drawing.colour is not None else None
        concept, phrases = self.concepts[drawing.label], STYLES[drawing.style]
        return picture, caption(self.random, concept, phrases, true, word)

    def _scene(self):
        plan = self.scenes.plan()
        return np.asarray(plan.paint(SIZE)), wording(plan, self.concepts, self.random)

    def batch(self, size):
        """(bytes of size x 3 x SIZE x SIZE, captions)"""
        draws = [self._scene() if self.random.random() < self.scene_share else self._single() for _ in range(size)]
        pictures, texts = zip(*draws)
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), list(texts)
