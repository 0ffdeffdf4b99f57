"""Judges "inpaint" through the program, on songs, recordings and noises that nothing was chosen on.

    python -m Benchmarks.inpaint.run [--items 12] [--split validation]

Each item is a minute with a gap of silence. Rows by kind and gap: the log-mel's L1 distance in the gap
of linear interpolation between both sides (the peer) and of the program's output, and the spectral
flux of both as a share of the original's (medians). Frames whose windows reach into the gap count.
Needs the sources of Models/training/sound and `$AEDIT_WORK`.
"""

import argparse
import pathlib
import random
import subprocess
import tempfile

import numpy as np
import soundfile

from Benchmarks.quality.metrics import BANK, RATE, magnitudes
from Models.training.music.songs import Songs
from Models.training.sound.recordings import Recordings

AEDIT = ".build/release/aedit"
SECONDS = 60
LEAST_SECONDS = 6
GAPS = [0.25, 0.5, 1.0]
HOP, WINDOW = 512, 2048


def log_mel(sound: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(magnitudes(sound) @ BANK.T, 1e-5))


def flux(mel: np.ndarray) -> float:
    return float(np.abs(np.diff(mel, axis=0)).mean())


def pieces(kind: str, split: str, count: int, rng: random.Random) -> list[np.ndarray]:
    """Different pieces of up to a minute, float [samples]."""
    if kind == "songs":
        songs = Songs(split)
        chosen = rng.sample(range(len(songs)), min(count, len(songs)))
        found = [sum(sound for _, sound in songs.stems(i, 0, songs.songs[i][1]["samples"]))
                 for i in chosen]
    else:
        rows = [row for row in Recordings(kind, split, rng).pieces
                if row[1]["samples"] > LEAST_SECONDS * RATE]
        found = [sound[row["offset"] : row["offset"] + row["samples"]][: SECONDS * RATE] / 32768
                 for sound, row in rng.sample(rows, min(count, len(rows)))]
    return [sound / np.abs(sound).max() / 2 for sound in found]


def judge(sound: np.ndarray, start: int, length: int, folder: pathlib.Path) -> list[float]:
    damaged = sound.copy()
    damaged[start : start + length] = 0
    source, out = folder / "in.wav", folder / "out.wav"
    soundfile.write(source, damaged, RATE, "FLOAT")
    region = f"{start / RATE:.6f}-{(start + length) / RATE:.6f}"
    subprocess.run([AEDIT, source, "inpaint", "--region", region, "-o", out, "--force", "--quiet"],
                   check=True)
    made = soundfile.read(out, dtype="float64")[0]
    same = np.ones(len(sound), bool)
    same[start : start + length] = False
    if not np.array_equal(made[same].astype(np.float32), damaged[same].astype(np.float32)):
        raise SystemExit("samples outside of the gap changed")
    first = (start - WINDOW // 2) // HOP + 1
    last = -(-(start + length + WINDOW // 2) // HOP)
    truth, ours = log_mel(sound), log_mel(made)
    share = np.linspace(0, 1, last - first + 2)[1:-1, None]
    line = truth[first - 1] * (1 - share) + truth[last] * share
    part = slice(first, last)
    return [np.abs(line - truth[part]).mean(), np.abs(ours[part] - truth[part]).mean(),
            flux(line) / flux(truth[part]), flux(ours[part]) / flux(truth[part])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=12, help="of each kind")
    parser.add_argument("--split", default="validation")
    flags = parser.parse_args()
    rng = random.Random(5)
    print("| sound | gap, s | items | interpolated | ours | ours against interpolated | flux, "
          "interpolated | flux, ours | worse than interpolated |\n|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("songs", "music", "noises"):
            sounds = pieces(kind, flags.split, flags.items, rng)
            for gap in GAPS if sounds else []:
                rows = []
                for sound in sounds:
                    length = int(gap * RATE)
                    start = rng.randrange(2 * RATE, len(sound) - 2 * RATE - length)
                    rows.append(judge(sound.astype(np.float64), start, length, pathlib.Path(folder)))
                rows = np.array(rows)
                line, ours = rows[:, 0].mean(), rows[:, 1].mean()
                print(f"| {kind} | {gap} | {len(rows)} | {line:.3f} | {ours:.3f} | "
                      f"{100 * (ours / line - 1):+.0f}% | {np.median(rows[:, 2]):.2f} | "
                      f"{np.median(rows[:, 3]):.2f} | {(rows[:, 1] > rows[:, 0]).mean():.0%} |",
                      flush=True)


if __name__ == "__main__":
    main()
