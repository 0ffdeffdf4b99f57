"""The corpus as utterances to draw from."""

import collections
import dataclasses
import json
import random

import numpy as np
import soxr

from ..work import WORK
from .phonemes import Phonemes

FOLDER = WORK / "speech"


@dataclasses.dataclass
class Entry:
    """One utterance of the corpus. `phones`: for each word its classes; `phone_times`: for each word
    the (start, end) in seconds of its classes, where they are known or an aligner has found them."""

    source: str
    row: dict
    phones: list[list[int]]
    phone_times: list | None

    @property
    def seconds(self) -> float:
        return self.row["samples"] / self.row["rate"]


class Speech:
    def __init__(self, split: str, sources: list[str] | None = None, found_times: bool = False):
        """`found_times`: use what `aligner --align` wrote where a source knows no phoneme times."""
        phonemes = Phonemes()
        self.sound_files, self.entries = {}, []
        for path in sorted((FOLDER / split).glob("*.jsonl")):
            source = path.stem
            if sources and source not in sources:
                continue
            self.sound_files[source] = np.memmap(path.with_suffix(".i16"), np.int16, "r")
            times = path.with_suffix(".times")
            found = {}
            if found_times and times.exists():
                found = dict(map(json.loads, times.read_text().splitlines()))
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                coded = [[phonemes.encode(symbol) for symbol in phones]
                         for _, phones in row["words"]]
                known = row.get("phone_times")
                if known:
                    known = [sum((divided(span, code) for code, span in zip(codes, spans)), [])
                             for codes, spans in zip(coded, known)]
                else:
                    known = found.get(row["offset"])
                phones = [sum(codes, []) for codes in coded]
                if all(phones):
                    self.entries.append(Entry(source, row, phones, known))

    def sound(self, entry: Entry, rate: int) -> np.ndarray:
        """float32 at `rate` Hz."""
        start = entry.row["offset"]
        sound = self.sound_files[entry.source][start : start + entry.row["samples"]]
        sound = sound.astype(np.float32) / 32768
        if entry.row["rate"] != rate:
            sound = soxr.resample(sound, entry.row["rate"], rate)
        return sound

    def weights(self, shares: dict[str, float]) -> list[float]:
        """Weights for drawing entries so that each kind of source has its share of the draws: a
        source belongs to the first key that it starts with."""
        kinds = [next(key for key in shares if entry.source.startswith(key))
                 for entry in self.entries]
        counts = collections.Counter(kinds)
        return [shares[kind] / counts[kind] for kind in kinds]


def divided(span, code: list[int]) -> list[tuple[float, float]]:
    """The equal parts of a symbol's span that its classes get."""
    edges = np.linspace(span[0], span[1], len(code) + 1)
    return [(float(a), float(b)) for a, b in zip(edges[:-1], edges[1:])]


class Drawer:
    """Draws entries by weight, in batches of similar lengths."""

    def __init__(self, speech: Speech, shares: dict[str, float], seed: int, longest: float):
        self.rng = random.Random(seed)
        speech.entries = sorted((e for e in speech.entries if e.seconds <= longest),
                                key=lambda entry: entry.seconds)
        self.speech = speech
        self.totals = np.cumsum(speech.weights(shares))

    def draw(self, count: int) -> list[Entry]:
        """`count` entries from a tenth of the range of lengths."""
        centre = self.rng.uniform(0.05, 0.95)
        places = [self.totals[-1] * self.rng.uniform(centre - 0.05, centre + 0.0499)
                  for _ in range(count)]
        return [self.speech.entries[int(np.searchsorted(self.totals, place))] for place in places]
