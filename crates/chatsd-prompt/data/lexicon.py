#!/usr/bin/env python3
"""Makes lexicon.tsv and traditional.txt out of own-words.txt and the npm package emojibase-data 17.0.0.

    npm pack emojibase-data@17.0.0 && tar xzf emojibase-data-17.0.0.tgz && python3 lexicon.py package

lexicon.tsv: Chinese, English, kind (n v a at l x), sorted by the Chinese in UTF-8.
traditional.txt: a traditional character and its simple form on each line, sorted.
Where sources disagree: own words, then names of pictographs, then tags that agree over several pictographs, then
tags that share characters with the name of their one pictograph.
"""

import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
FLAGS, SMILEYS, SYMBOLS = 9, 0, 8
# Names of computer signs, and English tags that are slang or name a mood of the moment: no words for pictures.
NOT_NAMES = re.compile(r"button|Japanese|arrow|input|symbol")
NOT_TAGS = set("wtv idk bewilder guess mwah babe act active lob chuck special lol panic quinceañera".split())


def is_key(text):
    """Chinese characters, with Latin letters or digits among them at most."""
    return re.fullmatch(r"[a-z0-9]*[\u4e00-\u9fff][\u4e00-\u9fffa-z0-9]*", text) and len(text) <= 12


def own_words():
    kind, words = "", {}
    for line in (HERE / "own-words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            kind = line.strip("[]")
            continue
        for entry in line.split():
            keys, english = entry.split("=")
            for key in keys.lower().split(","):
                assert is_key(key), key
                words.setdefault(key, (english.replace("_", " "), kind))
    return words


def short(label, group):
    """The natural short English of a pictograph's name; None where there is none."""
    label = re.sub(r"\s*\(.*?\)|[“”!]", "", label).replace("’", "'").strip()
    if ":" in label or NOT_NAMES.search(label):
        return None
    words = label.split()
    if group == SMILEYS and len(words) > 4 or len(words) > 5:
        return None
    if len(words) == 2 and words[1] == "face" and group != SMILEYS:
        return words[0]
    return label


def main(package):
    def read(language):
        data = json.loads((package / language / "data.json").read_text(encoding="utf-8"))
        return {item["hexcode"]: item for item in data if item.get("group") is not None}

    chinese, english, traditional = read("zh"), read("en"), read("zh-hant")
    words = own_words()

    def offer(key, text, kind="n"):
        key = key.lower().strip()
        if text and is_key(key):
            words.setdefault(key, (text, kind))

    for code, item in chinese.items():
        label, group = item["label"], item["group"]
        if group == FLAGS and label.startswith("旗: "):
            place = english[code]["label"].removeprefix("flag: ")
            offer(label[3:], place, "a")
            offer(label[3:] + "国旗", "flag of " + place)
            offer(label[3:] + "旗", "flag of " + place)
            continue
        offer(label, short(english[code]["label"], group))

    # Tags: count in how many pictographs a Chinese and an English tag stand together (Dice coefficient).
    times, times_english, together = (
        collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter))
    for code, item in chinese.items():
        if item["group"] == FLAGS:
            continue
        tags = {tag.lower() for tag in english[code].get("tags", [])}
        times_english.update(tags)
        for tag in set(item.get("tags") or []):
            times[tag] += 1
            together[tag].update(tags)
    for tag, count in times.items():
        if count >= 3 and together[tag]:
            def dice(other):
                return 2 * together[tag][other] / (count + times_english[other])
            best = max(sorted(together[tag]), key=dice)
            if dice(best) >= 0.6 and best not in NOT_TAGS and re.fullmatch(r"[a-z][a-z' -]+", best):
                offer(tag, best)
    for code, item in chinese.items():
        label, group = item["label"], item["group"]
        if group in (FLAGS, SMILEYS, SYMBOLS) or ":" in label:
            continue
        for tag in item.get("tags") or []:
            shared = sum(character in label for character in tag)
            if times[tag] <= 2 and len(tag) >= 2 and 2 * shared >= len(tag):
                offer(tag, short(english[code]["label"], group))

    lines = sorted(words.items(), key=lambda entry: entry[0].encode())
    text = "".join(f"{key}\t{english}\t{kind}\n" for key, (english, kind) in lines)
    (HERE / "lexicon.tsv").write_text(text, encoding="utf-8")

    # Names that differ only in the script have the same length: their characters pair up. Own pairs go before.
    pairs = collections.defaultdict(collections.Counter)
    for code, item in chinese.items():
        simple, full = item["label"], traditional[code]["label"]
        if len(simple) == len(full):
            for one, other in zip(simple, full):
                pairs[other][one] += 1
    simple_characters = {character for key in words for character in key}
    lines = []
    for full, counts in sorted(pairs.items()):
        simple, count = counts.most_common(1)[0]
        alone = counts[full] == 0 and full not in simple_characters
        if simple != full and count >= 2 and alone and min(full, simple) >= "\u4e00" and 2 * count > sum(counts.values()):
            lines.append(full + simple)
    lines += [pair for pair in (HERE / "own-traditional.txt").read_text(encoding="utf-8").split()]
    table = {line[0]: line[1] for line in lines}
    (HERE / "traditional.txt").write_text("".join(a + b + "\n" for a, b in sorted(table.items())), encoding="utf-8")
    print(f"{len(words)} words, {len(table)} traditional characters")


main(pathlib.Path(sys.argv[1]))
