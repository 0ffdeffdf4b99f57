"""A judge of instruments: a small multi-label classifier of stems, for the benchmarks only.

    python -m Models.training.judge --run judge --minutes 15
    python -m Models.training.judge --run judge --export Benchmarks/quality/judge.safetensors

It hears the train split's stems (equalised, driven, in rooms, at other speeds, some mixed with a
second stem). Its thresholds are chosen on the dev split's stems and it is measured on those of
validation: it heard the banks and kits of neither. It is no part of the product.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .loop import Run, options
from .music.features import Layout, filters, log_mel, stft
from .music.mixtures import Replay, augmented, resampled
from .music.scores import INSTRUMENTS
from .music.songs import RATE, Songs

LAYOUT = Layout()
FRAMES = 256
SAMPLES = (FRAMES - 1) * LAYOUT.hop
#: Below its loudest band by this many nats (70 dB) a sound counts as silent.
DEPTH = 8.0
BANK = filters(LAYOUT)
#: Stems this far below the other, in dB, are no longer to be named.
AUDIBLE_DB = -10
FALSE_RATE = 0.05


def features(sound: torch.Tensor) -> torch.Tensor:
    """[..., samples] -> log-mel relative to its loudest, 0 (silent) … 1: [..., frames, bands]."""
    mel = log_mel(stft(sound, LAYOUT), BANK)
    return ((mel - mel.amax((-2, -1), keepdim=True)) / DEPTH + 1).clamp_min(0)


class Judge(nn.Module):
    """Five strided 3x3 convolutions over time and bands, mean and maximum over time."""

    WIDTHS = [24, 48, 96, 128, 160]

    def __init__(self):
        super().__init__()
        widths = [1, *self.WIDTHS]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for width in self.WIDTHS)
        self.hidden = nn.Linear(2 * self.WIDTHS[-1] * (LAYOUT.bands // 32), 128)
        self.out = nn.Linear(128, len(INSTRUMENTS))

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Features [B, frames, bands] -> [B, 128]."""
        x = x[:, None]
        for conv, norm in zip(self.convs, self.norms):
            x = F.silu(norm(conv(x)))
        x = x.transpose(1, 2).flatten(2)  # [B, T, C * bands]
        return F.silu(self.hidden(torch.cat([x.mean(1), x.amax(1)], -1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features [B, frames, bands] -> logits [B, instruments]."""
        return self.out(F.dropout(self.embed(x), 0.2, self.training))


class Stems:
    """Crops of single stems, instruments drawn alike often."""

    def __init__(self, split: str, seed: int, samples: int = SAMPLES):
        self.songs, self.rng, self.samples = Songs(split), random.Random(seed), samples
        self.places = {name: [] for name in INSTRUMENTS}
        for index, (_, song) in enumerate(self.songs.songs):
            for name in {stem["instrument"] for stem in song["stems"]} & set(INSTRUMENTS):
                self.places[name].append(index)
        self.replay = Replay(self.example, self.rng, reuse=4, keep=2000)

    def draw(self, instrument: str) -> np.ndarray:
        """A crop that sounds: half of it or more is over -50 dBFS."""
        while True:
            index = self.rng.choice(self.places[instrument])
            start = self.rng.randrange(
                max(1, self.songs.songs[index][1]["samples"] - self.samples))
            sound = dict(self.songs.stems(index, start, self.samples))[instrument]
            power = (sound[: len(sound) // 10 * 10].reshape(10, -1) ** 2).mean(1)
            if (power > 1e-5).sum() >= 5:
                return sound

    def augmented(self, instrument: str) -> np.ndarray:
        sound = self.draw(instrument)
        if self.rng.random() < 0.5:
            sound = resampled(sound, 2 ** (self.rng.uniform(-4, 4) / 12))
        sound = augmented(sound, self.rng)
        return sound / max(1e-6, float(np.sqrt((sound**2).mean())))

    def example(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Training features [frames, bands] and labels [instruments]."""
        rng = self.rng
        labels = torch.zeros(len(INSTRUMENTS))
        name = rng.choice(INSTRUMENTS)
        labels[INSTRUMENTS.index(name)] = 1
        sound = self.augmented(name)
        if rng.random() < 0.3:
            other = rng.choice(INSTRUMENTS)
            level = rng.uniform(-30, 0)
            sound = sound + 10 ** (level / 20) * self.augmented(other)
            if level > AUDIBLE_DB:
                labels[INSTRUMENTS.index(other)] = 1
        return features(torch.from_numpy(np.float32(sound))), labels

    def batch(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Training features [count, frames, bands] and labels [count, instruments]."""
        x, labels = zip(*self.replay.draw(count))
        return self.blurred(self.coloured(torch.stack(x))), torch.stack(labels)

    def coloured(self, x: torch.Tensor) -> torch.Tensor:
        """Most items through another tone control (a smooth curve within ±12 dB), some without a
        range of bands: banks differ in colour more than in how an instrument moves."""
        bands = x.shape[-1]
        for row in range(len(x)):
            if self.rng.random() < 0.7:
                knots = (torch.rand(1, 1, 7) * 2 - 1) * 1.4 / DEPTH
                x[row] += F.interpolate(knots, bands, mode="linear", align_corners=True)[0, 0]
            if self.rng.random() < 0.3:
                size = self.rng.randrange(4, bands // 4)
                start = self.rng.randrange(bands - size)
                x[row, :, start : start + size] = 0
        return (x - x.amax((-2, -1), keepdim=True) + 1).clamp_min(0)

    def blurred(self, x: torch.Tensor) -> torch.Tensor:
        """Half of the items as a codec might leave them: smeared, noisy, without their depths."""
        for row in range(len(x)):
            if self.rng.random() < 0.5:
                size = self.rng.choice([1, 3, 5])
                y = F.avg_pool2d(x[row][None, None], (size, self.rng.choice([1, 3])), 1,
                                 (size // 2, 0)) if size > 1 else x[row][None, None]
                y = F.interpolate(y, x.shape[1:], mode="bilinear")[0, 0]
                y = y + self.rng.uniform(0, 0.06) * torch.randn_like(y)
                x[row] = y.clamp(self.rng.uniform(0, 0.3), 1)
        return x


@torch.no_grad()
def probabilities(judge: Judge, sounds: np.ndarray) -> np.ndarray:
    """Float sounds [items, samples] at 44.1 kHz -> probabilities [items, instruments]."""
    return judge(features(torch.from_numpy(np.float32(sounds)))).sigmoid().numpy()


def listen(judge: Judge, split: str, items: int, seconds: float = 10) -> np.ndarray:
    """Probabilities [instruments, items, instruments] of stems of each instrument."""
    stems = Stems(split, 7, int(seconds * RATE))
    return np.stack([probabilities(judge, np.stack([stems.draw(name) for _ in range(items)]))
                     for name in INSTRUMENTS])


def thresholds(found: np.ndarray) -> list[float]:
    """For each instrument, what FALSE_RATE of the other instruments' stems exceed."""
    count = len(INSTRUMENTS)
    return [float(np.quantile(found[[i for i in range(count) if i != k], :, k], 1 - FALSE_RATE))
            for k in range(count)]


def rates(found: np.ndarray, limits: list[float]) -> dict:
    """How often each instrument is detected in its own stems, how often it is the likeliest there,
    and how often it is detected in other instruments' stems."""
    rows = {}
    for k, name in enumerate(INSTRUMENTS):
        over = found[:, :, k] > limits[k]
        rows[name] = {"detected": float(over[k].mean()),
                      "first": float((found[k].argmax(1) == k).mean()),
                      "false": float(np.delete(over, k, 0).mean())}
    return {"mean": {key: float(np.mean([row[key] for row in rows.values()]))
                     for key in ("detected", "first", "false")}, **rows}


def measured(judge: Judge, items: int = 40) -> dict:
    """Thresholds, chosen on dev, and the rates on dev and on validation: neither's banks and kits
    were trained on."""
    found = {split: listen(judge, split, items) for split in ("dev", "validation")}
    limits = thresholds(found["dev"])
    return {"instruments": INSTRUMENTS, "thresholds": limits,
            **{split: rates(values, limits) for split, values in found.items()}}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 15).parse_args()
    run = Run(Judge(), flags, beside=measured)
    train = Stems("train", run.step)

    def losses(module):
        x, labels = train.batch(flags.batch)
        return {"loss": F.binary_cross_entropy_with_logits(module(x).float(), labels)}

    def evaluate(module):
        found = listen(module, "dev", 12)
        return {f"dev_{key}": round(value, 3)
                for key, value in rates(found, thresholds(found))["mean"].items()}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
