#!/usr/bin/env python3
"""Finds co_await expressions of the shapes that g++ 12.2 miscompiles (a temporary is destroyed twice).

Dangerous inside one awaited full-expression: a lambda, a braced (aggregate) temporary, a conditional that builds
temporaries. The cure is always the same: bind that part to a named local first. Usage: check_coawait.py FILE…
"""
import re
import sys

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
SHAPES = [
    ("a lambda", re.compile(r"[(,=\s]\[[^\]]*\]\s*[({]")),
    ("a braced temporary", re.compile(r"[\w(,>]\s*\{")),
    ("a conditional", re.compile(r"\?[^:]*:(?!:)")),
]


def blank(match):
    """Comments and strings become spaces; line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())


def awaited(text, start):
    """The expression behind `co_await`, up to its end at bracket depth 0."""
    depth = 0
    for end in range(start, len(text)):
        char = text[end]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if depth < 0 or (char == ";" and depth == 0):
            return text[start:end]
    return text[start:]


def main():
    found = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = NOISE.sub(blank, file.read())
        for match in re.finditer(r"\bco_await\b", text):
            expression = awaited(text, match.end())
            for what, shape in SHAPES:
                if shape.search(expression):
                    line = text.count("\n", 0, match.start()) + 1
                    print(f"{path}:{line}: {what} inside a co_await expression; bind it to a named local first")
                    found += 1
                    break
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
