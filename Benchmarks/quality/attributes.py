"""Do words like "fast" move what is added? Through the program, in pairs with and without the word.

    python -m Benchmarks.quality.attributes --items DIR --out DIR [--every 3] [--model DIR]

For each word and item that serves add: "add WORD X" against "add X", with the same seed. Printed is the
share of pairs in which the word's measure moves its way, and by how much in the median. Loud and soft are
judged by the stem's loudness, the others as `Models/training/music/attributes.py` measures them.
"""

import argparse
import pathlib
import subprocess

import numpy as np
import soundfile

from Models.training.music.attributes import WORDS, measures

from .items import load
from .metrics import loudness, mono
from .run import NO_EFFECT, default_binary

#: Word to its measure and direction.
ASKED = {"loud": ("loudness", 1), "soft": ("loudness", -1), "distorted": ("crest", -1),
         "fast": ("onsets", 1), "sparse": ("onsets", -1), "high": ("centroid", 1)}
assert all(any(word in ends[index] for index, ends in ((0 if way > 0 else 1, WORDS[name]),))
           for word, (name, way) in ASKED.items() if name != "loudness")


def stem(flags, source: pathlib.Path, instruction: str, out: pathlib.Path) -> dict[str, float]:
    """Measures of what is added."""
    command = [flags.aedit, source, instruction, "-o", out, "--save-stem", out.with_suffix(".stem.wav"),
               "--seed", "1", "--force", "--quiet", *(["--model", flags.model] if flags.model else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, NO_EFFECT):
        raise SystemExit(f"{instruction}: {done.stderr.strip()}")
    sound = soundfile.read(out.with_suffix(".stem.wav"), always_2d=True)[0]
    return measures(np.float32(mono(sound))) | {"loudness": loudness(sound)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--every", type=int, default=3, help="use one item in so many")
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    parser.add_argument("--model")
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    moved: dict[str, list[float]] = {word: [] for word in ASKED}
    for item in [item for item in load(flags.items) if item.add][:: flags.every]:
        source, out = item.folder / "rest.wav", flags.out / "added.wav"
        plain = stem(flags, source, f"add {item.target}", out)
        for word, (name, way) in ASKED.items():
            own = stem(flags, source, f"add {word} {item.target}", out)
            moved[word].append(way * (own[name] - plain[name]))
    print("| word | measure | pairs | right way | in the median by |")
    print("|---|---|---|---|---|")
    for word, values in moved.items():
        name, _ = ASKED[word]
        print(f"| {word} | {name} | {len(values)} | {np.mean(np.array(values) > 0):.0%} | "
              f"{np.median(values):.2f} |")


if __name__ == "__main__":
    main()
