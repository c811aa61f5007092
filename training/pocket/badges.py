"""Badges for logos: a coloured shape on white that the drawing stands in."""

import math

import numpy as np
from PIL import Image, ImageDraw

import colours
from fills import ink

SHAPES = ("circle", "square", "shield", "hexagon", "ring")


def _corners(shape):
    """Corners of a badge in shares of the side; None for round ones."""
    if shape == "hexagon":
        turns = [k * math.pi / 3 for k in range(6)]
        return [(0.5 + 0.46 * math.sin(turn), 0.5 + 0.46 * math.cos(turn)) for turn in turns]
    if shape == "shield":
        curve = [(0.5 + 0.42 * math.cos(a), 0.5 + 0.45 * math.sin(a)) for a in np.linspace(0, math.pi, 24)]
        return [(0.08, 0.1), (0.5, 0.04), (0.92, 0.1), *curve]
    return None


def paint(ground, random, size):
    picture = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(picture)
    colour = ink(colours.named(ground.words[0], random, ground.lighter))
    rim = random.choice((None, "white", ink(np.array(colour) / 255 * 0.6)))
    if ground.shape in ("circle", "ring"):
        edge = 0.04 * size
        draw.ellipse((edge, edge, size - edge, size - edge), fill=colour)
        if ground.shape == "ring":
            edge = 0.1 * size
            draw.ellipse((edge, edge, size - edge, size - edge), fill="white")
        elif rim:
            edge = 0.07 * size
            draw.ellipse((edge, edge, size - edge, size - edge), outline=rim, width=round(0.02 * size))
    elif ground.shape == "square":
        edge = random.choice((0.0, 0.05)) * size
        draw.rounded_rectangle((edge, edge, size - edge, size - edge), 0.2 * size, fill=colour)
    else:
        points = [(x * size, y * size) for x, y in _corners(ground.shape)]
        draw.polygon(points, fill=colour)
        if rim:
            inner = [(size / 2 + (x - size / 2) * 0.88, size / 2 + (y - size / 2) * 0.88) for x, y in points]
            draw.line([*inner, inner[0]], fill=rim, width=round(0.02 * size), joint="curve")
    return picture
