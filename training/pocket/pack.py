"""All that training reads in one small file, for a machine that can fetch nothing: drawings as lossless
WebP (19 MB instead of 1 GB), names, words, vocabulary.

    python pack.py pack   --data pictures/ --emojibase E --vocabulary V --file pocket.zip
    python pack.py unpack --file pocket.zip --out work/

Unpacked: work/pictures, work/emojibase-data, work/vocabulary.txt.gz.
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from captions import STYLES
from drawings import Labels, concepts_of, read_set

WORDS = ("en/data.json", "zh/data.json")
VOCABULARY = "vocabulary.txt.gz"


def pack(args):
    labels = Labels(concepts_of(Path(args.emojibase)))
    with zipfile.ZipFile(args.file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in WORDS:
            packed.write(Path(args.emojibase) / name, f"emojibase-data/{name}")
        packed.write(args.vocabulary, VOCABULARY)
        for style in STYLES:
            kept = [(name, pixels) for name, pixels in read_set(args.data, style) if labels.of(name)]
            packed.writestr(f"pictures/{style}.names", "".join(f"{name}\n" for name, _ in kept))
            for name, pixels in kept:
                file = io.BytesIO()
                Image.fromarray(np.ascontiguousarray(pixels)).save(file, "webp", lossless=True, exact=True, quality=60)
                packed.writestr(zipfile.ZipInfo(f"drawings/{style}/{name}.webp"), file.getvalue())


def unpack(args):
    out = Path(args.out)
    with zipfile.ZipFile(args.file) as packed:
        packed.extractall(out, [name for name in packed.namelist() if not name.startswith("drawings/")])
        for style in STYLES:
            names = (out / "pictures" / f"{style}.names").read_text().split("\n")[:-1]
            with (out / "pictures" / f"{style}.rgba").open("wb") as raw:
                for name in names:
                    image = Image.open(io.BytesIO(packed.read(f"drawings/{style}/{name}.webp")))
                    raw.write(image.convert("RGBA").tobytes())


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parse.add_subparsers(required=True)
    one = kinds.add_parser("pack")
    for name in ("--data", "--emojibase", "--vocabulary", "--file"):
        one.add_argument(name, required=True)
    one.set_defaults(run=pack)
    other = kinds.add_parser("unpack")
    for name in ("--file", "--out"):
        other.add_argument(name, required=True)
    other.set_defaults(run=unpack)
    args = parse.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
