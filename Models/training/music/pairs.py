"""Pairs of stems with the same notes, played by two instruments: what `replace` learns from.

    python -m Models.training.music.pairs --split train --hours 2

writes `$AEDIT_WORK/pairs/<split>.i16` (mono int16 at 44.1 kHz, the two stems of a pair one after the
other) and `.jsonl` with a line a pair: `{"samples", "offset", "instruments": [old, new]}`. Scores and
sound sources are those of the factory's splits.
"""

import argparse
import dataclasses
import json
import random

import numpy as np

from ..work import WORK, fetch
from . import render, scores
from .factory import draw_song
from .mixtures import MADE, Item, Mixer, augmented, equalised
from .songs import RATE, Songs

PAIRS = WORK / "pairs"
#: What the rest of a song leaves in an extracted stem, dB under it.
LEAK_DB = (-30, -6)


def build(split: str, hours: float) -> None:
    rng = random.Random(f"pairs {split}")
    studio = render.Studio(split)
    grooves, tunes = scores.grooves(split), scores.tunes(split)
    PAIRS.mkdir(parents=True, exist_ok=True)
    total = offset = 0
    with open(PAIRS / f"{split}.i16", "wb") as sound, \
         open(PAIRS / f"{split}.jsonl", "w") as lines:
        while total < hours * 3600 * RATE:
            _, parts, seconds, _ = draw_song(rng, split, grooves, tunes)
            for part in [p for p in scores.recast(rng, parts) if p.instrument in scores.PROGRAMS]:
                others = [name for name in scores.PROGRAMS if name != part.instrument]
                new = rng.choice(others)
                cast = (part, dataclasses.replace(
                    part, instrument=new, program=rng.choice(scores.PROGRAMS[new])))
                stems = [studio.render(each, seconds, rng)[0] for each in cast]
                if min(float(np.sqrt((stem**2).mean())) for stem in stems) < 1e-3:
                    continue
                for stem in stems:
                    sound.write((stem * 32767).astype(np.int16).tobytes())
                json.dump({"samples": len(stems[0]), "offset": offset,
                           "instruments": [each.instrument for each in cast]}, lines)
                lines.write("\n")
                offset += 2 * len(stems[0])
                total += len(stems[0])


class PairMixer:
    """Draws items whose `rest` is the old stem as an extraction leaves it, with something of a song
    behind it, and whose `stem` is the new one, as loud."""

    def __init__(self, split: str, seconds: float, seed: int, augment: bool):
        self.samples = int(seconds * RATE)
        self.rng = random.Random(seed)
        self.augment = augment
        self.songs = Songs(split)
        self.sound = np.memmap(PAIRS / f"{split}.i16", np.int16, "r")
        rows = [json.loads(line) for line in (PAIRS / f"{split}.jsonl").read_text().splitlines()]
        self.rows = [row for row in rows if row["samples"] >= self.samples]

    def crop(self, rng: random.Random) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Names and sounds of the old stem and the new one, from the same place."""
        row = rng.choice(self.rows)
        at = row["offset"] + rng.randrange(row["samples"] - self.samples + 1)
        old, new = (self.sound[start : start + self.samples].astype(np.float32) / 32768
                    for start in (at, at + row["samples"]))
        return row["instruments"], old, new

    def item(self, absent: float = 0) -> Item:
        rng = self.rng
        while True:
            (_, target), old, new = self.crop(rng)
            names = [name for name in scores.names_of(target) if name in MADE]
            if not names:
                continue
            target = rng.choice(names) if rng.random() < 0.3 else names[0]
            if self.augment:  # in the new stem no more than a mastering's curve: it is the answer
                old, new = augmented(old, rng), equalised(new, rng, 4)
            energy = [float((stem**2).mean()) for stem in (old, new)]
            if min(energy) < 1e-5:
                continue
            leak = self.songs.mixture(self.samples, rng)
            level = 10 ** (rng.uniform(*LEAK_DB) / 20) * (energy[0] / max(1e-6, (leak**2).mean())) ** 0.5
            rest = old + np.float32(level) * leak
            scale = np.float32(10 ** (rng.uniform(-18, -3) / 20) / np.abs(rest).max())
            equal = np.float32((energy[0] / energy[1]) ** 0.5)
            return Item(target, new * equal * scale, rest * scale, 0.0, "replace")


class EditMixer:
    """Items of a split's mixtures and of its pairs."""

    PAIR_SHARE = 0.3

    def __init__(self, split: str, seconds: float, seed: int, augment: bool):
        self.mixtures = Mixer(split, seconds, seed, augment)
        self.pairs = PairMixer(split, seconds, seed, augment)

    def item(self, absent: float = 0) -> Item:
        paired = self.pairs.rng.random() < self.PAIR_SHARE
        return (self.pairs if paired else self.mixtures).item(absent=absent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=list(render.BANKS), required=True)
    parser.add_argument("--hours", type=float, required=True, help="of pairs")
    options = parser.parse_args()
    fetch(render.PACKAGES)
    build(options.split, options.hours)


if __name__ == "__main__":
    main()
