"""A plan in words, English or now and then Chinese: what was painted, said in many ways."""

from captions import EMPTY, NO_STYLE, STYLES, without_colour
from colours import CHINESE
from roles import FLYERS, IN_SKY

CHINESE_SHARE, TAG_SHARE = 0.05, 0.2
_NUMBERS = ("", "one", "two", "three", "four", "five", "six")
_NUMBERS_ZH = ("", "一", "两", "三", "四", "五", "六")
_IRREGULAR = {
    "mouse": "mice",
    "fish": "fish",
    "sheep": "sheep",
    "deer": "deer",
    "wolf": "wolves",
    "leaf": "leaves",
    "knife": "knives",
    "goldfish": "goldfish",
    "goose": "geese",
    "octopus": "octopuses",
    "ox": "oxen",
    "die": "dice",
    "dice": "dice",
    "ewe": "sheep",
    "hippopotamus": "hippopotamuses",
    "cactus": "cacti",
    "glass": "glasses",
    "scarf": "scarves",
}
_MASS = {
    "music",
    "sushi",
    "bread",
    "cheese",
    "money",
    "noodles",
    "ramen",
    "milk",
    "fire",
    "beer",
    "wine",
    "coffee",
    "tea",
    "chocolate",
    "saturn",
    "night sky",
}
_RELATIONS = {
    "beside": ("{a} and {b}", "{a} and {b}", "{a} beside {b}", "{a} next to {b}", "{a} with {b}", "{b} and {a}"),
    "on": ("{a} on {b}", "{a} on top of {b}", "{a} sitting on {b}", "{a} standing on {b}"),
    "under": ("{a} under {b}", "{a} under {b}", "{a} below {b}", "{a} beneath {b}", "{b} above {a}"),
    "above": ("{a} above {b}", "{a} over {b}", "{a} flying over {b}", "{b} under {a}"),
    "in front of": ("{a} in front of {b}", "{a} in front of {b}", "{b} behind {a}"),
    "wearing": ("{a} wearing {b}", "{a} wearing {b}", "{a} with {b}", "{a} in {b}"),
    "holding": ("{a} holding {b}", "{a} holding {b}", "{a} with {b}", "{a} carrying {b}"),
    "reading": ("{a} reading {b}", "{a} reading {b}", "{a} with {b}"),
    "in": ("{a} in {b}", "{a} in {b}", "{a} inside {b}", "{a} sitting in {b}"),
}
_RELATIONS_ZH = {
    "beside": "{a}和{b}",
    "on": "{a}在{b}上",
    "under": "{a}在{b}下",
    "above": "{a}在{b}上方",
    "in front of": "{a}在{b}前面",
    "wearing": "{a}戴着{b}",
    "holding": "{a}拿着{b}",
    "reading": "{a}在看{b}",
    "in": "{a}在{b}里",
}
_PLACES = {
    "meadow": ("in a meadow", "on the grass", "in a green field", "in a garden", "on a hill"),
    "mountains": ("in the mountains", "in front of mountains", "mountains in the background", "with mountains"),
    "sea": ("at sea", "on the sea", "on the ocean", "on the water"),
    "beach": ("on the beach", "at the beach", "on the sand by the sea"),
    "desert": ("in the desert", "in a desert"),
    "snow": ("in the snow", "in winter", "on a snowy field", "in a snowy landscape"),
    "forest": ("in the forest", "in a forest", "in the woods"),
    "city": ("in the city", "in a city", "in front of a skyline", "in a town"),
    "road": ("on the road", "on a road", "on the street"),
    "sky": ("in the sky", "in a cloudy sky", "among clouds"),
    "space": ("in space", "in outer space", "among the stars", "in the universe"),
    "underwater": ("under water", "underwater", "in the sea", "in the ocean"),
    "room": ("in a room", "in the living room", "indoors", "at home"),
}
_PLACES_ZH = {
    "meadow": "草地上",
    "mountains": "山前",
    "sea": "海上",
    "beach": "海滩上",
    "desert": "沙漠里",
    "snow": "雪地里",
    "forest": "森林里",
    "city": "城市里",
    "road": "路上",
    "sky": "天空中",
    "space": "太空中",
    "underwater": "水下",
    "room": "房间里",
}
_TIMES = {
    "day": ("", "", "", "", "on a sunny day", "by day"),
    "sunset": ("at sunset", "in the evening", "at dusk"),
    "night": ("at night", "at night", "by night", "under the stars", "in the moonlight"),
}
_FLYING_OVER = {
    "mountains": "mountains",
    "sea": "the sea",
    "desert": "the desert",
    "city": "the city",
    "forest": "the forest",
    "meadow": "a meadow",
    "snow": "snowy mountains",
    "beach": "the beach",
}


def plural(name):
    head, joint, tail = name.partition(" of ") if " of " in name else name.partition(" with ")
    words = head.split(" ")
    last = words[-1]
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("y") and last[-2:-1] not in "aeou":
        last = last[:-1] + "ies"
    elif last.endswith(("s", "x", "ch", "sh", "z")):
        last += "" if last.endswith("es") or last in ("books", "glasses", "fries") else "es"
    else:
        last += "s"
    return " ".join([*words[:-1], last]) + joint + tail


