"""The frozen token table: each vocabulary entry as a sentence encoder sees it, cut to 192 numbers.

Needed only to start from nothing; the start weights already hold this table. Words the pictures
never named then still stand near words they did (kitten near cat).

    python token_table.py --encoder all-MiniLM-L6-v2/ --vocabulary bpe_simple_vocab_16e6.txt.gz --out table.pt
"""

import argparse

import torch
from transformers import AutoModel, AutoTokenizer

import tokenizer

WIDTH, SCALE = 192, 0.3


def plain_words(vocabulary):
    """Vocabulary entries as readable text: byte letters undone, the end-of-word mark dropped."""
    tokens, _ = tokenizer.tables(vocabulary)
    byte_of = {letter: byte for byte, letter in zip(tokenizer.byte_order(), tokens)}
    for token in tokens:
        word = token.removesuffix("</w>")
        yield bytes(byte_of.get(letter, 32) for letter in word).decode("utf-8", "replace")


@torch.no_grad()
def embed(words, folder, batch=256):
    """Mean of the token states, normalised."""
    cut, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    rows = []
    for start in range(0, len(words), batch):
        inputs = cut(words[start : start + batch], padding=True, truncation=True, return_tensors="pt")
        states, mask = network(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(-1)
        rows.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1))
    return torch.cat(rows)


def reduce(rows):
    """Centred, the WIDTH strongest directions, unit variance times SCALE."""
    rows = rows - rows.mean(0)
    _, _, directions = torch.linalg.svd(rows, full_matrices=False)
    table = rows @ directions[:WIDTH].T
    return table / table.std() * SCALE


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--encoder", required=True, help="all-MiniLM-L6-v2 in transformers layout")
    parse.add_argument("--vocabulary", required=True)
    parse.add_argument("--out", default="table.pt")
    args = parse.parse_args()
    torch.save(reduce(embed(list(plain_words(args.vocabulary)), args.encoder)), args.out)


if __name__ == "__main__":
    main()
