"""Simple places by day, night and sunset: land and sky, space, water, a room. Drawn by hand, in few shapes."""

import numpy as np
from PIL import Image, ImageDraw

import colours
from fills import flat, graded, ink

SKIES = {  # time -> upper and lower colour
    "day": ((0.36, 0.68, 0.96), (0.80, 0.93, 1.0)),
    "night": ((0.05, 0.07, 0.22), (0.16, 0.20, 0.45)),
    "sunset": ((0.48, 0.26, 0.55), (1.0, 0.62, 0.35)),
}
LANDS = {  # place -> colour of the land by day
    "meadow": (0.45, 0.76, 0.34),
    "mountains": (0.42, 0.68, 0.38),
    "sea": (0.16, 0.50, 0.82),
    "beach": (0.96, 0.86, 0.60),
    "desert": (0.93, 0.74, 0.42),
    "snow": (0.93, 0.96, 1.0),
    "forest": (0.33, 0.60, 0.30),
    "city": (0.45, 0.47, 0.52),
    "road": (0.38, 0.39, 0.43),
}
AIRY = ("sky", "space", "underwater")  # nothing to stand on
ROCKS = {"mountains": (0.45, 0.52, 0.62), "snow": (0.70, 0.78, 0.88), "desert": (0.80, 0.55, 0.32)}
WALLS = ((0.62, 0.68, 0.78), (0.75, 0.66, 0.62), (0.55, 0.60, 0.66))
WALLPAPERS = ("pink", "blue", "yellow", "green", "orange", "purple")
FLOORS = ((0.70, 0.48, 0.30), (0.80, 0.62, 0.42), (0.62, 0.55, 0.52))
SUN, MOON, STAR = (255, 221, 80), (250, 240, 200), (255, 250, 220)


def _shade(colour, time):
    """A day colour by night or at sunset."""
    colour = np.asarray(colour)
    if time == "night":
        return colour * (0.30, 0.33, 0.48)
    return colour * (0.95, 0.75, 0.72) if time == "sunset" else colour


def paint(ground, random, size):
    if ground.kind == "space":
        picture = Image.fromarray(graded((0.04, 0.03, 0.14), (0.13, 0.07, 0.30), size))
        _stars(ImageDraw.Draw(picture), random, size, 1.0, random.randint(18, 40))
        return picture
    if ground.kind == "underwater":
        picture = Image.fromarray(graded((0.20, 0.66, 0.88), (0.03, 0.25, 0.52), size))
        _bubbles(ImageDraw.Draw(picture), random, size)
        return picture
    if ground.kind == "room":
        return _room(random, size, ground.horizon)
    picture = Image.fromarray(graded(*SKIES[ground.time], size))
    draw = ImageDraw.Draw(picture)
    _sky(draw, random, size, ground)
    if ground.kind != "sky":
        _land(draw, random, size, ground)
    return picture


def _sky(draw, random, size, ground):
    low = ground.horizon if ground.kind != "sky" else 1.0
    if ground.time == "night":
        _stars(draw, random, size, low, random.randint(10, 24))
        if random.random() < 0.6:
            _disc(draw, random.uniform(0.1, 0.9) * size, 0.14 * size, random.uniform(0.05, 0.09) * size, MOON)
        return
    if ground.time == "sunset" and ground.kind != "sky":
        _disc(draw, random.uniform(0.15, 0.85) * size, low * size, 0.14 * size, (255, 226, 120))
    elif random.random() < 0.4:
        _disc(draw, random.choice((0.13, 0.87)) * size, 0.14 * size, random.uniform(0.06, 0.1) * size, SUN)
    for _ in range(random.randint(0, 3) + 2 * (ground.kind == "sky")):
        _cloud(draw, random, size, random.uniform(0.05, 0.95), random.uniform(0.06, max(0.1, low - 0.2)))


def _disc(draw, x, y, radius, colour):
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _stars(draw, random, size, low, count):
    for _ in range(count):
        x, y = random.uniform(0, 1), random.uniform(0, low)
        _disc(draw, x * size, y * size, random.uniform(0.004, 0.011) * size, STAR)


def _bubbles(draw, random, size):
    for _ in range(random.randint(6, 14)):
        x, y, r = random.random() * size, random.random() * size, random.uniform(0.01, 0.035) * size
        draw.ellipse((x - r, y - r, x + r, y + r), outline=(190, 230, 250), width=max(1, round(0.008 * size)))
    if random.random() < 0.6:
        draw.ellipse((-0.2 * size, 0.88 * size, 1.2 * size, 1.3 * size), fill=(222, 200, 140))


def _cloud(draw, random, size, x, y):
    scale = random.uniform(0.6, 1.2)
    for dx, dy, r in ((-0.08, 0.01, 0.04), (0, -0.015, 0.06), (0.08, 0.01, 0.045)):
        _disc(draw, (x + dx * scale) * size, (y + dy * scale) * size, r * scale * size, (255, 255, 255))


