"""Judges "restore the highs" through the program, on songs and voices that training never heard.

    python -m Benchmarks.bandwidth.run [--items 12] [--split validation]

Music and speech of full band lose everything over a cut-off: by resampling to 8, 16 and 22.05 kHz, and
by the low-pass at 16 kHz that lossy files have. Rows: log-spectral distance (LSD, dB) from the cut-off
to 20 kHz of the recording without its treble, of the band below moved up unchanged (spectral copies,
the peer), and of the program's output; and the LSD below the cut-off, which shall stay as it was.
Needs the sources of Models/training/bandwidth and `$AEDIT_WORK`.
"""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
import soundfile
import soxr

from Benchmarks.quality.metrics import lsd
from Models.training.bandwidth.train import Recordings

AEDIT = ".build/release/aedit"
RATE = 44100
SECONDS = 6
HIGHEST = 20000
#: Cut-offs, Hz: a rate that the file gets, or a low-pass of a file of 44.1 kHz.
RATES = {3700: 8000, 7500: 16000, 10500: 22050}
LOW_PASSES = [16000]
NOTHING_TO_DO = 3  # exit code


def band_lsd(estimate: np.ndarray, truth: np.ndarray, low: float, high: float) -> float:
    """LSD over the bins from `low` to `high` Hz, dB."""
    count = min(len(estimate), len(truth))
    bins = slice(int(low / RATE * 2048) + 1, int(high / RATE * 2048))
    return lsd(estimate[:count], truth[:count], bins)


def low_passed(sound: np.ndarray, cutoff: float) -> np.ndarray:
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / RATE) > cutoff] = 0
    return np.fft.irfft(spectrum, len(sound))


def copied(sound: np.ndarray, cutoff: float) -> np.ndarray:
    """The band below the cut-off again and again above it, by an STFT whose bins move by fours."""
    padded = np.pad(sound, 1024)
    window = np.hanning(2049)[:-1]
    starts = range(0, len(padded) - 2048, 512)
    out = np.zeros(len(padded))
    first = int(cutoff / RATE * 2048) + 1
    width = first // 2 // 4 * 4
    for start in starts:
        spectrum = np.fft.rfft(window * padded[start : start + 2048])
        for low in range(first, 1025, width):
            high = min(low + width, 1025)
            spectrum[low:high] = spectrum[first - width : first - width + high - low]
        out[start : start + 2048] += window * np.fft.irfft(spectrum) / 1.5
    return out[1024 : 1024 + len(sound)]


def restored(sound: np.ndarray, rate: int, folder: pathlib.Path) -> tuple[np.ndarray, bool]:
    """The program's output at 44.1 kHz, and whether it did anything."""
    source, out = folder / "in.wav", folder / "out.wav"
    soundfile.write(source, sound, rate, "PCM_16")
    done = subprocess.run([AEDIT, source, "restore the highs", "-o", out, "--force"],
                          capture_output=True)
    if done.returncode not in (0, NOTHING_TO_DO):
        raise SystemExit(done.stderr.decode())
    made, made_rate = soundfile.read(out, dtype="float64")
    return soxr.resample(made, made_rate, RATE), done.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=12, help="of music and of speech")
    parser.add_argument("--split", default="validation")
    flags = parser.parse_args()
    recordings = Recordings(flags.split, 11, SECONDS, augment=False)
    print("| sound | cut-off | nothing | band below copied | ours | ours against copies | "
          "under the cut-off | left alone |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind, draw in (("music", recordings.music), ("speech", recordings.talk)):
            sounds = [draw().astype(np.float64) for _ in range(flags.items)]
            for cutoff in [*RATES, *LOW_PASSES]:
                rows, untouched = [], 0
                for sound in sounds:
                    rate = RATES.get(cutoff, RATE)
                    narrow = (soxr.resample(sound, RATE, rate) if rate != RATE
                              else low_passed(sound, cutoff))
                    before = soxr.resample(narrow, rate, RATE)
                    after, changed = restored(narrow, rate, pathlib.Path(folder))
                    untouched += not changed
                    copies = copied(before[: len(sound)], cutoff)
                    rows.append([band_lsd(x, sound, cutoff, HIGHEST) for x in (before, copies, after)]
                                + [band_lsd(after, sound, 100, 0.9 * cutoff)])
                nothing, copies, ours, below = np.mean(rows, 0)
                print(f"| {kind} | {cutoff} | {nothing:.1f} | {copies:.1f} | {ours:.1f} | "
                      f"{100 * (ours / copies - 1):+.0f}% | {below:.2f} | "
                      f"{untouched} of {len(sounds)} |", flush=True)


if __name__ == "__main__":
    main()
