"""Reads the data factory's songs and singing: crops of stems as float arrays."""

import json
import random

import numpy as np

from ..work import WORK

RATE = 44100
SINGING = WORK / "singing"


class Songs:
    """A split's songs; stems are read lazily from memory-mapped int16 files."""

    def __init__(self, split: str):
        self.songs: list[tuple[np.ndarray, dict]] = []
        for lines in sorted((WORK / "songs" / split).glob("*.jsonl")):
            sound = np.memmap(lines.with_suffix(".i16"), np.int16, "r")
            for line in lines.read_text().splitlines():
                song = json.loads(line)
                last = song["stems"][-1]["offset"] + song["samples"]
                if last <= len(sound):
                    self.songs.append((sound, song))

    def __len__(self) -> int:
        return len(self.songs)

    def stems(self, index: int, start: int, samples: int) -> list[tuple[str, np.ndarray]]:
        """(instrument, samples) of each stem of a song's crop; stems of one instrument are summed,
        the crop is padded with zeros past the song's end."""
        sound, song = self.songs[index]
        length = min(samples, song["samples"] - start)
        out: dict[str, np.ndarray] = {}
        for stem in song["stems"]:
            at = stem["offset"] + start
            piece = sound[at : at + length].astype(np.float32) / 32768
            total = out.setdefault(stem["instrument"], np.zeros(samples, np.float32))
            total[:length] += piece
        return list(out.items())

    def mixture(self, samples: int, rng: random.Random) -> np.ndarray:
        """All stems of a random crop of a random song, summed, [samples]."""
        index = rng.randrange(len(self))
        last = max(1, self.songs[index][1]["samples"] - samples)
        return sum(stem for _, stem in self.stems(index, rng.randrange(last), samples))


class Singing:
    """Random crops of a split's singing, float32 [samples]."""

    def __init__(self, split: str, rng: random.Random):
        self.rng = rng
        path = SINGING / f"{split}.i16"
        if not path.exists():
            raise SystemExit(f"no singing of {split}: run Models.training.music.singing")
        self.sound = np.memmap(path, np.int16, "r")

    def crop(self, samples: int) -> np.ndarray:
        while True:
            start = self.rng.randrange(len(self.sound) - samples)
            found = self.sound[start : start + samples].astype(np.float32) / 32768
            if (found**2).mean() > 1e-4:
                return found
