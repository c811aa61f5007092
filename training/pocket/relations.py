"""How two drawings stand to each other. Each function lays out layers in free coordinates
(lengths in heights of the main drawing); `fit` then moves and scales the group into the picture."""

from dataclasses import replace

from layers import Layer
from roles import EYEWEAR, HATS, IN_SKY


def alone(drawing, height=1.0, middle=0.0, bottom=1.0, **how):
    return Layer(drawing, middle, bottom, height, **how)


def extent(group):
    return (
        min(l.middle - l.width / 2 for l in group),
        min(l.top for l in group),
        max(l.middle + l.width / 2 for l in group),
        max(l.bottom for l in group),
    )


def fit(group, box, drop):
    """The group as large as a box (left, top, right, bottom) allows; `drop` 1 stands on its lower edge."""
    left, top, right, bottom = extent(group)
    scale = min((box[2] - box[0]) / (right - left), (box[3] - box[1]) / (bottom - top))
    across = (box[0] + box[2]) / 2 - scale * (left + right) / 2
    down = box[1] - scale * top + drop * (box[3] - box[1] - scale * (bottom - top))
    return [
        replace(l, middle=l.middle * scale + across, bottom=l.bottom * scale + down, height=l.height * scale)
        for l in group
    ]


def row(layers, gap):
    """Side by side on one line, left to right."""
    placed, edge = [], 0.0
    for layer in layers:
        placed.append(replace(layer, middle=edge + layer.width / 2))
        edge += layer.width + gap
    return placed


def several(layers, random):
    """One to six in a row, in two rows or strewn, never hiding one another."""
    count = len(layers)
    if count <= 2 or (count == 3 and random.random() < 0.6):
        return row(layers, random.uniform(0.05, 0.2))
    above = count // 2
    upper, lower = row(layers[:above], 0.12), row(layers[above:], 0.12)
    shift = (extent(lower)[0] + extent(lower)[2] - extent(upper)[0] - extent(upper)[2]) / 2
    shift += random.uniform(-0.1, 0.1)
    return [replace(l, middle=l.middle + shift, bottom=-0.1) for l in upper] + lower


def beside(a, b, random):
    pair = [a, b] if random.random() < 0.5 else [b, a]
    return row(pair, random.uniform(0.02, 0.15))


def on(a, b, random):
    middle = b.middle + random.uniform(-0.12, 0.12) * b.width
    edge = b.edge(middle)
    edge = b.top if edge is None else edge
    return [b, replace(a, middle=middle, bottom=edge + 0.05)]


def under(a, b, random):
    label = b.drawing.label
    if label in IN_SKY or label in ("flying saucer", "balloon", "parachute"):
        return [b, replace(a, middle=random.uniform(-0.1, 0.1), bottom=b.bottom + a.height + 0.03)]
    a = replace(a, height=a.height * (0.75 if "umbrella" in label else 0.55))
    middle = random.choice((-1, 1)) * random.uniform(0.08, 0.25) * b.width
    return [b, replace(a, middle=middle, bottom=b.bottom + 0.04)]


def above(a, b, random):
    return [b, replace(a, middle=random.uniform(-0.3, 0.3) * b.width, bottom=b.top - random.uniform(0.02, 0.12))]


def in_front_of(a, b, random):
    side = random.choice((-1, 1)) * random.uniform(0.15, 0.4)
    return [b, replace(a, middle=side * b.width, bottom=b.bottom + random.uniform(0.05, 0.14))]


def wearing(a, b, random):
    label = b.drawing.label
    if label in EYEWEAR:
        worn = _as_wide(b, random.uniform(0.66, 0.78) * a.width)
        return [a, replace(worn, middle=a.middle, bottom=a.top + 0.48 * a.height + worn.height / 2)]
    if label in HATS:
        worn = _as_wide(b, random.uniform(0.55, 0.68) * a.width)
        crown = min(a.edge(a.middle + dx * a.width) or a.bottom for dx in (-0.1, 0.0, 0.1))
        return [a, replace(worn, middle=a.middle, bottom=crown + 0.08 * a.height)]
    worn = _as_wide(b, random.uniform(0.36, 0.46) * a.width)
    return [a, replace(worn, middle=a.middle, bottom=a.bottom - 0.02 + 0.55 * worn.height)]


def _as_wide(layer, width):
    return replace(layer, height=layer.height * width / layer.width)


def holding(a, b, random):
    side = random.choice((-1, 1))
    if b.drawing.label == "balloon":
        held = replace(b, height=0.8, middle=side * (0.42 * a.width + 0.1), bottom=a.bottom - 0.3)
        return [held, a]
    held = replace(b, height=random.uniform(0.42, 0.55))
    return [a, replace(held, middle=side * random.uniform(0.25, 0.38) * a.width, bottom=a.bottom + 0.06)]


def reading(a, b, random):
    book = _as_wide(b, random.uniform(0.62, 0.8) * a.width)
    return [a, replace(book, middle=random.uniform(-0.04, 0.04), bottom=a.bottom - 0.1 + 0.6 * book.height)]


def inside(a, b, random):
    """The lower part of a is hidden by its container."""
    middle = b.middle + random.uniform(-0.1, 0.1) * b.width
    edge = b.edge(middle)
    edge = b.top if edge is None else edge
    a = replace(a, middle=middle, bottom=edge + random.uniform(0.3, 0.42) * a.height)
    return [a, b]


RELATIONS = {
    "beside": beside,
    "on": on,
    "under": under,
    "above": above,
    "in front of": in_front_of,
    "wearing": wearing,
    "holding": holding,
    "reading": reading,
    "in": inside,
}
