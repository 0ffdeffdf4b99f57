"""What words like "fast" mean: measures of a stem, and the words for their ends."""

import collections
import random

import numpy as np

from .songs import RATE

FRAME = 1024
#: Frequency bands in which onsets are looked for: a third of an octave each, from 60 Hz on.
EDGES = 60 * 2 ** (np.arange(26) / 3)
HZ = np.arange(FRAME // 2 + 1) * RATE / FRAME
BANDS = ((HZ >= EDGES[:-1, None]) & (HZ < EDGES[1:, None])).astype(np.float32)
#: For each measure the words for much of it, and those for little.
WORDS = {
    "crest": (("clean",), ("distorted",)),
    "onsets": (("fast", "dense"), ("slow", "sparse")),
    "centroid": (("high", "bright"), ("low", "dark")),
}
#: All words, in the order in which they stand before the instrument.
ORDER = [word for ends in WORDS.values() for words in ends for word in words]
#: Which part of an instrument's stems a word speaks of, at either end.
END = 0.3
#: How often a word that holds is said.
SAID = 0.3


def measures(sound: np.ndarray) -> dict[str, float]:
    """Of a mono stem [samples]: crest factor of 23 ms in dB (median), onsets a second, and centroid
    of the spectrum in octaves over 1 Hz."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    rms = np.sqrt((frames**2).mean(1))
    sounding = frames[rms > 0.1 * max(1e-6, float(rms.max()))]
    crest = np.abs(sounding).max(1) / np.sqrt((sounding**2).mean(1)) if len(sounding) else [1.0]
    half = FRAME // 2
    both = np.stack([sound[start : start + FRAME] for start in
                     range(0, len(sound) - FRAME, half)]) * np.hanning(FRAME).astype(np.float32)
    spectra = np.abs(np.fft.rfft(both))
    power = spectra**2 @ BANDS.T
    level = np.log(power + 1e-3 * max(1e-9, float(power.max())))
    rise = np.maximum(0, level[3:] - level[:-3]).mean(1)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rise, 4), 9).max(1)
    peaks = (rise >= around) & (rise > 0.3)
    mean = spectra.mean(0)
    return {"crest": float(20 * np.log10(np.median(crest))),
            "onsets": float(peaks.sum() / (len(sound) / RATE)),
            "centroid": float(np.log2(max(20.0, (mean * HZ).sum() / max(1e-9, mean.sum()))))}


class Describer:
    """Says of a stem what sets it apart from others of its instrument."""

    KEPT, LEAST = 300, 30

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.seen: dict = collections.defaultdict(lambda: collections.deque(maxlen=self.KEPT))

    def learn(self, target: str, values: dict[str, float]) -> None:
        self.seen[target].append(values)

    def words(self, target: str, values: dict[str, float]) -> list[str]:
        """At most two words that hold, often fewer, in their order."""
        seen, found = self.seen[target], []
        if len(seen) < self.LEAST:
            return found
        for name, (much, little) in WORDS.items():
            if self.rng.random() > SAID:
                continue
            low, high = np.quantile([each[name] for each in seen], (END, 1 - END))
            if values[name] > high:
                found.append(self.rng.choice(much))
            elif values[name] < low:
                found.append(self.rng.choice(little))
        return found[:2]
