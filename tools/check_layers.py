#!/usr/bin/env python3
"""Checks that each folder of src/ includes only folders that its kairos_folder(… DEPS …) line in CMakeLists.txt names.

Prints each wrong include as file:line and exits 1; also refuses Boost.Asio or Beast in headers outside net and gateway.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([a-z0-9_]+)/')
ASIO = re.compile(r'^\s*#\s*include\s*<boost/(asio|beast)')


def allowed_includes():
    text = (ROOT / "CMakeLists.txt").read_text()
    folders = {}
    for match in re.finditer(r"^kairos_folder\(([^)]*)\)", text, re.M):
        words = match.group(1).split()
        deps = []
        if "DEPS" in words:
            for word in words[words.index("DEPS") + 1:]:
                if word.isupper() or word == "PCH_FROM":
                    break
                deps.append(word)
        folders[words[0]] = {words[0], *deps}
    return folders


def main():
    folders = allowed_includes()
    wrong = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc") or len(path.relative_to(ROOT / "src").parts) < 2:
            continue
        folder = path.relative_to(ROOT / "src").parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.relative_to(ROOT)}:{number}"
            found = INCLUDE.match(line)
            if found and found.group(1) in folders and found.group(1) not in folders.get(folder, set()):
                wrong.append(f"{place}: src/{folder} may not include src/{found.group(1)} (see CMakeLists.txt)")
            if ASIO.match(line) and path.suffix == ".h" and folder not in ("net", "gateway"):
                wrong.append(f"{place}: Boost.Asio and Beast stay out of headers outside net and gateway")
    print("\n".join(wrong) if wrong else f"layers: {len(folders)} folders, all includes allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
