"""What no labelled training sentence may hold: words and patterns of the hand-written sets.

Validation: a sentence of `eval/validation.jsonl` has a word of `eval/heldout_words.json`, or else its
pattern is kept out: the sentence with its names of targets replaced by one sign and its articles gone.
Dev likewise, by `eval/dev_words.json`, for the runs that choose something.
"""

import functools
import json
import re

from . import lexicon, names
from .paths import RECIPE

_WORD = re.compile(r"[a-z0-9'-]+")
_ARTICLES = {"a", "an", "the", "some", "my", "that", "this", "any", "all", "please"}


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.lower())


@functools.lru_cache(1)
def _names() -> dict[str, list[list[str]]]:
    """Names of targets as lists of words, by their first word, longest first."""
    found: dict[str, list[list[str]]] = {}
    for lists in (lexicon.TARGET_NOUNS, lexicon.PLAYERS, names.NOUNS, names.PLAYERS):
        for entries in lists.values():
            for entry in entries:
                parts = words_of(entry)
                found.setdefault(parts[0], []).append(parts)
    return {k: sorted(v, key=len, reverse=True) for k, v in found.items()}


def pattern(text: str) -> tuple[str, ...]:
    """Words with "_" for each name, without articles."""
    parts, out, i = words_of(text), [], 0
    while i < len(parts):
        name = next((n for n in _names().get(parts[i], ()) if parts[i : i + len(n)] == n), None)
        if name:
            out.append("_")
            i += len(name)
            continue
        if parts[i] not in _ARTICLES:
            out.append(parts[i])
        i += 1
    return tuple(out)


def load(name: str) -> list[dict]:
    return [json.loads(line) for line in (RECIPE / "eval" / f"{name}.jsonl").read_text().splitlines()]


class Kept:
    """The words and patterns of some sets; `free(text)` says that a text has none of them."""

    def __init__(self, dev: bool):
        sets = [("heldout_words", ("validation", "refusals"))] + [("dev_words", ("dev_hard",))] * dev
        self.words: set[str] = set()
        self.patterns: set[tuple[str, ...]] = set()
        for file, names_of_sets in sets:
            kept = set(json.loads((RECIPE / "eval" / f"{file}.json").read_text()))
            self.words |= kept
            for name in names_of_sets:
                for example in load(name):
                    if kept.isdisjoint(words_of(example["text"])):
                        self.patterns.add(pattern(example["text"]))
        self.lengths = sorted({len(p) for p in self.patterns})
        self.whole = {p for p in self.patterns if len(p) < 3}  # "_ _" and the like only as a whole

    def free(self, text: str) -> bool:
        if not self.words.isdisjoint(words_of(text)) or not self.words.isdisjoint(
            re.findall(r"[a-z'-]+", text.lower())
        ):
            return False
        made = pattern(text)
        if made in self.whole:
            return False
        return not any(
            made[i : i + n] in self.patterns
            for n in self.lengths if n >= 3 for i in range(len(made) - n + 1)
        )  # fmt: skip
