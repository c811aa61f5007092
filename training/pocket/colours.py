"""Colour words: which word a colour has, and a picture turned into the colour a word says."""

import colorsys

import numpy as np

# Upper end of each hue range in degrees, and its word.
_HUES = (
    (14, "red"),
    (42, "orange"),
    (68, "yellow"),
    (165, "green"),
    (190, "teal"),
    (255, "blue"),
    (292, "purple"),
    (345, "pink"),
    (361, "red"),
)
# word -> hue in degrees, saturation, value: what a ground or a tinted drawing takes
NAMED = {
    "red": (2, 0.85, 0.9),
    "orange": (28, 0.85, 1.0),
    "yellow": (50, 0.8, 1.0),
    "green": (130, 0.7, 0.7),
    "teal": (178, 0.75, 0.7),
    "blue": (218, 0.8, 0.9),
    "purple": (272, 0.65, 0.8),
    "pink": (330, 0.5, 1.0),
    "brown": (22, 0.6, 0.55),
    "black": (0, 0.0, 0.1),
    "white": (0, 0.0, 1.0),
    "grey": (0, 0.0, 0.6),
}
HUED = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
CHINESE = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "teal": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "black": "黑色",
    "white": "白色",
    "grey": "灰色",
}
COLOURS = set(NAMED) | {"golden", "gold", "gray"}
_GREY_AXIS = np.full((3, 3), 1 / 3)
_CROSS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def colour_word(rgb):
    """The plain word for a saturated colour (0..1 each), or None for a greyish one."""
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    if saturation < 0.3 or value < 0.25:
        return None
    return next(word for end, word in _HUES if hue * 360 < end)


def named(word, random, lighter=0.0):
    """One of the colours that a word may mean, 0..1 each; `lighter` (0..1) towards white."""
    hue, saturation, value = NAMED[word]
    hue = (hue + random.uniform(-7, 7)) / 360 % 1
    if saturation:  # white is white and black is black
        saturation = min(1, saturation * random.uniform(0.8, 1.15))
        value = min(1, value * random.uniform(0.92, 1.05))
    rgb = np.array(colorsys.hsv_to_rgb(hue, saturation, value))
    return rgb + (1 - rgb) * lighter


def rotation(turn):
    """The matrix that turns colours about the grey axis; white stays white."""
    angle = 2 * np.pi * turn
    return (np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) * _GREY_AXIS + np.sin(angle) * _CROSS).astype(np.float32)


def towards(colour, word, random):
    """The rotation that gives a picture of this dominant colour the hue of `word`, or None."""
    now, wanted = colorsys.rgb_to_hsv(*colour)[0], NAMED[word][0] / 360
    for _ in range(4):
        matrix = rotation((wanted - now) % 1 + random.uniform(-0.02, 0.02))
        if colour_word(np.clip(matrix @ colour, 0, 1)) == word:
            return matrix
    return None


def turn(rgb, matrix):
    """h x w x 3 floats 0..1 turned by a rotation"""
    return np.clip(rgb @ matrix.T, 0, 1)


def tint(rgb, target):
    """h x w x 3 floats 0..1 as shades of one colour: black over `target` to white."""
    luma = np.clip((rgb @ _LUMA)[..., None], 0, 1)
    target = np.asarray(target, np.float32)
    middle = float(np.clip(target @ _LUMA, 0.35, 0.75))
    dark, light = target * (luma / middle), target + (1 - target) * (luma - middle) / (1 - middle) * 0.8
    return np.clip(np.where(luma < middle, dark, light), 0, 1)
