"""Writes a split's test items as WAV files, the same bytes on every run.

    python -m Benchmarks.quality.items --split dev --out $AEDIT_WORK/eval/dev

The recipe is Slakh2100's as Instruct-MusicGen uses it: ten seconds of a song, a target stem and a
random choice of the others, drawn again when silent, the stem-to-rest level uniform in -12 … +3 dB.
One item in three is stereo, each stem panned on its own. An item is a folder with `mixture.wav`,
`stem.wav` and `rest.wav` (16 bit; stem + rest is the mixture, sample by sample); `items.jsonl` has
a line an item. Remove and extract use all items; add puts the target onto `rest.wav` for the items
marked `"add"`.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import random

import numpy as np
import soundfile

from Models.training.music.scores import members
from Models.training.music.songs import RATE, Songs

SECONDS = 10
LEVEL_DB = (-12.0, 3.0)
#: Items of each target. The first three are those of the issue's bars.
COUNTS = {"drums": 20, "bass": 20, "guitar": 20, "acoustic guitar": 8, "electric guitar": 8,
          "piano": 8, "strings": 8, "organ": 8, "brass": 8, "woodwind": 8, "synth": 8,
          "distorted guitar": 8, "synth lead": 8, "synth pad": 8, "percussion": 8, "choir": 8}
TARGETS = list(COUNTS)
#: The first so many items of each target serve add, too.
ADD_ITEMS = 6
TEXTS = {
    "remove": ["remove the {}", "take out the {}", "get rid of the {}", "delete the {} please",
               "drop the {}", "I want it without the {}", "mute the {}"],
    "extract": ["extract the {}", "isolate the {}", "only the {}", "just the {}, nothing else",
                "keep only the {}", "solo the {}"],
    "add": ["add {}", "add some {}", "put {} on top", "add {} to this song",
            "I'd like {} in it", "mix in some {}"],
}


@dataclasses.dataclass
class Item:
    """A row of `items.jsonl` and where its folder is."""

    row: dict
    folder: pathlib.Path

    def sound(self, name: str) -> np.ndarray:
        """`mixture`, `stem` or `rest`: float64 [samples, channels]."""
        return soundfile.read(self.folder / f"{name}.wav", always_2d=True)[0]

    def __getattr__(self, name):
        return self.row[name]


def load(folder: pathlib.Path) -> list[Item]:
    lines = (folder / "items.jsonl").read_text().splitlines()
    return [Item(row, folder / row["id"]) for row in map(json.loads, lines)]


def sounding(sound: np.ndarray) -> bool:
    """Over -50 dBFS in at least three of the item's seconds."""
    seconds = sound[: SECONDS * RATE].reshape(SECONDS, -1)
    return int(((seconds**2).mean(1) > 1e-5).sum()) >= 3


def draw(songs: Songs, target: str, rng: random.Random) -> tuple[dict, dict, list[str]]:
    """A description, {instrument: sound} of a crop, and which of those are the target."""
    own = members(target)
    candidates = [i for i, (_, song) in enumerate(songs.songs)
                  if any(stem["instrument"] in own for stem in song["stems"])]
    while True:
        index = rng.choice(candidates)
        song = songs.songs[index][1]
        start = rng.randrange(max(1, song["samples"] - SECONDS * RATE))
        stems = dict(songs.stems(index, start, SECONDS * RATE))
        stems = {name: sound for name, sound in stems.items() if sounding(sound)}
        targets = [name for name in own if name in stems]
        others = sorted(name for name in stems if name not in own)
        if not targets or not others:
            continue
        others = rng.sample(others, rng.randint(min(2, len(others)), len(others)))
        kept = {name: stems[name] for name in [*targets, *sorted(others)]}
        return {"song": song["name"], "start_seconds": start / RATE}, kept, targets


def panned(sound: np.ndarray, position: float) -> np.ndarray:
    """Constant-power panning, position -1 (left) … 1 (right): [samples] -> [samples, 2]."""
    angle = (position + 1) * math.pi / 4
    return sound[:, None] * np.array([math.cos(angle), math.sin(angle)], np.float32)


def make(songs: Songs, target: str, number: int, rng: random.Random) -> tuple[dict, dict]:
    """The row of an item and its three sounds, int16 [samples, channels]."""
    about, stems, targets = draw(songs, target, rng)
    stereo = number % 3 == 2
    placed = {name: panned(sound, rng.uniform(-0.8, 0.8)) if stereo else sound[:, None]
              for name, sound in stems.items()}
    stem = sum(placed[name] for name in targets)
    rest = sum(sound for name, sound in placed.items() if name not in targets)
    level = rng.uniform(*LEVEL_DB)
    stem = stem * 10 ** (level / 20) * math.sqrt((rest**2).sum() / (stem**2).sum())
    scale = 10 ** (rng.uniform(-9, -1) / 20) / np.abs(stem + rest).max()
    whole = {"stem": np.rint(stem * scale * 32767).astype(np.int32),
             "rest": np.rint(rest * scale * 32767).astype(np.int32)}
    whole["mixture"] = whole["stem"] + whole["rest"]
    if any(np.abs(sound).max() > 32767 for sound in whole.values()):
        return make(songs, target, number, rng)  # stem and rest cancel each other's peaks
    row = {"id": f"{target.replace(' ', '-')}-{number:02}", "target": target, **about,
           "level_db": level, "channels": 2 if stereo else 1,
           "others": [name for name in stems if name not in targets], "add": number < ADD_ITEMS,
           "instructions": {name: rng.choice(texts).format(target)
                            for name, texts in TEXTS.items()}}
    return row, {name: sound.astype(np.int16) for name, sound in whole.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=["dev", "validation"], required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    songs = Songs(options.split)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for target, count in COUNTS.items():
        rng = random.Random(f"items 1 {options.split} {target}")
        for number in range(count):
            row, sounds = make(songs, target, number, rng)
            folder = options.out / row["id"]
            folder.mkdir(exist_ok=True)
            for name, sound in sounds.items():
                soundfile.write(folder / f"{name}.wav", sound, RATE, "PCM_16")
            rows.append(row)
    (options.out / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(f"{len(rows)} items in {options.out}, {sum(row['add'] for row in rows)} of them for add")


if __name__ == "__main__":
    main()
