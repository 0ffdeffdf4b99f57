"""Trains the network behind "restore the highs".

    python -m Models.training.bandwidth.train --run bandwidth --minutes 40

It sees music of the factory's songs and human speech recorded at 44.1 kHz, all above a random cut-off
left out, and learns the log-mel bands that are gone, by their absolute errors. Bands that the whole
recording lacks (its own band ends there) are no answer and left out of the loss.

Splits share no song, no sound source and no speaker: speech is Tux Paint's, a language a speaker.
"""

import random

import numpy as np
import torch

from ..loop import Run, options
from ..music.features import Layout, filters, hz_to_mel, log_mel, mel_to_hz, stft
from ..music.mixtures import Mixer, Replay
from ..speech.data import Speech
from .network import HighBand, HighBandConfig

FRAMES = 192
#: Cut-offs that are drawn, Hz: of telephones' recordings to those of lossy files.
CUTOFFS = (3000, 17000)
SPEECH = 0.4  # of the crops
#: Languages of Tux Paint, each one speaker.
SPEAKERS = {"train": ["bg", "ca", "el", "es", "fr", "ru"], "dev": ["ro"],
            "validation": ["da"]}
SILENT = -10.5  # log-mel of a band without sound, whose floor is -11.5


def band_edges(layout: Layout) -> np.ndarray:
    """Where each band ends, Hz."""
    return mel_to_hz(np.linspace(0, hz_to_mel(layout.rate / 2), layout.bands + 2))[2:]


def known_bands(layout: Layout, cutoff: float) -> torch.Tensor:
    """1 for the bands that lie wholly under the cut-off."""
    return torch.tensor(band_edges(layout) <= cutoff, dtype=torch.float32)


class Recordings:
    """Crops of full-band music and speech, float32 [samples]."""

    def __init__(self, split: str, seed: int, seconds: float, augment: bool):
        self.rng = random.Random(seed)
        self.samples = int(seconds * 44100)
        self.mixer = Mixer(split, seconds, seed, augment)
        # All of Tux Paint's Danish, which is kept for validation, lies in the corpus' training part.
        folder = {"train": "train", "dev": "dev", "validation": "train"}[split]
        self.speech = Speech(folder, ["tuxpaint"])
        self.entries = [entry for entry in self.speech.entries if entry.row["rate"] == 44100
                        and entry.row["language"] in SPEAKERS[split]]

    def music(self) -> np.ndarray:
        return sum(self.mixer.mixture().stems.values())

    def talk(self) -> np.ndarray:
        """Utterances one after the other until the crop is full."""
        rng, parts, count = self.rng, [], 0
        language = rng.choice(self.entries).row["language"]
        same = [entry for entry in self.entries if entry.row["language"] == language]
        while count < self.samples:
            parts.append(self.speech.sound(rng.choice(same), 44100))
            count += len(parts[-1])
        sound = np.concatenate(parts)[: self.samples]
        return sound * np.float32(10 ** (rng.uniform(-18, -3) / 20) / max(1e-4, np.abs(sound).max()))

    def draw(self) -> np.ndarray:
        return self.talk() if self.rng.random() < SPEECH else self.music()


class Questions:
    """Crops with their treble left out."""

    def __init__(self, split: str, seed: int, augment: bool):
        c = HighBandConfig()
        self.layout = Layout(c.rate, c.n_fft, c.hop, c.bands)
        self.bank = filters(self.layout)
        self.rng = random.Random(seed)
        self.recordings = Recordings(split, seed, FRAMES * c.hop / c.rate, augment)

    def draw(self) -> dict:
        spectrum = stft(torch.from_numpy(self.recordings.draw()), self.layout)[:FRAMES]
        answer = log_mel(spectrum, self.bank)
        low, high = np.log(CUTOFFS)
        cutoff = float(np.exp(self.rng.uniform(low, high)))
        bins = torch.arange(spectrum.shape[-1]) * self.layout.rate / self.layout.n_fft
        known = known_bands(self.layout, cutoff)
        heard = answer.amax(0) > SILENT
        return {"mel": log_mel(spectrum * (bins <= cutoff), self.bank), "known": known,
                "answer": answer, "asked": (1 - known) * heard}


class Endless(torch.utils.data.IterableDataset):
    def __init__(self, seed: int):
        self.seed = seed

    def __iter__(self):
        torch.set_num_threads(1)
        questions = Questions("train", self.seed, augment=True)
        while True:
            yield questions.draw()


def stacked(questions: list[dict]) -> dict:
    return {name: torch.stack([q[name] for q in questions]) for name in questions[0]}


def distance(module, batch) -> torch.Tensor:
    """Mean absolute error of the asked bands, in nepers, [B]."""
    found = module(batch["mel"], batch["known"]).float()
    asked = batch["asked"][:, None].expand_as(found)
    return ((found - batch["answer"]).abs() * asked).sum((1, 2)) / asked.sum((1, 2)).clamp_min(1)


def main() -> None:
    flags = options(__doc__.splitlines()[0], 40).parse_args()
    run = Run(HighBand(HighBandConfig()), flags)
    made = torch.utils.data.DataLoader(Endless(run.step), batch_size=None, num_workers=1,
                                       prefetch_factor=16)
    train = Replay(iter(made).__next__, random.Random(run.step), reuse=4, keep=800)
    held = Questions("dev", 1, augment=False)
    dev = [stacked([held.draw() for _ in range(16)]) for _ in range(6)]

    def losses(module):
        return {"loss": distance(module, stacked(train.draw(flags.batch))).mean()}

    def evaluate(module):
        return {"dev": round(float(torch.cat([distance(module, batch) for batch in dev]).mean()), 4)}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
