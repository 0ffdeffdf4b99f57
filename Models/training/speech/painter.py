"""Trains the speech painter: first L1, then against a discriminator.

    python -m Models.training.speech.painter --run painter --minutes 120
    python -m Models.training.speech.painter --run painter --export painter.safetensors
    python -m Models.training.speech.painter --run painter-adversarial --adversarial \
      --warm-start painter.safetensors --minutes 60 --rate 1e-4

The phonemes' times are those of the source, or of `aligner --align`. Each crop is one window of
4 s of one speaker in one room, with a gap of 0.25 to 1.2 s. What is above a source's own band
counts neither in the loss nor for the discriminator.
"""

import dataclasses
import random

import numpy as np
import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..music.features import Layout, filters, log_mel, stft
from .augment import augmented
from .data import Speech
from .networks import Discriminator, Painter, PainterConfig, interpolated
from .phonemes import Phonemes

#: Shares of kinds of sources, by the start of their names; "" is what is left.
SHARES = {"queen": 0.5, "asterisk": 0.1, "tuxpaint": 0.2, "espeak": 0.05, "": 0.15}
GAP_SECONDS = (0.25, 1.2)
QUERIES = 128  # frames asked for: the gap and what is around it
AROUND = 0.1  # weight of asked frames outside the gap
FEATURE_MATCHING = 10.0  # SpeechPainter's lambda
MOST_PHONES = 120
SILENT = -11.5129  # the log-mel's floor
POOL, FRESH = 64, 2  # windows at hand, and how many of them each batch makes anew
FLOOR_DB = (-80, -55)  # of the noise in all windows under their peaks: no recording is ever silent


