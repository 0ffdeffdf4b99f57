"""Do added stems play the chords that `--chords` gives? Over drums alone, and over a whole song.

    python -m Benchmarks.harmony.obeying --split validation --songs 12 [--aedit BIN] [--model DIR]

A line of four chords is given for "add piano" and "add strings" over the drums of songs, and over their
whole rest. Told is the share of bars in which, among the 24 triads, the given one fits the stem's chroma best
(a triad's three notes against the others), and the same for a chord of the line drawn at random, which is what
a stem gets that does not listen; and without `--chords` for the song's own chords.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import librosa
import numpy as np
import soundfile

from Models.training.music.songs import RATE, Songs

from .run import NAMES

#: Rows of chroma by triad, in the order of NAMES without its first.
TRIADS = np.array([[1 if note in ((root, (root + third) % 12, (root + 7) % 12)) else -1 / 3
                    for note in range(12)] for third in (4, 3) for root in range(12)])
LINES = ("C G Am F", "Dm Bb F C", "E A B E", "F#m D A E")


class Program:
    def __init__(self, aedit: str, model: str | None):
        self.aedit, self.flags = aedit, ["--model", model] if model else []

    def bars(self, source: pathlib.Path) -> list[dict]:
        run = subprocess.run([self.aedit, "chords", source, "--json", *self.flags], check=True,
                             capture_output=True, text=True)
        return json.loads(run.stdout)

    def stem(self, source: pathlib.Path, target: str, chords: str | None) -> np.ndarray:
        out, stem = source.with_name("out.wav"), source.with_name("stem.wav")
        given = ["--chords", chords] if chords else []
        subprocess.run([self.aedit, source, f"add {target}", "-o", out, "--save-stem", stem, "--seed", "1",
                        "--force", "--quiet", *given, *self.flags], capture_output=True)
        return soundfile.read(stem, always_2d=True)[0].mean(1)


def heard(stem: np.ndarray, bars: list[dict]) -> list[int]:
    """The class of the triad that fits best in each bar."""
    chroma = librosa.feature.chroma_cqt(y=np.float32(stem), sr=RATE, hop_length=512, norm=None, tuning=0.0)
    out = []
    for bar in bars:
        part = chroma[:, int(bar["startSeconds"] * RATE / 512) : int(bar["endSeconds"] * RATE / 512)]
        out.append(1 + int((TRIADS @ part.sum(1)).argmax()))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("dev", "validation"), required=True)
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--aedit", default=".build/release/aedit")
    parser.add_argument("--model")
    flags = parser.parse_args()
    program, songs, rng = Program(flags.aedit, flags.model), Songs(flags.split), random.Random(2)
    known = [i for i, (_, song) in enumerate(songs.songs) if "chords" in song and
             {"drums"} < {stem["instrument"] for stem in song["stems"]}]
    rng.shuffle(known)
    rows: dict[str, list] = {"over drums": [], "over the song": [], "without --chords, the song's own": []}
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "song.wav"
        for number, index in enumerate(known[: flags.songs]):
            stems = dict(songs.stems(index, 0, 24 * RATE))
            target = ("piano", "strings")[number % 2]
            line = LINES[number % len(LINES)]
            asked = [NAMES.index(name) for name in line.split()]
            whole = sum(sound for name, sound in stems.items() if name != target)
            for name, sound in (("over drums", stems["drums"]), ("over the song", whole)):
                soundfile.write(source, sound / max(1e-4, np.abs(sound).max()) * 0.5, RATE)
                bars = program.bars(source)
                if len(bars) < 4:
                    continue
                first = min(range(len(bars)), key=lambda i: bars[i]["startSeconds"])
                got = heard(program.stem(source, target, line), bars)
                for i, chord in enumerate(got):
                    rows[name].append((chord == asked[(i - first) % 4], chord == rng.choice(asked)))
            if len(bars) >= 4:
                own = [NAMES.index(bar["chord"]) for bar in bars]
                for chord, mine in zip(heard(program.stem(source, target, None), bars), own):
                    rows["without --chords, the song's own"].append(
                        (chord == mine, chord == rng.choice(own)))
    print("| stems | bars | with the chord | with another one of the line |")
    print("|---|---|---|---|")
    for name, values in rows.items():
        right, chance = np.mean(values, 0)
        print(f"| {name} | {len(values)} | {right:.0%} | {chance:.0%} |")


if __name__ == "__main__":
    main()
