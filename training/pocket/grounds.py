"""What lies behind the drawings: plain and graded grounds, landscapes, badges. Painted at any size."""

import random as randoms
from dataclasses import dataclass

from PIL import Image

import badges
import colours
import landscapes
from fills import flat, graded
from landscapes import AIRY, LANDS

FINE = 2  # painted so many times larger, then reduced, so that edges are smooth
PLACES = (*LANDS, *AIRY, "room")


@dataclass(eq=False)
class Ground:
    """`kind` is plain, graded, badge or a place; `seed` settles all that words leave open."""

    kind: str
    words: tuple = ()  # colour words: one (plain), two (graded), one (badge)
    time: str = "day"
    shape: str = ""  # of a badge
    lighter: float = 0.0
    horizon: float = 0.7
    seed: int = 0

    @property
    def is_dark(self):
        if self.kind in ("plain", "badge"):
            return self.words[0] == "black"
        return self.kind == "space" or self.time == "night"


def paint(ground, size):
    """An RGB picture of the ground alone."""
    random = randoms.Random(ground.seed)
    if ground.kind == "plain":
        return Image.fromarray(flat(colours.named(ground.words[0], random, ground.lighter), size))
    if ground.kind == "graded":
        upper, lower = (colours.named(word, random, ground.lighter) for word in ground.words)
        return Image.fromarray(graded(upper, lower, size, sideways=random.random() < 0.25))
    paint_fine = badges.paint if ground.kind == "badge" else landscapes.paint
    return paint_fine(ground, random, size * FINE).reduce(FINE)