class Crops:
    """Windows of one speaker's consecutive utterances."""

    def __init__(self, split: str, seed: int, augment: bool, config: PainterConfig,
                 fresh: int = FRESH):
        self.speech = Speech(split, found_times=True)
        entries = [entry for entry in self.speech.entries if entry.phone_times]
        if not entries:
            raise SystemExit(f"{split}: no phoneme times; run the aligner with --align first")
        self.speech.entries = entries
        self.totals = np.cumsum(self.speech.weights(SHARES))
        self.config, self.augment, self.rng = config, augment, random.Random(seed)
        self.layout = Layout(config.rate, config.n_fft, config.hop, config.bands)
        self.bank = filters(self.layout)
        self.samples = (config.frames - 1) * config.hop
        bins = torch.arange(self.bank.shape[1]) * config.rate / config.n_fft
        self.centres = (self.bank @ bins) / self.bank.sum(1)  # of the bands, in Hz
        self.pool, self.fresh = [], fresh

    def window(self):
        """Sound [samples], the band's upper end in Hz, and phonemes as (class, start, end) in
        frames: utterances of one speaker with short pauses, from a random place."""
        rng, rate = self.rng, self.config.rate
        first = int(np.searchsorted(self.totals, rng.random() * self.totals[-1] * 0.9999))
        speaker = self.speech.entries[first].row["speaker"]
        parts, phones, at = [], [], 0
        start = rng.randrange(int(0.5 * rate))
        for entry in self.speech.entries[first:] + self.speech.entries[:first]:
            if entry.row["speaker"] != speaker:
                continue
            sound = self.speech.sound(entry, rate)
            for word, times in zip(entry.phones, entry.phone_times):
                phones += [(phone, (at + a * rate - start) / self.config.hop,
                            (at + b * rate - start) / self.config.hop)
                           for phone, (a, b) in zip(word, times)]
            pause = np.zeros(int(rng.uniform(0, 0.3) * rate), np.float32)
            parts += [sound, pause]
            at += len(sound) + len(pause)
            if at > start + self.samples:
                break
        sound = np.concatenate(parts)[start : start + self.samples]
        sound = np.pad(sound, (0, self.samples - len(sound)))
        noise = np.random.default_rng(rng.randrange(2**31)).standard_normal(len(sound), np.float32)
        level = np.abs(sound).max() * 10 ** (rng.uniform(*FLOOR_DB) / 20)
        sound = sound + np.float32(level) * noise
        seen = [phone for phone in phones if phone[2] > 0 and phone[1] < self.config.frames]
        if self.augment:
            sound = augmented(sound, rate, rng)
        return sound, self.speech.entries[first].row["rate"] / 2, seen[:MOST_PHONES]

    def known(self):
        """Log-mel [frames, bands] of a window in which something is said, its band and phonemes."""
        while True:
            sound, top, phones = self.window()
            if phones:
                mel = log_mel(stft(torch.from_numpy(sound)[None], self.layout), self.bank)
                return mel[0, : self.config.frames], top, phones

    def gap(self, phones) -> tuple[int, int]:
        """First frame and the one after the last of a gap that touches speech."""
        rng, c = self.rng, self.config
        size = round(rng.uniform(*GAP_SECONDS) * c.rate / c.hop)
        _, start, end = rng.choice(phones)
        first = round((start + end) / 2 - rng.random() * size)
        first = min(max(first, 8), c.frames - size - 8)
        return first, first + size

    def batch(self, count: int) -> dict:
        c = self.config
        # Windows cost as much time as the network: each is heard often, with another gap every time.
        for _ in range(max(self.fresh, count - len(self.pool))):
            self.pool.append(self.known())
        self.pool = self.pool[-POOL:]
        windows = self.rng.sample(self.pool, count)
        mel = torch.stack([window[0] for window in windows])
        gap = torch.zeros(count, c.frames, dtype=torch.bool)
        phones = torch.zeros(count, MOST_PHONES, dtype=torch.long)
        times = torch.zeros(count, MOST_PHONES, 2)
        mask = torch.zeros(count, MOST_PHONES, dtype=torch.bool)
        queries = torch.zeros(count, QUERIES, dtype=torch.long)
        for index, (_, _, known) in enumerate(windows):
            first, end = self.gap(known)
            gap[index, first:end] = True
            left = min(max((first + end - QUERIES) // 2, 0), c.frames - QUERIES)
            queries[index] = torch.arange(left, left + QUERIES)
            phones[index, : len(known)] = torch.tensor([phone for phone, _, _ in known])
            times[index, : len(known)] = torch.tensor([[a, b] for _, a, b in known])
            mask[index, : len(known)] = True
        band = self.centres[None] < torch.tensor([window[1] for window in windows])[:, None] * 0.95
        return {"mel": mel, "gap": gap, "phones": phones, "times": times, "phone_mask": mask,
                "queries": queries, "band": band}


def asked(values: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
    """[B, T, ...] at the queried frames: [B, Q, ...]."""
    return torch.stack([row[index] for row, index in zip(values, queries)])


def inputs(batch: dict) -> list:
    return [batch[name] for name in ("mel", "gap", "phones", "times", "phone_mask", "queries")]


class Adversary:
    """The discriminator with its optimiser and file; it sees the gap with its surroundings."""

    def __init__(self, config: PainterConfig, run: Run):
        self.network, self.file = Discriminator(config), run.folder / "discriminator.pt"
        self.optimiser = torch.optim.AdamW(self.network.parameters(), 2e-4, betas=(0.5, 0.9))
        if self.file.exists():
            state = torch.load(self.file, weights_only=True)
            self.network.load_state_dict(state["weights"])
            self.optimiser.load_state_dict(state["optimiser"])

    def save(self) -> None:
        part = self.file.with_suffix(".part")
        torch.save({"weights": self.network.state_dict(),
                    "optimiser": self.optimiser.state_dict()}, part)
        part.rename(self.file)

    def learn(self, true: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """One step on the hinge loss."""
        real, fake = self.network(true)[0], self.network(made.detach())[0]
        loss = F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def judge(self, true: torch.Tensor, made: torch.Tensor):
        """The painter's adversarial loss and feature matching."""
        self.network.requires_grad_(False)
        with torch.no_grad():
            _, real = self.network(true)
        verdict, fake = self.network(made)
        self.network.requires_grad_(True)
        matching = sum((a.float() - b.float()).abs().mean() / a.float().abs().mean().clamp_min(1e-3)
                       for a, b in zip(real, fake)) / len(real)
        return -verdict.float().mean(), matching


def main() -> None:
    parser = options(__doc__.splitlines()[0], 120)
    parser.add_argument("--adversarial", action="store_true")
    flags = parser.parse_args()
    config = PainterConfig(phones=len(Phonemes()))
    run = Run(Painter(config), flags, beside=lambda module: dataclasses.asdict(config) | {
        "symbols": Phonemes().symbols})
    train = Crops("train", run.step, True, config)
    held = Crops("dev", 1, False, config, fresh=POOL)
    dev = [held.batch(8) for _ in range(6)]
    adversary = Adversary(config, run) if flags.adversarial else None

    def parts(module, batch):
        """The painted and true frames, and their weights in the loss, all [B, Q, bands]."""
        made = module(*inputs(batch)).float()
        true = asked(batch["mel"], batch["queries"])
        inside = asked(batch["gap"], batch["queries"])[..., None]
        weight = (inside + AROUND * ~inside) * batch["band"][:, None]
        return made, true, inside, weight

    def losses(module):
        batch = train.batch(flags.batch)
        made, true, inside, weight = parts(module, batch)
        l1 = ((made - true).abs() * weight).sum() / weight.sum()
        if adversary is None:
            return {"loss": l1 / config.mel_std, "l1": l1}
        # True frames around the gap; above the source's band both are silent.
        band = batch["band"][:, None]
        shown = torch.where(inside, made, true).masked_fill(~band, SILENT)
        real = true.masked_fill(~band, SILENT)
        learned = adversary.learn(real, shown)
        verdict, matching = adversary.judge(real, shown)
        loss = l1 / config.mel_std + verdict + FEATURE_MATCHING * matching
        return {"loss": loss, "l1": l1, "discriminator": learned, "verdict": verdict,
                "matching": matching}

    def evaluate(module):
        rows = []
        for batch in dev:
            made, true, inside, _ = parts(module, batch)
            weight = inside & batch["band"][:, None]
            straight = asked(interpolated(batch["mel"], batch["gap"]), batch["queries"])

            def mean(values, count=weight):
                return float((values * count).sum() / count.sum())

            steps = weight[:, 1:] & weight[:, :-1]
            rows.append([mean((made - true).abs()), mean((straight - true).abs()),
                         mean(made.diff(dim=1).abs(), steps) / mean(true.diff(dim=1).abs(), steps)])
        l1, line, flux = np.mean(rows, 0)
        if adversary:
            adversary.save()
        return {"dev_l1": round(float(l1), 4), "dev_interpolation": round(float(line), 4),
                "dev_flux": round(float(flux), 3)}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
