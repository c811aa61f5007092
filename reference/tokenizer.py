"""Golden token numbers, computed by the CLIP tokenizer of transformers.

    python reference/tokenizer.py [models/pocket.gguf]

reads CLIP's vocabulary out of the GGUF file and writes
crates/chatsd-diffusion/tests/goldens/tokens.json: a list of [text, [token, ...]], without the marks
for begin and end.
"""

import json
import random
import sys
import unicodedata
from pathlib import Path

from gguf import GGUFReader
from transformers import CLIPTokenizer

TARGET = Path(__file__).parents[1] / "crates/chatsd-diffusion/tests/goldens/tokens.json"

WRITTEN = """
logo of cat, cute, happy, smile, flat style
a photograph of an astronaut riding a horse
masterpiece, best quality, (ultra-detailed:1.2), 8k uhd, 35mm, f/1.8
I'm sure they'll say we've won; it's what he'd've done, they're 'scared', can't you're 's 't
IT'S CAN'T WE'LL I'D YOU'RE I'VE I'M
rock'n'roll 'tis o'clock ''s '''ll !'s
2024-01-31 1234567890 3.14159 1,000,000 ½ ² Ⅷ ٣٤ 一二三 ①
café naïve résumé façade Ångström ÀÉÎÕÜ
café naïve résumé ạ̈ ö̲
Straße GROSSE ẞ İstanbul ISPARTA ıŞĞ ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ
可爱的小猫标志,开心,微笑
一只猫坐在窗台上,水彩画,柔和的光
かわいい猫 カタカナ ｶﾅ 漢字
귀여운 고양이 한글
Привет, мир! Ёлка
مرحبا بالعالم שלום עולם
नमस्ते दुनिया สวัสดี ကမ္ဘာ
😀😃😄 👍🏽 👨‍👩‍👧‍👦 🇩🇪 ❤️ ☺︎ 🏳️‍🌈
cat🐈dog🐕 a😀b 1️⃣
… — – “quotes” ‘single’ «guillemets» ¿qué? ¡sí!
x² + y² = z², ∑∞∫√ ≤≥≠ αβγ
€100 £50 ¥1000 $5.00 100% #hashtag @user https://example.com/?q=a&b=c
snake_case camelCase kebab-case dotted.name path/to/file.txt C:\\dir
<b>html</b> &amp; {a|b} [c] (d) __wild__ <lora:x:0.8>
<|startoftext|> text <|endoftext|> <|STARTOFTEXT|> <|endoftext|>< |endoftext| >
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis
!!! ??? ... ,,, ,a,b , c ;;; --- ~~~ ***
ﬁ ﬂ ㎏ ℃ Å Ω K ſ
don’t it’s
""".strip().split("\n")
CONTROL = ["", " ", "\t\n\r\x0b\x0c", "a\tb\nc\r\nd", "a\x00b", "\x01\x02\x1f\x7f", "a\u00a0b\u2003c\u3000d\u200bz"]
CONTROL += ["\ufeffbom", "a\u200db", "\u202eright to left", "soft\u00adhyphen", "\u0085next", "a\u2028b\u2029c", "\x1c\x1d"]
CONTROL += ["\u0301", "a\u0301\u0323", "\ud7a3\u1100\u1161\u11a8", "\U000e0041", "\uffff\ufffd", "'", "''", "s's"]
ALPHABETS = [
    (0x20, 0x7F), (0x20, 0x7F), (0xA0, 0x180), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE80),
    (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2500), (0x3000, 0x3400), (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A4), (0xF900, 0xFB50), (0xFE00, 0x10000), (0x1F300, 0x1F700),
]  # fmt: skip
WORDS = "cat CAT Cat's dog, cute-happy 3d 4k it's (blue) red. 2 x10 the of and ! -- 'tis"


def strings():
    yield from WRITTEN + CONTROL
    choose = random.Random(1)
    words = WORDS.split()
    for _ in range(60):
        yield choose.choice(["", " "]).join(choose.choices(words, k=choose.randint(1, 12)))
    for _ in range(250):
        first, last = choose.choice(ALPHABETS)
        letters = [choose.randrange(first, last) for _ in range(choose.randint(1, 10))]
        letters += choose.choices([0x20, 0x27, 0x61, 0x73, 0x31, 0x2C], k=choose.randint(0, 4))
        choose.shuffle(letters)
        # What a later Unicode assigns may be a letter to one of the two programs alone.
        yield "".join(letter for letter in map(chr, letters) if unicodedata.category(letter) not in ("Cn", "Cs"))


def main():
    reader = GGUFReader(sys.argv[1] if len(sys.argv) > 1 else "models/pocket.gguf")
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    merges = reader.get_field("tokenizer.ggml.merges").contents()
    tokenizer = CLIPTokenizer(
        vocab={token: number for number, token in enumerate(tokens)},
        merges=[tuple(merge.split(" ")) for merge in merges],
    )
    goldens = [[text, tokenizer(text, add_special_tokens=False)["input_ids"]] for text in strings()]
    lines = ",\n".join(json.dumps(golden, ensure_ascii=True) for golden in goldens)
    TARGET.write_text(f"[\n{lines}\n]\n")
    print(f"{len(goldens)} texts, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
