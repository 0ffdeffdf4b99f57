"""Trains the harmony head: a song's chord and beats at each latent, from the factory's songs.

    python -m Models.training.music.harmony --run harmony --minutes 20 --batch 16

It hears semitones, which the mel VAE's bands are too wide for, and the onsets between its frames.
Chords are major and minor triads; sevenths count as their triad, diminished ones are not asked for.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..networks import Harmony, HarmonyConfig
from .features import Layout, stft
from .mixtures import Replay, augmented, resampled
from .scores import ROOTS
from .songs import RATE, Songs

HOP = 2048  # samples of a latent
LATENTS = 256
#: Samples that are read for a crop, at any speed: FFTs of this length are fast.
READ = 675_000
LAYOUT = Layout(n_fft=8192, hop=HOP)
FLUX = Layout(n_fft=1024, hop=512)
#: Half semitones from E1 on.
LOWEST, TONES = 28, 160
#: Upper ends of the bands whose onsets are heard, Hz.
ONSETS = (200, 800, 3200, RATE / 2)


def tone_filters() -> torch.Tensor:
    """Triangles [TONES, bins] of unit sum, a half semitone to either side, but at least one bin."""
    hz = np.arange(LAYOUT.n_fft // 2 + 1) * RATE / LAYOUT.n_fft
    middle = 440 * 2 ** ((LOWEST + np.arange(TONES) / 2 - 69) / 12)
    width = np.maximum(middle * (2 ** (1 / 24) - 1), RATE / LAYOUT.n_fft)
    bank = np.maximum(0, 1 - np.abs(hz - middle[:, None]) / width[:, None])
    return torch.tensor(bank / bank.sum(1, keepdims=True), dtype=torch.float32)


class Hearing:
    """Features of the head: [samples] -> [N, TONES + 16], one row for each `HOP` samples."""

    def __init__(self):
        self.bank = tone_filters()
        edges = [0, *(round(hz * FLUX.n_fft / RATE) for hz in ONSETS)]
        self.bands = list(zip(edges, edges[1:]))

    def __call__(self, sound: torch.Tensor, rows: int) -> torch.Tensor:
        tones = (stft(sound, LAYOUT)[:rows].abs() @ self.bank.T).clamp_min(1e-4).log()
        level = stft(sound, FLUX)[: 4 * rows].abs().clamp_min(1e-3).log()
        rise = torch.cat([torch.zeros_like(level[:1]), level.diff(dim=0).clamp_min(0)])
        onsets = torch.stack([rise[:, a:b].mean(1) for a, b in self.bands], 1)
        return torch.cat([tones, onsets.reshape(rows, -1)], 1)


def chord_class(name: str) -> int:
    """0 for none, 1…12 for major triads from C on, 13…24 for minor ones; -1 is not asked for."""
    root = name[:2] if name[:2] in ROOTS else name[:1]
    kind = name[len(root) :]
    if "dim" in kind:
        return -1
    return 1 + ROOTS.index(root) + 12 * kind.startswith("m")


def moved(chord: int, semitones: int) -> int:
    if chord <= 0:
        return chord
    kind, root = divmod(chord - 1, 12)
    return 1 + kind * 12 + (root + semitones) % 12


class Crops:
    """Mixtures of a split's songs whose harmony is known, in training at other speeds and with other
    sounds."""

    def __init__(self, split: str, seed: int, augment: bool, reuse: int = 1):
        self.songs = Songs(split)
        self.known = [i for i, (_, song) in enumerate(self.songs.songs) if "chords" in song]
        self.rng = random.Random(seed)
        self.augment = augment
        self.hearing = Hearing()
        self.replay = Replay(self.crop, self.rng, reuse, keep=2000)

    def crop(self) -> dict:
        """Features [LATENTS, TONES + 16], the chord's class and the beats' and downbeats' marks of
        each row."""
        rng = self.rng
        index = rng.choice(self.known)
        song = self.songs.songs[index][1]
        semitones = rng.randrange(-4, 5) if self.augment else 0
        factor = 2 ** ((semitones + (rng.uniform(-0.15, 0.15) if self.augment else 0)) / 12)
        start = rng.randrange(max(1, song["samples"] - READ))
        stems = dict(self.songs.stems(index, start, READ))
        if self.augment:
            while len(stems) > 2 and rng.random() < 0.4:
                stems.pop(rng.choice(sorted(stems)))
            stems = {name: augmented(stem, rng) for name, stem in stems.items()}
        sound = sum(stems.values())
        sound = sound * np.float32(0.1 / max(1e-4, np.sqrt((sound**2).mean())))
        sound = resampled(sound, factor)[: LATENTS * HOP]
        at = (start + np.arange(LATENTS) * HOP * factor) / RATE  # seconds of the song
        bar = song["beat"] * song["beats_per_bar"]
        classes = [moved(chord_class(name), semitones) for name in song["chords"]]
        chords = [classes[min(int(second / bar), len(classes) - 1)] for second in at]

        def marks(period: float) -> np.ndarray:
            frames = HOP * factor / RATE  # of a row, seconds of the song
            away = np.abs((at + period / 2) % period - period / 2) / frames
            return np.maximum(0, 1 - away / 1.5)

        return {"features": self.hearing(torch.from_numpy(sound), LATENTS),
                "chords": torch.tensor(chords),
                "beats": torch.tensor(np.stack([marks(song["beat"]), marks(bar)], 1)).float()}

    def draw(self, count: int) -> dict:
        crops = self.replay.draw(count)
        return {name: torch.stack([crop[name] for crop in crops]) for name in crops[0]}


def losses(module, batch) -> dict:
    chords, beats = module(batch["features"])
    chord = F.cross_entropy(chords.float().transpose(1, 2), batch["chords"], ignore_index=-1)
    beat = F.binary_cross_entropy_with_logits(beats.float(), batch["beats"])
    return {"loss": chord + 2 * beat, "chord": chord, "beat": beat}


def found(logits: torch.Tensor, marks: torch.Tensor) -> tuple[int, int, int]:
    """Beats told, beats there, and those told at most a row and a half away."""
    sure = logits.sigmoid()
    peak = (sure > 0.3) & (sure >= torch.nn.functional.max_pool1d(sure[None], 5, 1, 2)[0])
    return int(peak.sum()), int((marks > 0.66).sum()), int((peak & (marks > 0)).sum())


def evaluate(module, dev) -> dict:
    right = asked = 0
    told, there, hits = np.zeros(2), np.zeros(2), np.zeros(2)
    for batch in dev:
        chords, beats = module(batch["features"])
        known = batch["chords"] >= 0
        right += int(((chords.argmax(-1) == batch["chords"]) & known).sum())
        asked += int(known.sum())
        for logits, marks in zip(beats, batch["beats"]):
            for kind in range(2):
                counts = found(logits[:, kind], marks[:, kind])
                told[kind], there[kind], hits[kind] = (
                    a[kind] + b for a, b in zip((told, there, hits), counts))
    f1 = 2 * hits / (told + there)
    return {"dev_chords": round(right / asked, 3), "dev_beats": round(f1[0], 3),
            "dev_downbeats": round(f1[1], 3)}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 20).parse_args()
    run = Run(Harmony(HarmonyConfig()), flags)
    train = Crops("train", run.step, augment=True, reuse=8)
    held = Crops("dev", 1, augment=False)
    dev = [held.draw(16) for _ in range(8)]
    run.train(lambda module: losses(module, train.draw(flags.batch)),
              lambda module: evaluate(module, dev), every_minutes=2)


if __name__ == "__main__":
    main()
