"""Judges "remix with A, B and C" through the program: are they those, and do chords and bars stay?

    python -m Benchmarks.quality.remixing --split validation --songs 12 --out DIR [--aedit BIN]

Twenty seconds of songs of the factory, each remixed with three instruments drawn at random. A remix's parts
are the stems that "add X" makes for the same song and seed, only levelled otherwise: these are shown to the
judge of instruments. Chords and bars of song and remix are told by `aedit chords` and compared as
`Benchmarks.harmony.run` does; the row `other song` compares with the remix of the next song.
"""

import argparse
import json
import pathlib
import random
import subprocess

import numpy as np
import soundfile

from Models.training.music.scores import INSTRUMENTS
from Models.training.music.songs import RATE, Songs

from .judging import Asked
from .run import NO_EFFECT, default_binary

SECONDS = 20
STEP = 0.1


def run(command: list) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, NO_EFFECT):
        raise SystemExit(f"{command}: {done.stderr.strip()}")
    return done.stdout


def likeness(song: list[dict], other: list[dict]) -> tuple[float, float]:
    """The share of the time with the same chord, and F1 of bars at most 70 ms apart."""
    def at(bars: list[dict], time: float):
        return next((bar["chord"] for bar in bars
                     if bar["startSeconds"] <= time < bar["endSeconds"]), None)
    times = [time for time in np.arange(0, SECONDS, STEP) if at(song, time)]
    same = np.mean([at(song, time) == at(other, time) for time in times])
    a, b = (np.array([bar["startSeconds"] for bar in bars]) for bars in (song, other))
    hits = sum(bool(len(b)) and np.abs(b - time).min() <= 0.07 for time in a)
    return float(same), 2 * hits / max(1, len(a) + len(b))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=["dev", "validation"], default="validation")
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    judge, rng, songs = Asked(), random.Random(3), Songs(flags.split)
    order = list(range(len(songs)))
    rng.shuffle(order)
    detected, before, after = [], [], []
    for index in order:
        if len(before) == flags.songs:
            break
        stems = dict(songs.stems(index, 0, SECONDS * RATE))
        sound = sum(stems.values())
        source, out, stem = (flags.out / f"{name}.wav" for name in ("song", "remix", "stem"))
        soundfile.write(source, sound / max(1e-4, np.abs(sound).max()) * 0.5, RATE)
        bars = json.loads(run([flags.aedit, "chords", source, "--json"]))
        if len(bars) < 3:
            continue
        parts = rng.sample(INSTRUMENTS, 3)
        made = ["--force", "--quiet", "--seed", "1"]
        run([flags.aedit, source, f"remix with {parts[0]}, {parts[1]} and {parts[2]}", "-o", out, *made])
        before.append(bars)
        after.append(json.loads(run([flags.aedit, "chords", out, "--json"])))
        for part in parts:
            run([flags.aedit, source, f"add {part}", "-o", out, "--save-stem", stem, *made])
            own = soundfile.read(stem, always_2d=True)[0].mean(1)
            detected.append(judge.asked(own, part)["detected"])
    own = [likeness(a, b) for a, b in zip(before, after)]
    others = [likeness(a, b) for a, b in zip(before, after[1:] + after[:1])]
    print(f"{len(before)} songs of {flags.split}; the asked instrument is detected in "
          f"{np.mean(detected):.0%} of {len(detected)} parts\n")
    print("| remix of | same chord | bars |\n|---|---|---|")
    for name, rows in (("this song", own), ("other song", others)):
        chords, kept = np.mean(rows, 0)
        print(f"| {name} | {chords:.0%} | {kept:.2f} |")
    print("\n" + judge.statement)


if __name__ == "__main__":
    main()