def _land(draw, random, size, ground):
    line, land = ground.horizon * size, _shade(LANDS[ground.kind], ground.time)
    if ground.kind in ("mountains", "snow", "desert"):
        _peaks(draw, random, size, ground)
    if ground.kind == "forest":
        _trees(draw, random, size, ground)
    if ground.kind == "city":
        _houses(draw, random, size, ground)
    if ground.kind == "beach":
        draw.rectangle((0, line - 0.1 * size, size, size), fill=ink(_shade(LANDS["sea"], ground.time)))
    if ground.kind in ("meadow", "mountains", "snow", "desert", "beach") and random.random() < 0.6:
        middle, rise = random.uniform(0.2, 0.8) * size, random.uniform(0.03, 0.1) * size
        draw.ellipse((middle - size, line, middle + size, line + 2 * size), fill=ink(land))
        draw.rectangle((0, line + rise, size, size), fill=ink(land))
    else:
        draw.rectangle((0, line, size, size), fill=ink(land))
    if ground.kind == "sea":
        _waves(draw, random, size, line, land)
    if ground.kind == "road":
        middle, thick = line + (size - line) * 0.5, 0.02 * size
        for start in np.arange(random.uniform(-0.1, 0), 1, 0.24):
            draw.rectangle((start * size, middle, (start + 0.13) * size, middle + thick), fill=(240, 240, 235))


def _peaks(draw, random, size, ground):
    rock = ROCKS[ground.kind]
    for _ in range(random.randint(2, 4)):
        x, height = random.uniform(0.05, 0.95), random.uniform(0.18, 0.42)
        wide, foot = height * random.uniform(0.7, 1.0), ground.horizon + 0.1
        shade = _shade(np.array(rock) * random.uniform(0.85, 1.1), ground.time)
        top = foot - height
        _polygon(draw, size, ((x - wide, foot), (x, top), (x + wide, foot)), ink(shade))
        if ground.kind != "desert":
            cap, white = 0.28, ink(_shade((0.97, 0.98, 1.0), ground.time))
            low = top + cap * height
            half, third = wide * cap, wide * cap / 3
            ridge = ((x - half, low), (x, top), (x + half, low), (x + third, low - 0.03), (x - third, low + 0.02))
            _polygon(draw, size, ridge, white)


def _polygon(draw, size, corners, fill):
    draw.polygon([(size * x, size * y) for x, y in corners], fill=fill)


def _box(draw, size, left, top, right, bottom, fill):
    draw.rectangle((left * size, top * size, right * size, bottom * size), fill=fill)


def _trees(draw, random, size, ground):
    for _ in range(random.randint(5, 9)):
        x, height, foot = random.random(), random.uniform(0.22, 0.4), ground.horizon + 0.03
        green = ink(_shade((random.uniform(0.1, 0.22), random.uniform(0.4, 0.55), 0.25), ground.time))
        _box(draw, size, x - 0.012, foot - 0.06, x + 0.012, foot, ink(_shade((0.45, 0.3, 0.18), ground.time)))
        for step in (0.0, 0.3):
            low, wide = foot - 0.04 - step * height, 0.32 * height * (1 - step)
            _polygon(draw, size, ((x - wide, low), (x, low - 0.62 * height), (x + wide, low)), green)


def _houses(draw, random, size, ground):
    x = -0.05
    while x < 1:
        wide, height = random.uniform(0.09, 0.17), random.uniform(0.15, 0.42)
        wall = ink(_shade(random.choice(WALLS), ground.time))
        top = ground.horizon - height
        _box(draw, size, x, top, x + wide, ground.horizon, wall)
        light = (255, 224, 130) if ground.time == "night" else (230, 240, 250)
        for row in np.arange(top + 0.03, ground.horizon - 0.04, 0.06):
            for column in np.arange(x + 0.02, x + wide - 0.025, 0.04):
                if random.random() < 0.7:
                    _box(draw, size, column, row, column + 0.018, row + 0.028, light)
        x += wide + random.uniform(0, 0.02)


def _waves(draw, random, size, line, colour):
    foam = ink(np.asarray(colour) + (1 - np.asarray(colour)) * 0.35)
    for _ in range(random.randint(4, 8)):
        x, y = random.random() * size, random.uniform(line + 0.04 * size, size)
        wide = random.uniform(0.06, 0.12) * size
        draw.arc((x, y, x + wide, y + wide * 0.5), 200, 340, fill=foam, width=max(1, round(0.012 * size)))


def _room(random, size, horizon):
    wall = colours.named(random.choice(WALLPAPERS), random, random.uniform(0.55, 0.8))
    floor = random.choice(FLOORS)
    picture = Image.fromarray(flat(wall, size))
    draw, line = ImageDraw.Draw(picture), horizon * size
    draw.rectangle((0, line, size, size), fill=ink(floor))
    draw.rectangle((0, line - 0.025 * size, size, line), fill=(250, 250, 248))
    if random.random() < 0.75:
        x, y, wide, high = random.choice((0.1, 0.62)) * size, 0.12 * size, 0.28 * size, 0.3 * size
        draw.rectangle((x, y, x + wide, y + high), fill=(252, 252, 250))
        edge, half = 0.018 * size, 0.009 * size
        draw.rectangle((x + edge, y + edge, x + wide - edge, y + high - edge), fill=(150, 208, 245))
        draw.rectangle((x + wide / 2 - half, y, x + wide / 2 + half, y + high), fill=(252, 252, 250))
    if random.random() < 0.5:
        rug = ink(colours.named(random.choice(colours.HUED), random, 0.3))
        draw.ellipse((0.15 * size, line + 0.08 * size, 0.85 * size, line + 0.3 * size), fill=rug)
    return picture
