"""Judges "replace the X with Y" through the program: is it Y, and does it play what X played?

    python -m Benchmarks.quality.replacing --split validation --items 40 --out DIR

An item is a stem of `Models.training.music.pairs` over other instruments of a song of the same split,
-3 to +6 dB beside them, ten seconds long; the true answer is the same notes played by the other
instrument. The new stem is the difference between the replacement and the mere removal. Rows: the true
stem; `ours`; `free`: the removal, then "add Y" as an edit of its own, which hears the rest alone.
Chroma and onsets are compared with the old stem, as `adding.py` compares added stems with their songs.
"""

import argparse
import pathlib
import random

import numpy as np
import soundfile

from Models.training.music.pairs import PairMixer
from Models.training.music.songs import RATE

from . import adding
from .items import SECONDS
from .judging import Asked
from .metrics import chroma_cosine, mono, onset_f1
from .run import default_binary, edited


def items(split: str, count: int):
    """(old name, new name, old, new, rest) with sounds [samples]."""
    pairs = PairMixer(split, SECONDS, 5, augment=False)
    rng = random.Random(5)
    made = 0
    while made < count:
        names, old, new = pairs.crop(rng)
        index = rng.randrange(len(pairs.songs))
        stems = pairs.songs.stems(index, 0, pairs.samples)
        rest = sum([sound for name, sound in stems if name not in names], np.zeros(pairs.samples))
        power = [float((sound**2).mean()) for sound in (old, new, rest)]
        if min(power) < 1e-5:
            continue
        rest = rest * (power[0] / power[2]) ** 0.5 * 10 ** (rng.uniform(-6, 3) / 20)
        scale = 0.5 / np.abs(old + rest).max()
        made += 1
        yield *names, old * scale, new * scale, rest * scale


def read(path: pathlib.Path) -> np.ndarray:
    return mono(soundfile.read(path, always_2d=True)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=["dev", "validation"], default="validation")
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    judge = Asked()
    names, olds, rows = [], [], {"true stem": [], "ours": [], "free": []}
    for number, (old, new, old_sound, new_sound, rest) in enumerate(
            items(options.split, options.items)):
        source = options.out / f"{number}.wav"
        soundfile.write(source, old_sound + rest, RATE, subtype="FLOAT")
        removed, replaced, added = (source.with_name(f"{number}.{name}.wav")
                                    for name in ("removed", "replaced", "added"))
        edited(options.aedit, source, f"remove the {old}", removed)
        edited(options.aedit, source, f"replace the {old} with {new}", replaced)
        edited(options.aedit, removed, f"add {new}", added)
        names.append((old, new))
        olds.append(adding.sketch(old_sound))
        rows["true stem"].append(new_sound)
        rows["ours"].append(read(replaced) - read(removed))
        rows["free"].append(read(added) - read(removed))
    sketches = {name: [adding.sketch(sound) for sound in sounds] for name, sounds in rows.items()}
    half = RATE // 2 // adding.HOP
    beats = np.arange(0, SECONDS * RATE // adding.HOP, half)
    scores = {name: (np.array([[chroma_cosine(a.chroma, b.chroma, beats) for b in olds] for a in own]),
                     np.array([[onset_f1(a.onsets, b.onsets) for b in olds] for a in own]))
              for name, own in sketches.items()}
    print(f"{len(names)} items of {options.split}\n")
    print("| row | detected | old one detected | chroma, normalised | onsets, normalised |")
    print("|---|---|---|---|---|")
    for name, sounds in rows.items():
        found = [[judge.asked(sound, part)["detected"] for part in (new, old)]
                 for sound, (old, new) in zip(sounds, names)]
        new_found, old_found = np.mean(found, 0)
        fits = [adding.normalised(ours, true)
                for ours, true in zip(scores[name], scores["true stem"])]
        print(f"| {name} | {new_found:.0%} | {old_found:.0%} | {fits[0]:.2f} | {fits[1]:.2f} |")
    print("\n" + judge.statement)


if __name__ == "__main__":
    main()
