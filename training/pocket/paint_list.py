"""Paints the fixed sentences of `sentences.tsv`, one PNG each; goes on where it stopped."""

import argparse
import csv
from pathlib import Path

import torch

import sample
import tokenizer

SENTENCES = Path(__file__).with_name("sentences.tsv")
SEEDS = 4  # pictures of one sentence, to see how much a seed changes
SEEDED = 8  # sentences painted with several seeds


def sentences():
    with SENTENCES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def jobs(rows, every):
    """(file name, sentence, seed) of everything to paint"""
    chosen = range(0, len(rows), every)
    yield from ((f"{place:04}.png", rows[place]["sentence"], place + 1) for place in chosen)
    for place in list(chosen)[:SEEDED]:
        yield from ((f"{place:04}-seed{seed}.png", rows[place]["sentence"], 10_000 + seed) for seed in range(SEEDS))


def noise_of(seed):
    return torch.randn(1, 192, 16, 16, generator=torch.Generator().manual_seed(seed))


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("weights", help="a weights folder, a model file .gguf or a checkpoint last.pt")
    parse.add_argument("--vocabulary", required=True)
    parse.add_argument("--out", required=True, help="folder of the pictures")
    parse.add_argument("--every", type=int, default=1, help="only one sentence of so many")
    parse.add_argument("--steps", type=int, default=sample.STEPS)
    parse.add_argument("--guidance", type=float, default=sample.GUIDANCE)
    parse.add_argument("--batch", type=int, default=12)
    parse.add_argument("--threads", type=int, default=1, help="two wait for one another where others work too")
    args = parse.parse_args()
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    todo = [job for job in jobs(sentences(), args.every) if not (out / job[0]).exists()]
    unet, text = sample.networks_of(args.weights)
    encode = tokenizer.load(args.vocabulary)
    for start in range(0, len(todo), args.batch):
        part = todo[start : start + args.batch]
        noise = torch.cat([noise_of(seed) for _, _, seed in part])
        pictures = sample.paint(
            unet, text, encode, [words for _, words, _ in part], noise=noise, steps=args.steps, guidance=args.guidance
        )
        for (name, _, _), picture in zip(part, pictures):
            sample.to_image(picture).save(out / name)
        print(f"{start + len(part)} of {len(todo)}", flush=True)


if __name__ == "__main__":
    main()