def with_article(words):
    last = words.partition(" of ")[0].partition(" with ")[0].split(" ")[-1]
    if last in _MASS or (last.endswith("s") and not last.endswith(("ss", "us", "is"))):
        return words
    return ("an " if words[0] in "aeiouAEIOU" and not words.startswith(("uni", "ufo", "eu", "one")) else "a ") + words


def noun(item, concept, random):
    name = random.choice(concept.names)
    if item.colour:
        name = f"{item.colour} {without_colour(name)}"
    if item.count > 1:
        return f"{_NUMBERS[item.count] if random.random() < 0.85 else item.count} {plural(name)}"
    if item.size:
        name = (
            f"{random.choice(('small', 'tiny', 'little') if item.size == 'small' else ('big', 'huge', 'large'))} {name}"
        )
    elif random.random() < 0.08:
        name = f"cute {name}"
    if item.count == 1 and random.random() < 0.1:
        return name
    return with_article(name)


def noun_zh(item, concept):
    name = concept.chinese or concept.names[0]
    many = f"{_NUMBERS_ZH[item.count]}个" if item.count > 1 else ""
    return many + (CHINESE[item.colour] if item.colour else "") + name


def _ground(plan, random):
    """Words behind the scene, or "" where nothing need be said."""
    ground = plan.ground
    shade = "light " if ground.lighter >= 0.5 else ""
    if ground.kind == "plain":
        word = ground.words[0]
        if word == "white" and random.random() < 0.85:
            return ""
        shade = "" if word in ("white", "black") else shade
        hue = shade + word
        a_hue = with_article(hue)
        return random.choice(
            (
                f"on {a_hue} background",
                f"on {a_hue} background",
                f", {hue} background",
                f"on {hue}",
                f"with {a_hue} background",
            )
        )
    if ground.kind == "graded":
        a, b = ground.words
        return random.choice(
            (
                f"on {with_article(a)} and {b} gradient",
                f", gradient background from {a} to {b}",
                f", {a} to {b} gradient background",
                "on a gradient background",
            )
        )
    flying = plan.items[0].label in FLYERS + IN_SKY and plan.kind in ("one", "several")
    if flying and ground.kind in _FLYING_OVER and random.random() < 0.6:
        place = f"{random.choice(('over', 'above', 'flying over'))} {_FLYING_OVER[ground.kind]}"
    else:
        place = random.choice(_PLACES[ground.kind])
    time = random.choice(_TIMES[ground.time])
    return f"{place} {time}".strip()


def _logo(plan, subject, random):
    ground = plan.ground
    colour = ("light " if ground.lighter >= 0.5 and ground.words[0] not in ("black",) else "") + ground.words[0]
    shape = {"square": "rounded square", "ring": "ring"}.get(ground.shape, ground.shape)
    badge = with_article(f"{colour} {shape}")
    forms = [
        f"logo of {subject} in {badge}",
        f"{subject} logo, {colour} {shape}",
        f"{subject} in {badge}",
        f"logo of {subject}, {colour} badge",
    ]
    forms.append(
        {"square": f"app icon of {subject}, {colour} background", "circle": f"round {colour} badge with {subject}"}.get(
            ground.shape, f"{colour} {shape} emblem with {subject}"
        )
    )
    return random.choice(forms)


def sentence(plan, concepts, random):
    """What the picture shows, in English, without its style."""
    nouns = [noun(item, concepts[item.label], random) for item in plan.items]
    if plan.kind == "logo":
        return _logo(plan, nouns[0], random)
    said = random.choice(_RELATIONS[plan.kind]).format(a=nouns[0], b=nouns[1]) if len(nouns) > 1 else nouns[0]
    ground = _ground(plan, random)
    return (said + ground if ground.startswith(",") else f"{said} {ground}").strip()


def sentence_zh(plan, concepts):
    nouns = [noun_zh(item, concepts[item.label]) for item in plan.items]
    said = _RELATIONS_ZH[plan.kind].format(a=nouns[0], b=nouns[1]) if len(nouns) > 1 else nouns[0]
    ground = plan.ground
    if plan.kind == "logo":
        return f"{said}标志"
    if ground.kind == "plain":
        return said if ground.words == ("white",) else f"{said}，{CHINESE[ground.words[0]]}背景"
    if ground.kind == "graded":
        return f"{said}，渐变背景"
    return f"{said}，{'夜晚' if ground.time == 'night' else ''}{_PLACES_ZH[ground.kind]}"


def wording(plan, concepts, random):
    """The caption that trains: a sentence, now and then tags, mostly a style; sometimes nothing."""
    if random.random() < EMPTY:
        return ""
    if random.random() < CHINESE_SHARE:
        parts = [sentence_zh(plan, concepts)]
    else:
        parts = [sentence(plan, concepts, random)]
        tags = [tag for tag in concepts[plan.items[0].label].tags if tag not in parts[0] and tag not in CHINESE]
        if len(plan.items) == 1 and tags and random.random() < TAG_SHARE:
            parts += random.sample(tags, 1)
    if random.random() >= NO_STYLE:
        parts.append(random.choice(STYLES[plan.style]))
    return ", ".join(parts)
