"""Typing errors as people make them on a keyboard."""

import random

ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
NEAR = {}
for row in ROWS:
    for i, c in enumerate(row):
        NEAR[c] = row[max(0, i - 1) : i] + row[i + 1 : i + 2]


def slip(word: str, rng: random.Random) -> str:
    """One slip: a letter swapped, lost, doubled or taken from the next key."""
    if len(word) < 3 or not word.isalpha():
        return word
    i = rng.randrange(0 if rng.random() < 0.15 else 1, len(word))
    kind = rng.randrange(4)
    if kind == 0 and i + 1 < len(word):
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if kind == 1:
        return word[:i] + word[i + 1 :]
    if kind == 2:
        return word[:i] + word[i] + word[i:]
    near = NEAR.get(word[i].lower())
    return word[:i] + rng.choice(near) + word[i + 1 :] if near else word


def misspell(text: str, rng: random.Random, share: float = 0.2) -> str:
    """The text with one or two slips in `share` of the cases."""
    if rng.random() > share:
        return text
    parts = text.split(" ")
    for _ in range(1 if rng.random() < 0.75 else 2):
        i = rng.randrange(len(parts))
        parts[i] = slip(parts[i], rng)
    return " ".join(parts)
