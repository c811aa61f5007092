"""CLIP's byte-pair vocabulary from `bpe_simple_vocab_16e6.txt.gz`, as open tables and as a tokenizer."""

import gzip

BEGIN, END, LENGTH = 49406, 49407, 32
MERGES = 48894


_PLAIN = [*range(33, 127), *range(161, 173), *range(174, 256)]


def byte_order():
    """The bytes in the vocabulary's order: printable ones first."""
    return _PLAIN + [byte for byte in range(256) if byte not in _PLAIN]


def _byte_letters():
    """The printable letter that stands for each byte, in the same order."""
    return [chr(byte) for byte in _PLAIN] + [chr(256 + place) for place in range(256 - len(_PLAIN))]


def tables(path):
    """(tokens in order of their number, merges as "left right")"""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1 : MERGES + 1]
    letters = _byte_letters()
    tokens = letters + [letter + "</w>" for letter in letters]
    tokens += [merge.replace(" ", "") for merge in merges]
    return tokens + ["<|startoftext|>", "<|endoftext|>"], merges


def load(path):
    """text -> list of LENGTH numbers: begin, the words, end, padded with the end token."""
    from transformers import CLIPTokenizer

    tokens, merges = tables(path)
    inner = CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
    )
    known = {}

    def encode(text):
        if text not in known:
            ids = inner(text, add_special_tokens=False)["input_ids"][: LENGTH - 2]
            known[text] = [BEGIN, *ids] + [END] * (LENGTH - 1 - len(ids))
        return known[text]

    return encode
