"""Words for a picture, drawn anew each time, shaped like what the program sends:
`[prefix ][colour ]subject[, tag]..[, style phrase]`.
"""

from colours import COLOURS

STYLES = {
    "noto": ("soft cartoon style", "glossy cartoon"),
    "noto-v1": ("blob style", "retro blob cartoon"),
    "twemoji": ("flat style", "flat illustration"),
    "fluent-emoji": ("3d style", "glossy 3d render"),
    "fluent-emoji-flat": ("minimal style", "minimal pastel icon"),
    "fluent-emoji-high-contrast": ("line icon", "black and white line art"),
    "emojione": ("poster style", "bold poster illustration"),
    "fxemoji": ("storybook style", "storybook cartoon"),
    "streamline-emojis": ("kawaii sticker", "kawaii style sticker"),
    "emojione-monotone": ("stencil style", "solid black stencil"),
}
ONE_INK = {"fluent-emoji-high-contrast", "emojione-monotone"}  # styles drawn in a single colour
PREFIXES = ("", "", "", "a ", "cute ", "logo of ", "logo of ", "picture of a ")
EMPTY, CHINESE, TRUE_COLOUR, NO_STYLE = 0.10, 0.05, 0.08, 0.08
TAG_COUNTS = (0, 0, 0, 1, 1, 2, 3)


def without_colour(name):
    """`red heart` -> `heart`; a name that is only a colour stays."""
    kept = [word for word in name.split(" ") if word not in COLOURS]
    return " ".join(kept) if kept else name


def caption(random, concept, style_phrases, true_colour=None, shifted_colour=None):
    """One caption. `random` is a random.Random.

    A shifted colour is always named, or the words would lie about the picture."""
    if random.random() < EMPTY and not shifted_colour:
        return ""
    name = random.choice(concept.names)
    if concept.chinese and random.random() < CHINESE:
        name = concept.chinese
    if shifted_colour:
        name = without_colour(name)
    colour = shifted_colour
    if colour is None and true_colour and random.random() < TRUE_COLOUR:
        colour = true_colour
    if colour and colour not in name:
        name = f"{colour} {name}"
    parts = [random.choice(PREFIXES) + name]
    tags = [tag for tag in concept.tags if tag not in name]
    if shifted_colour:
        tags = [tag for tag in tags if tag not in COLOURS]
    parts += random.sample(tags, min(random.choice(TAG_COUNTS), len(tags)))
    if random.random() >= NO_STYLE:
        parts.append(random.choice(style_phrases))
    return ", ".join(parts)
