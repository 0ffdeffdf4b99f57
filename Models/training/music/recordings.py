"""Real music without stems, from game packages whose copyright files name a free licence.

    python -m Models.training.music.recordings

decodes it to mono int16 under `$AEDIT_WORK/recordings/<split>/`; a package belongs to one split.
"""

import json
import random

import numpy as np
import soundfile
import soxr

from ..work import ROOT, WORK, fetch
from .songs import RATE

SHARE = ROOT / "usr" / "share"
SOURCES = {
    "train": {"naev-data": "naev/dat/snd/music",  # GPL-2+, GPL-3, CC-BY-3.0, CC-BY-SA-3.0, PD
              "wesnoth-1.16-music": "games/wesnoth/1.16/data/core/music",  # GPL-2+
              "planetblupi-music-ogg": "planetblupi/music"},  # GPL-3+
    "dev": {"hedgewars-data": "games/hedgewars/Data/Music",  # GPL-2
            "extremetuxracer-data": "games/etr/music"},  # GPL-2+
    "validation": {"supertuxkart-data": "games/supertuxkart/data/music"},  # CC-BY-SA, CC-BY, PD
}


def decoded(path) -> np.ndarray:
    """A file's channels, averaged, at 44.1 kHz."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = sound.mean(1)
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE)
    return np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)


def main() -> None:
    for split, packages in SOURCES.items():
        fetch(list(packages))
        folder = WORK / "recordings" / split
        folder.mkdir(parents=True, exist_ok=True)
        for package, place in packages.items():
            lines, offset = [], 0
            with open(folder / f"{package}.part", "wb") as out:
                for path in sorted((SHARE / place).glob("*.ogg")):
                    sound = decoded(path)
                    out.write(sound.tobytes())
                    lines.append(json.dumps({"name": path.stem, "offset": offset,
                                             "samples": len(sound)}))
                    offset += len(sound)
            (folder / f"{package}.part").rename(folder / f"{package}.i16")
            (folder / f"{package}.jsonl").write_text("\n".join(lines) + "\n")
            print(split, package, round(offset / RATE / 60), "min", flush=True)


class Recordings:
    """Random crops of a split's recordings; those decoded so far."""

    def __init__(self, split: str, rng: random.Random):
        self.rng = rng
        self.pieces = []
        for path in sorted((WORK / "recordings" / split).glob("*.jsonl")):
            sound = np.memmap(path.with_suffix(".i16"), np.int16, "r")
            self.pieces += [(sound, json.loads(line)) for line in path.read_text().splitlines()]

    def crop(self, samples: int) -> np.ndarray:
        while True:
            sound, piece = self.rng.choice(self.pieces)
            if piece["samples"] > samples:
                start = piece["offset"] + self.rng.randrange(piece["samples"] - samples)
                return sound[start : start + samples].astype(np.float32) / 32768


if __name__ == "__main__":
    main()
