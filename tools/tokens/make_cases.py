#!/usr/bin/env python3
"""Writes tests/cases/tokens/exact.txt: texts and the tokens that the `tiktoken` package makes of them.

  pip install tiktoken && python3 tools/tokens/make_cases.py FOLDER_WITH_RANK_FILES > tests/cases/tokens/exact.txt

The rank files are o200k_base.tiktoken and cl100k_base.tiktoken. Texts are written here or drawn with a fixed seed.
"""
import base64
import random
import sys

import tiktoken
from tiktoken_ext import openai_public

TEXTS = [
    "Hello, world!", "hello", " ", "\n", "a", "I'll say it's what they've done, we'd say; she'S HERE'LL 'tis",
    "The quick brown fox jumps over the lazy dog.", "   leading and trailing   ", "tabs\tand\t\tmore\n\n\n  mixed \r\n\r\n end",
    "def fibonacci(n: int) -> int:\n    if n < 2:\n        return n\n    return fibonacci(n - 1) + fibonacci(n - 2)\n",
    "#include <vector>\nstd::vector<int> v{1, 2, 3}; // path/to/file\nfor (auto& x : v) x <<= 2;\n/* a */\n\n//\n",
    '{"name": "KairosRoute", "items": [1, 22, 333, 4444, 55555], "nested": {"ok": true, "nothing": null}}',
    "1234567890 3.14159 0x1F4A9 1e-10 ٣٤٥ Ⅷ ½ ²", "camelCaseWord HTTPServer XMLHttpRequest snake_case_word kebab-case SCREAMING_CASE",
    "Größe, façade, naïve, Ångström, œuvre, Straße — “quoted” … ‘single’", "Ελληνικά κείμενα και ΚΕΦΑΛΑΙΑ",
    "Съешь же ещё этих мягких французских булок", "今日は良い天気ですね。東京タワーへ行きましょう!", "中文句子没有空格也要切分正确", "한국어 문장도 있습니다",
    "مرحبا بالعالم، كيف حالك؟", "שלום עולם", "नमस्ते दुनिया, कैसे हो?", "สวัสดีชาวโลก", "😀😃👨‍👩‍👧‍👦🇩🇪👍🏽 emoji", "e\u0301 combining \u0301alone !\u0301 A\u0301B",
    "ǅungla ǈ ʰsuper ʼapostrophe", "it'ſ don'T", "<|endoftext|> <|im_start|>system", "a\u00a0b\u2003c\u2028d\u3000e\u0085f", "\x00\x01\x7f control",
    "https://example.com/a/b?c=d&e=%20f#g", "$$E = mc^2$$ and \\frac{a}{b} \\sum_{i=0}^{n} x_i", "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "---------- ========== ////// ****** \\\\\\\\ ......",
]
REPEATED = [("a", 1000), ("a", 20000), (" ", 5000), ("\n", 3000), ("ab", 4000), ("!", 3000), ("é", 700), ("中", 900), ("😀", 300),
            ("0", 1000), ("Ab", 500), ("A", 3000), ("the", 999), (" the", 50), ("/\n", 400), ("\u0301", 200), ("x'll", 80)]
PIECES = list("aAbBzs'STRELVDM019  \t\n\r/!.-_#\"(){}") + [
    "'s", "'LL", "ſ", "中", "é", "É", "ǅ", "ʰ", "\u0301", "٣", "Ⅷ", "\u00a0", "\u2003", "\x85", "😀", "\u200d", "ก", "ั", " the", "function"]


def encodings(folder):
    def ranks(url, expected_hash=None):
        lines = open(f"{folder}/{url.rsplit('/', 1)[1]}").read().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in map(str.split, lines)}

    openai_public.load_tiktoken_bpe = ranks
    return tiktoken.Encoding(**openai_public.o200k_base()), tiktoken.Encoding(**openai_public.cl100k_base())


def escape(text):
    out = ""
    for byte in text.encode():
        char = chr(byte)
        out += "\\\\" if char == "\\" else char if 32 <= byte < 127 else f"\\x{byte:02x}"
    body = out.rstrip(" ")
    return body + "\\x20" * (len(out) - len(body))


def main():
    encoders = encodings(sys.argv[1])
    random.seed(20261123)
    drawn = ["".join(random.choice(PIECES) for _ in range(random.randint(2, 40))) for _ in range(150)]
    print("# Written by tools/tokens/make_cases.py with tiktoken " + tiktoken.__version__ + ".")
    print("# text TEXT | repeat N TEXT (bytes but printable ASCII as \\xNN), then the tokens, of a repeated text their number.")
    for text in TEXTS + drawn:
        print(f"text {escape(text)}")
        for name, encoder in zip(("o200k", "cl100k"), encoders):
            print(name, *encoder.encode_ordinary(text))
    for text, times in REPEATED:
        print(f"repeat {times} {escape(text)}")
        for name, encoder in zip(("o200k", "cl100k"), encoders):
            print(name, len(encoder.encode_ordinary(text * times)))


main()
