"""How well `aedit chords` tells the bars and chords of the factory's songs.

    python -m Benchmarks.harmony.run --split validation --songs 40 [--aedit BIN] [--model DIR]

Chords: the share of the time in which the right triad is told, where the score has a major or minor one.
Bars: F1 of bars told at most 70 ms from the score's, and the share of songs whose bars have the right
length (within 4%). A song without bars counts as wrong everywhere.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import numpy as np
import soundfile

from Models.training.music.harmony import chord_class
from Models.training.music.scores import ROOTS
from Models.training.music.songs import RATE, Songs

NAMES = ["N", *ROOTS, *(root + "m" for root in ROOTS)]
STEP = 0.05  # seconds between the places where chords are compared


def told(aedit: str, model: str | None, sound: np.ndarray) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "song.wav"
        soundfile.write(path, sound, RATE, subtype="PCM_24")
        command = [aedit, "chords", path, "--json", *(["--model", model] if model else [])]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def judged(song: dict, bars: list[dict], seconds: float) -> dict:
    length = song["beat"] * song["beats_per_bar"]
    times = np.arange(STEP / 2, min(seconds, len(song["chords"]) * length), STEP)
    right = asked = 0
    for time in times:
        true = chord_class(song["chords"][int(time / length)])
        if true < 0:
            continue
        asked += 1
        right += any(bar["startSeconds"] <= time < bar["endSeconds"]
                     and bar["chord"] == NAMES[true] for bar in bars)
    starts = np.array([bar["startSeconds"] for bar in bars])
    true_starts = np.arange(0, seconds, length)
    hits = sum(bool(len(starts)) and np.abs(starts - time).min() <= 0.07 for time in true_starts)
    own = float(np.median(np.diff(starts))) if len(starts) > 1 else 0.0
    return {"chords": right / max(1, asked),
            "bars": 2 * hits / (len(starts) + len(true_starts)),
            "length": float(abs(own / length - 1) < 0.04)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("dev", "validation"), required=True)
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--aedit", default=".build/release/aedit")
    parser.add_argument("--model")
    flags = parser.parse_args()
    songs = Songs(flags.split)
    known = [i for i, (_, song) in enumerate(songs.songs) if "chords" in song]
    random.Random(1).shuffle(known)
    rows = []
    for index in known[: flags.songs]:
        song = songs.songs[index][1]
        sound = sum(stem for _, stem in songs.stems(index, 0, song["samples"]))
        sound = sound / max(1e-4, np.abs(sound).max()) * 0.7
        rows.append(judged(song, told(flags.aedit, flags.model, sound), len(sound) / RATE))
    means = {name: round(float(np.mean([row[name] for row in rows])), 3) for name in rows[0]}
    print(json.dumps({"split": flags.split, "songs": len(rows), **means}))


if __name__ == "__main__":
    main()
