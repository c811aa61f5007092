"""Plans of pictures: which drawings of one style, where, on what ground, and what is true of them."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

import badges
import colours
import grounds
import roles
from captions import ONE_INK
from grounds import Ground
from landscapes import LANDS
from layers import lay
from relations import RELATIONS, alone, fit, several

# kind of scene -> how often
KINDS = {
    "one": 24,
    "several": 14,
    "beside": 16,
    "on": 9,
    "under": 6,
    "above": 6,
    "in front of": 6,
    "wearing": 10,
    "holding": 7,
    "reading": 3,
    "in": 7,
    "logo": 10,
}
MOSTLY_KNOWN = 0.8  # share of subjects taken from concepts.py where a role leaves it open
GREYS = ("black", "white", "grey", "brown")


@dataclass
class Item:
    """One subject of a scene: `count` alike, in a colour that words name (or its own: None)."""

    label: str
    count: int = 1
    colour: str | None = None
    size: str | None = None  # small, big


@dataclass
class Plan:
    """A picture before it is painted, and what is true of it."""

    style: str
    kind: str  # a key of KINDS
    items: list
    ground: Ground
    layers: list = field(default_factory=list)

    def paint(self, size):
        ground = grounds.paint(self.ground, size)
        picture = ground.copy()
        for layer in self.layers:
            lay(layer, picture, ground)
        return picture


class Scenes:
    """Draws plans from the drawings of every style."""

    def __init__(self, drawings, concepts, random):
        self.random, self.concepts = random, concepts
        self.drawn = defaultdict(lambda: defaultdict(list))
        for drawing in drawings:
            self.drawn[drawing.style][drawing.label].append(drawing)
        self.styles = list(self.drawn)
        self.style_weights = [len(self.drawn[style]) ** 0.5 for style in self.styles]

    def plan(self, kind=None, style=None):
        """One plan; kinds that this style cannot draw fall back to a single subject."""
        random = self.random
        style = style or random.choices(self.styles, self.style_weights)[0]
        kind = kind or random.choices(list(KINDS), list(KINDS.values()))[0]
        roles_of = self._cast(kind)
        labels = []
        for role in roles_of:
            labels.append(self._pick(style, role, labels))
        if None in labels:
            kind, labels = "one", [self._pick(style, None)]
        items = [self._item(kind, label, place) for place, label in enumerate(labels)]
        ground = self._ground(kind, style, items)
        groups = [[self._layer(style, item, ground) for _ in range(item.count)] for item in items]
        group = self._arrange(kind, groups)
        standing = ground.kind in LANDS or ground.kind == "room"
        group = fit(group, self._box(kind, ground, items), 1.0 if standing else random.uniform(0.3, 0.7))
        return Plan(style, kind, items, ground, group)

    def _cast(self, kind):
        """Which subjects may play each part; None: any."""
        random = self.random
        return {
            "one": (None,),
            "several": (roles.COUNTED,),
            "logo": (None,),
            "beside": (random.choice((None, roles.STANDING)), random.choice((None, roles.STANDING))),
            "on": (random.choice((roles.ANIMALS, roles.STANDING)), roles.SUPPORTS),
            "under": (roles.STANDING, roles.SHELTERS),
            "above": (random.choice((roles.FLYERS, roles.IN_SKY)), roles.STANDING),
            "in front of": (roles.STANDING, random.choice((roles.BUILDINGS, roles.PLANTS, roles.STANDING))),
            "wearing": (
                random.choice((roles.ANIMAL_FACES, roles.FACES)),
                random.choice((roles.HATS, roles.HATS, roles.EYEWEAR, roles.NECKWEAR)),
            ),
            "holding": (random.choice((roles.ANIMAL_FACES, roles.FACES, roles.ANIMALS)), roles.HELD),
            "reading": (roles.FACES, roles.READ),
            "in": (random.choice((roles.ANIMALS, roles.ANIMAL_FACES, roles.STANDING)), roles.CONTAINERS),
        }[kind]

    def _pick(self, style, role, taken=()):
        """A subject that the style draws: by its weight, now and then a lesser one."""
        drawn = self.drawn[style]
        labels = [label for label in (role or drawn) if label in drawn and label not in taken]
        if not labels:
            return None
        if role is None:
            known = [label for label in labels if self.concepts[label].weight]
            if known and self.random.random() < MOSTLY_KNOWN:
                return self.random.choices(known, [self.concepts[label].weight for label in known])[0]
            return self.random.choice(labels)
        return self.random.choices(labels, [self.concepts[label].weight or 0.3 for label in labels])[0]

    def _item(self, kind, label, place):
        random = self.random
        item = Item(label)
        if kind == "several":
            item.count = random.choices((1, 2, 3, 4, 5, 6), (2, 6, 6, 5, 3, 3))[0]
        elif kind == "beside" and random.random() < 0.25:
            item.count = random.choice((2, 2, 3))
        if random.random() < (0.15 if place else 0.28):
            item.colour = random.choice(colours.HUED if random.random() < 0.8 else GREYS)
        if kind == "one" and random.random() < 0.2:
            item.size = random.choice(("small", "big"))
        elif kind == "beside" and place == 0 and item.count == 1 and random.random() < 0.25:
            item.size = random.choice(("small", "big"))
        return item

    def _layer(self, style, item, ground):
        random = self.random
        drawing = random.choice(self.drawn[style][item.label])
        matrix = tint = None
        if style in ONE_INK and (item.colour or ground.is_dark):
            tint = colours.named(item.colour or "white", random)
        elif item.colour:
            if drawing.colour is not None and item.colour in colours.HUED:
                matrix = colours.towards(drawing.colour, item.colour, random)
            if matrix is None:
                tint = colours.named(item.colour, random)
        mirrored = random.random() < 0.5 and item.label not in roles.WRITTEN
        lean = random.gauss(0, 4) if random.random() < 0.3 else 0.0
        return alone(drawing, mirrored=mirrored, matrix=matrix, tint=tint, lean=lean)

    def _arrange(self, kind, groups):
        random = self.random
        if len(groups) == 1:
            return several(groups[0], random)
        a, b = (group[0] for group in groups)
        if kind == "beside":
            if max(map(len, groups)) > 1:
                both = groups if random.random() < 0.5 else groups[::-1]
                return several([layer for group in both for layer in group], random)
            ratio = {"small": random.uniform(0.35, 0.5), "big": random.uniform(2.0, 2.6)}
            a = replace(a, height=ratio.get(self._size_said, random.uniform(0.8, 1.25)))
        elif kind in ("on", "in", "above"):
            # Neither much wider than the other, whatever their shapes.
            wide = random.uniform(0.55, 0.85) * b.width
            a = replace(a, height=min(random.uniform(0.75, 1.0), wide / a.width))
        elif kind == "under":
            a = replace(a, height=random.uniform(0.75, 1.0))
        elif kind == "in front of":
            a = replace(a, height=random.uniform(0.5, 0.7))
        return RELATIONS[kind](a, b, random)

    def _ground(self, kind, style, items):
        random = self.random
        self._size_said = items[0].size
        seed = random.getrandbits(32)
        taken = {item.colour for item in items}
        free = [word for word in colours.NAMED if word not in taken]
        if kind == "logo":
            word = random.choice([word for word in free if word != "white"])
            return Ground(
                "badge",
                (word,),
                shape=random.choice(badges.SHAPES),
                lighter=0.0 if word == "black" else random.choice((0, 0, 0.3, 0.6)),
                seed=seed,
            )
        dice = random.random()
        if dice < 0.36 and "white" in free:
            return Ground("plain", ("white",), seed=seed)
        if style in ONE_INK:
            pale = dice < 0.75 or not items[0].colour is None
            word = random.choice([w for w in free if w not in ("white", "black")]) if pale else "black"
            return Ground("plain", (word,), lighter=random.uniform(0.35, 0.75) if pale else 0.0, seed=seed)
        if dice < 0.60:
            word = random.choice(free)
            lighter = 0.0 if word == "black" else random.choice((0, 0, 0.25, 0.5, 0.7))
            return Ground("plain", (word,), lighter=lighter, seed=seed)
        if dice < 0.70:
            return Ground(
                "graded",
                tuple(random.sample([w for w in free if w != "brown"], 2)),
                lighter=random.choice((0, 0.3, 0.6)),
                seed=seed,
            )
        return self._landscape(kind, items, seed)

    def _landscape(self, kind, items, seed):
        random, label = self.random, items[0].label
        flies = label in roles.FLYERS or label in roles.IN_SKY
        choices = [*LANDS, "room"]
        if label in roles.SWIMMERS:
            choices = ["underwater", "underwater", "sea"]
        elif label in roles.BOATS:
            choices = ["sea", "sea", "beach"]
        elif label in ("rocket", "flying saucer", "alien", "robot", "ringed planet", "satellite", "star", "comet"):
            choices = ["space", "space", *LANDS]
        elif label in roles.VEHICLES:
            choices = ["road", "city", "mountains", "desert", "meadow", "snow"]
        elif flies:
            choices = ["sky", "sky", *LANDS]
        time = random.choices(("day", "night", "sunset"), (6, 3, 2))[0]
        place = random.choice(choices)
        return Ground(
            place,
            time="day" if place in ("space", "underwater", "room") else time,
            horizon=random.uniform(0.55, 0.78),
            seed=seed,
        )

    def _box(self, kind, ground, items):
        """Where the group may stand: left, top, right, bottom."""
        random = self.random
        if kind == "logo":
            half = (
                random.uniform(0.24, 0.31)
                if ground.shape in ("hexagon", "shield", "ring")
                else random.uniform(0.26, 0.34)
            )
            return (0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)
        only = items[0].size if kind == "one" else None
        size = {"small": random.uniform(0.28, 0.42), "big": random.uniform(0.92, 1.0)}.get(
            only, random.uniform(0.66, 0.96)
        )
        if len(items) > 1 or items[0].count > 2:
            size = random.uniform(0.8, 0.98)
        spare = 1 - size
        left = spare * random.uniform(0.2, 0.8)
        if ground.kind in LANDS or ground.kind == "room":
            size = min(size, 0.8)
            left = (1 - size) * random.uniform(0.15, 0.85)
            if items[0].label in roles.FLYERS + roles.IN_SKY and kind in ("one", "several"):
                bottom = random.uniform(ground.horizon - 0.12, ground.horizon + 0.02)
                size = min(size, bottom - 0.04)
                return (left, bottom - size, left + size, bottom)
            bottom = random.uniform(ground.horizon + 0.08, min(0.96, ground.horizon + 0.24))
            size = min(size, bottom - 0.04)
            return (left, bottom - size, left + size, bottom)
        top = spare * random.uniform(0.25, 0.75)
        return (left, top, left + size, top + size)
