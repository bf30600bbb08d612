#!/usr/bin/env python3
"""Packs a published tiktoken rank file (base64 token, space, rank per line) into the form that the binary carries.

  python3 tools/tokens/pack_ranks.py o200k_base.tiktoken > src/tokens/o200k_base.ranks

Form: "KRRANKS1", number of tokens (32 bits, little endian), one length byte per token, then the tokens' bytes, all in
order of rank. Refuses a file whose SHA-256 is not the one that tiktoken publishes.
"""
import base64
import hashlib
import struct
import sys

PUBLISHED = {
    "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d": "o200k_base",
    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7": "cl100k_base",
}


def main():
    data = open(sys.argv[1], "rb").read()
    if hashlib.sha256(data).hexdigest() not in PUBLISHED:
        sys.exit(f"{sys.argv[1]}: not a rank file published with tiktoken (its SHA-256 is unknown)")
    pairs = [line.split() for line in data.splitlines() if line]
    tokens = [base64.b64decode(token) for token, _ in pairs]
    if [int(rank) for _, rank in pairs] != list(range(len(pairs))):
        sys.exit(f"{sys.argv[1]}: the ranks are not 0, 1, 2, …")
    out = sys.stdout.buffer
    out.write(b"KRRANKS1" + struct.pack("<I", len(tokens)))
    out.write(bytes(len(token) for token in tokens))
    out.write(b"".join(tokens))


main()
