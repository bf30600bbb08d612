#!/usr/bin/env python3
"""Writes src/tokens/unicode_ranges.inc: where the classes of characters change that the pre-tokenizers tell apart.

  pip install regex && python3 tools/tokens/unicode_ranges.py > src/tokens/unicode_ranges.inc

The `regex` package carries a newer Unicode than Python's own unicodedata; without it unicodedata is used. Each entry is
first code point << 3 | class; a class reaches up to the next entry.
"""
import sys
import unicodedata

CLASSES = {"Lu": 1, "Lt": 1, "Ll": 2, "Lm": 3, "Lo": 3, "Mn": 4, "Mc": 4, "Me": 4, "Nd": 5, "Nl": 5, "No": 5}
WHITE_SPACE = [9, 11, 12, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]


def classifier():
    try:
        import regex
    except ImportError:
        return lambda char: CLASSES.get(unicodedata.category(char), 0), f"unicodedata {unicodedata.unidata_version}"
    patterns = [(regex.compile(rf"\p{{{name}}}"), value) for name, value in CLASSES.items()]
    return (lambda char: next((value for pattern, value in patterns if pattern.match(char)), 0),
            f"regex {regex.__version__}")


def class_of(general, point):
    if point in (10, 13):
        return 7
    if point in WHITE_SPACE:
        return 6
    return 0 if 0xD800 <= point < 0xE000 else general(chr(point))


def main():
    general, source = classifier()
    entries, last = [], None
    for point in range(0x110000):
        value = class_of(general, point)
        if value != last:
            entries.append(f"0x{point << 3 | value:X}")
            last = value
    print(f"// Written by tools/tokens/unicode_ranges.py ({source}); do not edit.")
    line = ""
    for entry in entries:
        if len(line) + len(entry) + 2 > 118:
            print(line.rstrip())
            line = ""
        line += entry + ", "
    print(line.rstrip())
    print(f"{len(entries)} ranges", file=sys.stderr)


main()
