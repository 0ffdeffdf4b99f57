"""Singing stand-ins: recorded speech, moved to melodies by the WORLD vocoder (pyworld).

    python -m Models.training.music.singing

writes `$AEDIT_WORK/singing/<split>.i16`, mono int16 of 44.1 kHz: phrases one after the other with short
rests. No sung recording with a free licence and without accompaniment could be had. What stays of the
speaker are the spectral envelope and the breath; pitch, length of vowels and vibrato are a singer's.
Needs the speech corpus (`..speech.corpus`). Splits share no speaker.
"""

import json
import random

import numpy as np
import pyworld
import soxr

from ..work import WORK
from .songs import RATE, SINGING

#: Minutes of singing, by split.
MINUTES = {"dev": 6, "train": 45, "validation": 6}
#: Sources of the speech corpus, by split: those with a wide band, where there are such. (Fish Fillets
#: has more voices; its licence does not let weights ship under this project's.)
SPOKEN = {"train": ["tuxpaint", "asterisk-it", "asterisk-ru"],
          "dev": ["tuxpaint", "festival-slt", "queen"], "validation": ["asterisk-en", "queen"]}
FRAME = 0.005  # seconds
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))


def utterances(split: str, rng: random.Random):
    """Speech of 0.6 to 12 s as float64 at 44.1 kHz, in random order."""
    found = []
    for source in SPOKEN[split]:
        path = WORK / "speech" / split / f"{source}.jsonl"
        found += [(path, json.loads(line)) for line in path.read_text().splitlines()]
    rng.shuffle(found)
    for path, row in found:
        whole = np.memmap(path.with_suffix(".i16"), np.int16, "r")
        sound = whole[row["offset"] : row["offset"] + row["samples"]] / np.float32(32768)
        rate = row["rate"]
        if 0.6 < len(sound) / rate < 12 and (level := float(np.sqrt((sound**2).mean()))) > 1e-3:
            yield soxr.resample(sound, rate, RATE).astype(np.float64) * 0.1 / level


def syllables(voiced: np.ndarray, rng: random.Random) -> list[tuple[int, int]]:
    """Voiced runs of frames, cut into pieces about as long as a syllable."""
    edges = np.flatnonzero(np.diff(np.r_[0, voiced.astype(np.int8), 0]))
    pieces = []
    for start, end in zip(edges[::2], edges[1::2]):
        while end - start > 60:
            cut = start + rng.randint(24, 45)
            pieces.append((start, cut))
            start = cut
        pieces.append((start, end))
    return pieces


class Tune:
    """Steps through a scale near a middle, in semitones over it."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        scale, tonic = rng.choice(SCALES), rng.randrange(12)
        self.notes = sorted(n for octave in (-24, -12, 0, 12) for s in scale
                            if -8 <= (n := octave + s + tonic) <= 10)
        self.at = rng.randrange(len(self.notes))

    def next(self) -> float:
        self.at += self.rng.choice((-4, -2, -2, -1, -1, -1, 0, 0, 1, 1, 1, 2, 2, 4))
        self.at = min(max(self.at, 0), len(self.notes) - 1)
        return self.notes[self.at]


def melody(voiced: np.ndarray, middle: float, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """For each frame of the singing the frame of the speech, and its pitch in Hz (0 unvoiced)."""
    tune, beat = Tune(rng), rng.uniform(0.22, 0.6)
    source, pitch, last = [], [], 0
    for start, end in syllables(voiced, rng):
        source += range(last, start)
        pitch += [np.nan] * (start - last)
        length = (end - start) * FRAME
        wanted = beat * rng.choices((0.5, 1, 2, 3), (4, 5, 2, 1))[0]
        frames = round(min(max(wanted, length), 5 * length) / FRAME)
        source += np.linspace(start, end - 1, frames).round().astype(int).tolist()
        note = np.full(frames, tune.next())
        seconds = np.arange(frames) * FRAME
        grown = np.clip((seconds - 0.15) / 0.3, 0, 1)
        vibrato = rng.uniform(0, 0.6) * np.sin(2 * np.pi * (rng.uniform(4.8, 6.8) * seconds))
        pitch += (note + grown * vibrato).tolist()
        last = end
    source += range(last, len(voiced))
    pitch += [np.nan] * (len(voiced) - last)
    pitch = np.array(pitch)
    known = ~np.isnan(pitch)
    # A voice glides between its notes, and is never quite steady.
    whole = np.interp(np.arange(len(pitch)), np.flatnonzero(known), pitch[known])
    glide = np.hanning(2 * rng.randint(4, 12) + 1)
    whole = np.convolve(np.pad(whole, len(glide) // 2, "edge"), glide / glide.sum(), "valid")
    drift = np.cumsum(np.random.default_rng(rng.randrange(2**31)).normal(0, 0.01, len(whole)))
    whole = whole + np.clip(drift - drift.mean(), -0.3, 0.3)
    return np.array(source), np.where(known, middle * 2 ** (whole / 12), 0)


def sung(speech: np.ndarray, rng: random.Random) -> np.ndarray | None:
    """Speech as singing, now and then in two parts; None if hardly anything in it is voiced."""
    f0, times = pyworld.dio(speech, RATE, f0_floor=65, f0_ceil=500, frame_period=1000 * FRAME)
    f0 = pyworld.stonemask(speech, f0, times, RATE)
    voiced = f0 > 0
    if voiced.sum() < 60:
        return None
    envelope = pyworld.cheaptrick(speech, f0, times, RATE)
    breath = pyworld.d4c(speech, f0, times, RATE)
    middle = float(np.median(f0[voiced])) * 2 ** (rng.uniform(-1, 9) / 12)
    source, pitch = melody(voiced, middle, rng)
    envelope, breath = envelope[source], breath[source]
    # Singers hold their level better than talkers.
    power = envelope.sum(1)
    loud = np.quantile(power, 0.9)
    envelope = envelope * np.maximum(power / loud, 1e-3)[:, None] ** -rng.uniform(0, 0.5)
    if rng.random() < 0.5:  # and press: less air between the harmonics
        breath = np.clip(breath * rng.uniform(0.3, 1), 1e-3, 1)
    out = pyworld.synthesize(pitch, envelope, breath, RATE, 1000 * FRAME)
    if rng.random() < 0.2:
        other = pyworld.synthesize(pitch * 2 ** (rng.choice((-12, -5, -4, 3, 4, 7, 0.1)) / 12),
                                   envelope, breath, RATE, 1000 * FRAME)
        late = rng.randrange(int(0.03 * RATE))
        out[late:] += rng.uniform(0.3, 0.9) * other[: len(out) - late]
    return out.astype(np.float32)


def build(split: str) -> None:
    rng = random.Random(f"singing {split}")
    SINGING.mkdir(parents=True, exist_ok=True)
    wanted, done = MINUTES[split] * 60 * RATE, 0
    with open(SINGING / f"{split}.part", "wb") as out:
        for speech in utterances(split, rng):
            voice = sung(speech, rng)
            if voice is None:
                continue
            rest = np.zeros(int(RATE * rng.triangular(0.05, 1.5, 0.2)), np.float32)
            voice = np.concatenate([voice * 0.5 / np.abs(voice).max(), rest])
            out.write((voice * 32767).astype(np.int16).tobytes())
            done += len(voice)
            if done > wanted:
                break
    (SINGING / f"{split}.part").rename(SINGING / f"{split}.i16")
    print(split, round(done / RATE / 60, 1), "min", flush=True)


if __name__ == "__main__":
    for name in MINUTES:
        build(name)
