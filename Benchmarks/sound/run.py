"""Judges the clean-up model through the program, on voices, noises and music it never heard.

    python -m Benchmarks.sound.run [--items 10] [--split validation] [--dnsmos] [--keep FOLDER]

Each item is a human voice of 8 s, 0 to 10 dB over one other thing (or in a room), written as a WAV and
edited by `aedit`. Rows: SI-SDR improvement in dB of "isolate the voice" and of "remove the X"; how
often "remove the music" leaves a recording without music untouched (exit code 3). `--dnsmos` adds
DNSMOS (`pip install speechmos onnxruntime librosa`) before and after. Needs the sources of
Models/training/sound and `$AEDIT_WORK`.
"""

import argparse
import pathlib
import tempfile

import numpy as np
import soundfile
import soxr

from Benchmarks.quality import run as program
from Benchmarks.quality.metrics import si_sdr
from Models.training.music.songs import RATE
from Models.training.sound.mixtures import SoundMixer

OTHERS = ["noise", "hum", "hiss", "wind", "clicks", "music", "reverb"]
SECONDS = 8
AEDIT = ".build/release/aedit"


def edited(source: pathlib.Path, instruction: str) -> tuple[np.ndarray, bool]:
    """The edited sound's mean of channels, and whether anything was changed."""
    out = source.with_name("out.wav")
    changed = program.edited(AEDIT, source, instruction, out)
    sound, _ = soundfile.read(out, dtype="float64", always_2d=True)
    return sound.mean(1), changed


def quality(sound: np.ndarray) -> float:
    """DNSMOS, overall (ITU-T P.835)."""
    from speechmos import dnsmos

    narrow = soxr.resample(sound, RATE, 16000).astype(np.float32)
    return dnsmos.run(np.clip(narrow, -1, 1), sr=16000)["ovrl_mos"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=10, help="of each kind")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--dnsmos", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the items, to listen to")
    flags = parser.parse_args()
    mixer = SoundMixer(flags.split, SECONDS, 2, human=True)
    untouched = []
    columns = ["beside the voice", "input", "isolate the voice", "remove it"]
    columns += ["DNSMOS before", "isolated", "removed"] if flags.dnsmos else []
    print("|", " | ".join(columns), "|\n" + "|---" * len(columns) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = flags.keep or pathlib.Path(folder)
        for other in OTHERS:
            rows = []
            for number in range(flags.items):
                stems = mixer.pair(other).stems
                source = folder / f"{other}{number}.wav"
                mixture = stems["voice"] + stems[other]
                soundfile.write(source, mixture.T, RATE, subtype="FLOAT")
                mixed = mixture.mean(0).astype(float)
                # "the voice" of a room is what one hears of it, so only its removal has a truth
                truth = stems["voice"].mean(0).astype(float)
                isolated, _ = edited(source, "isolate the voice")
                removed, _ = edited(source, f"remove the {other}")
                before = si_sdr(mixed, truth)
                row = [before, si_sdr(isolated, truth) - before, si_sdr(removed, truth) - before]
                if flags.dnsmos:
                    row += [quality(sound) for sound in (mixed, isolated, removed)]
                rows.append(row)
                if other != "music":
                    untouched.append(not edited(source, "remove the music")[1])
            means = np.mean(rows, 0)
            print(f"| {other} |", " | ".join(f"{mean:.2f}" for mean in means), "|", flush=True)
    print(f"\n\"remove the music\" left {sum(untouched)} of {len(untouched)} recordings without music "
          "as they were")


if __name__ == "__main__":
    main()
