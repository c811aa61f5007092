"""Layers and how they are laid on a ground: the same plan paints at 128 and at 512."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

import colours
from captions import ONE_INK

RIM = 0.02  # of the picture's side


@dataclass(eq=False)
class Layer:
    """A drawing in its place; lengths in shares of the picture's side."""

    drawing: object
    middle: float  # of the drawn part, across
    bottom: float  # of the drawn part
    height: float  # of the drawn part
    mirrored: bool = False
    matrix: np.ndarray | None = None  # turns its hues
    tint: np.ndarray | None = None  # or: shades of this colour (0..1) instead of its own
    lean: float = 0.0  # degrees

    @property
    def width(self):
        left, top, right, bottom = self.drawing.box
        return self.height * (right - left) / (bottom - top)

    @property
    def top(self):
        return self.bottom - self.height

    def edge(self, across, upper=True):
        """Where the drawing begins (or ends) under a place across: a share of the picture, or None."""
        left, top, right, bottom = self.drawing.box
        at = (across - self.middle) / self.width + 0.5
        if not 0 <= at < 1:
            return None
        at = 1 - at if self.mirrored else at
        alpha = self.drawing.pixels[..., 3]
        column = alpha[:, min(int((left + at * (right - left)) * len(alpha)), len(alpha) - 1)]
        inked = np.flatnonzero(column > 127)
        if not len(inked):
            return None
        place = (inked[0] if upper else inked[-1] + 1) / len(alpha)
        return self.top + (place - top) / (bottom - top) * self.height


def cut(layer, size):
    """The layer's drawn part as it will lie on a picture of this size."""
    whole = layer.drawing.pixels
    left, top, right, bottom = (round(edge * len(whole)) for edge in layer.drawing.box)
    image = Image.fromarray(np.ascontiguousarray(whole[top:bottom, left:right]))
    if layer.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    wanted = (max(1, round(layer.width * size)), max(1, round(layer.height * size)))
    image = image.resize(wanted, Image.Resampling.LANCZOS)
    if layer.matrix is not None or layer.tint is not None:
        image = _recolour(image, layer)
    if layer.lean:
        image = image.rotate(layer.lean, Image.Resampling.BICUBIC, expand=True)
    return image


def _recolour(image, layer):
    pixels = np.asarray(image).astype(np.float32)
    rgb = pixels[..., :3] / 255
    if layer.matrix is not None:
        rgb = colours.turn(rgb, layer.matrix)
    elif layer.drawing.style in ONE_INK:
        rgb = np.broadcast_to(np.asarray(layer.tint, np.float32), rgb.shape)
    else:
        rgb = colours.tint(rgb, layer.tint)
    pixels[..., :3] = rgb * 255
    return Image.fromarray(pixels.round().astype(np.uint8))


def lay(layer, picture, ground):
    """Lays one layer on a square RGB picture; drawings of one ink keep a rim of the bare ground about them,
    or two of them would run into one."""
    size = picture.width
    image = cut(layer, size)
    left = round(layer.middle * size - image.width / 2)
    top = round((layer.bottom - layer.height / 2) * size - image.height / 2)
    if layer.drawing.style in ONE_INK:
        rim = round(RIM * size)
        around = Image.new("L", (image.width + 2 * rim, image.height + 2 * rim))
        around.paste(image.getchannel("A"), (rim, rim))
        around = around.filter(ImageFilter.MaxFilter(2 * rim + 1))
        place = (left - rim, top - rim, left - rim + around.width, top - rim + around.height)
        picture.paste(ground.crop(place), place[:2], around)
    picture.paste(image, (left, top), image)
