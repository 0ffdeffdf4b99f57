"""Trains the speech painter: first L1, then against a discriminator.

    python -m Models.training.speech.painter --run painter --minutes 120
    python -m Models.training.speech.painter --run painter --export painter.safetensors
    python -m Models.training.speech.painter --run painter-adversarial --adversarial \
      --warm-start painter.safetensors --minutes 60 --rate 1e-4

The phonemes' times are those of the source, or of `aligner --align`. Each crop is one window of
4 s in a recording of one speaker in one room, with a gap of 0.25 to 1.2 s. What is above a source's own band
counts neither in the loss nor for the discriminator.
"""

import dataclasses
import random
import typing

import numpy as np
import pyworld
import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..music.features import Layout, filters, log_mel, stft
from .augment import augmented
from .data import Speech
from .guide import USUAL, Guide
from .networks import (Discriminator, Memory, Painter, PainterConfig, Said, interpolated,
                       said)
from .phonemes import Phonemes

#: Shares of kinds of sources, by the start of their names; "" is what is left.
SHARES = {"queen": 0.5, "asterisk": 0.1, "tuxpaint": 0.2, "espeak": 0.05, "": 0.15}
GAP_SECONDS = (0.25, 1.2)
EDGES = 0.3  # share of windows of which an end is not heard, as beyond a recording's
QUERIES = 128  # frames asked for: the gap and what is around it
AROUND = 0.1  # weight of asked frames outside the gap
FEATURE_MATCHING = 10.0  # SpeechPainter's lambda
MOST_PHONES = 120
PITCH_RATE = 16000  # at which pitches are looked for
SILENT = -11.5129  # the log-mel's floor
POOL, FRESH = 500, 1  # recordings at hand, and how many of them each batch makes anew
MORE_SECONDS = 10  # of a recording at most beyond one window
OFF_CENTRE = 60  # frames at most by which a gap lies off its window's middle
FLOOR_DB = (-80, -55)  # of the noise in all windows under their peaks: no recording is ever silent


class Known(typing.NamedTuple):
    """A recording: log-mel [M, bands], the upper end of its band in Hz, phonemes as (class, start,
    end) in frames, what is said in each frame [1, M], and the guide [M, bands]."""

    mel: torch.Tensor
    top: float
    phones: list
    said: Said
    guide: torch.Tensor


class Crops:
    """Windows with a gap in recordings of one speaker's consecutive utterances."""

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
        self.bank, self.guide = filters(self.layout), Guide(self.layout)
        self.samples = (config.frames - 1) * config.hop
        bins = torch.arange(self.bank.shape[1]) * config.rate / config.n_fft
        self.centres = (self.bank @ bins) / self.bank.sum(1)  # of the bands, in Hz
        self.pool, self.fresh = [], fresh
        self.pitches: dict[str, float] = {}

    def pitch(self, speaker: str) -> float:
        """A speaker's median pitch in Hz, by a few utterances."""
        if speaker not in self.pitches:
            own = [entry for entry in self.speech.entries if entry.row["speaker"] == speaker][:4]
            tracks = [pyworld.dio(self.speech.sound(entry, PITCH_RATE).astype(np.float64), PITCH_RATE,
                                  f0_floor=60, f0_ceil=400)[0] for entry in own]
            voiced = np.concatenate(tracks)
            voiced = voiced[voiced > 0]
            self.pitches[speaker] = float(np.median(voiced)) if len(voiced) else USUAL
        return self.pitches[speaker]

    def recording(self):
        """Sound at `config.rate`, the band's upper end in Hz, phonemes as (class, start, end) in
        frames, words for the guide, and the speaker: utterances of one speaker with short pauses, from a
        random place."""
        rng, rate = self.rng, self.config.rate
        samples = self.samples + int(rng.uniform(0, MORE_SECONDS) * rate)
        first = int(np.searchsorted(self.totals, rng.random() * self.totals[-1] * 0.9999))
        speaker = self.speech.entries[first].row["speaker"]
        parts, phones, words, at = [], [], [], 0
        start = rng.randrange(int(0.5 * rate))
        for entry in self.speech.entries[first:] + self.speech.entries[:first]:
            if entry.row["speaker"] != speaker:
                continue
            sound = self.speech.sound(entry, rate)
            for (text, _), word, times in zip(entry.row["words"], entry.phones, entry.phone_times):
                times = [((at + a * rate - start) / self.config.hop,
                          (at + b * rate - start) / self.config.hop) for a, b in times]
                phones += [(phone, a, b) for phone, (a, b) in zip(word, times)]
                words.append((text, entry.row["language"], times))
            pause = np.zeros(int(rng.uniform(0, 0.3) * rate), np.float32)
            parts += [sound, pause]
            at += len(sound) + len(pause)
            if at > start + samples:
                break
        sound = np.concatenate(parts)[start : start + samples]
        sound = np.pad(sound, (0, samples - len(sound)))
        noise = np.random.default_rng(rng.randrange(2**31)).standard_normal(len(sound), np.float32)
        level = np.abs(sound).max() * 10 ** (rng.uniform(*FLOOR_DB) / 20)
        sound = sound + np.float32(level) * noise
        if self.augment:
            sound = augmented(sound, rate, rng)
        frames = len(sound) // self.config.hop
        seen = [phone for phone in phones if phone[2] > 0 and phone[1] < frames]
        return sound, self.speech.entries[first].row["rate"] / 2, seen, words, speaker

    def known(self) -> Known:
        """A recording in which something is said."""
        while True:
            sound, top, phones, words, speaker = self.recording()
            if phones:
                mel = log_mel(stft(torch.from_numpy(sound)[None], self.layout), self.bank)[0]
                every = torch.arange(len(mel))[None]
                times = torch.tensor([[[a, b] for _, a, b in phones]], dtype=torch.float32)
                classes = torch.tensor([[phone for phone, _, _ in phones]])
                return Known(mel, top, phones,
                             said(every, classes, times, torch.ones_like(classes, dtype=torch.bool)),
                             self.guide.frames(len(mel), words, self.pitch(speaker)))

    def gap(self, known: Known) -> tuple[int, int, int]:
        """First frame and the one after the last of a gap that touches speech, in the recording, and
        the first frame of the window around it."""
        rng, c = self.rng, self.config
        size = round(rng.uniform(*GAP_SECONDS) * c.rate / c.hop)
        _, start, end = rng.choice(known.phones)
        first = round((start + end) / 2 - rng.random() * size)
        first = min(max(first, 8), len(known.mel) - size - 8)
        window = first + size // 2 - c.frames // 2 + rng.randint(-OFF_CENTRE, OFF_CENTRE)
        window = min(max(window, 0), len(known.mel) - c.frames)
        return first, first + size, window

    def batch(self, count: int) -> dict:
        rng, c = self.rng, self.config
        # A recording costs as much time as the network: each is heard often, with another gap and
        # window every time.
        while len(self.pool) < min(count, POOL):
            self.pool.append(self.known())
        for _ in range(self.fresh):
            self.pool.append(self.known())
        self.pool = self.pool[-POOL:]
        chosen = rng.sample(self.pool, count)
        longest = max(len(known.mel) for known in chosen)
        whole, guides = torch.zeros(2, count, longest, c.bands)
        guide = torch.zeros(count, c.frames, c.bands)
        heard = torch.zeros(count, longest)
        places = [torch.zeros(count, longest, dtype=value.dtype) for value in chosen[0].said]
        mel = torch.zeros(count, c.frames, c.bands)
        gap = torch.zeros(count, c.frames, dtype=torch.bool)
        phones = torch.zeros(count, MOST_PHONES, dtype=torch.long)
        times = torch.zeros(count, MOST_PHONES, 2)
        mask = torch.zeros(count, MOST_PHONES, dtype=torch.bool)
        queries = torch.zeros(count, QUERIES, dtype=torch.long)
        for index, known in enumerate(chosen):
            first, end, window = self.gap(known)
            frames = len(known.mel)
            whole[index, :frames], guides[index, :frames] = known.mel, known.guide
            guide[index] = known.guide[window : window + c.frames]
            heard[index, :frames] = 1
            heard[index, first:end] = 0
            for into, value in zip(places, known.said):
                into[index, :frames] = value[0]
            mel[index] = known.mel[window : window + c.frames]
            gap[index, first - window : end - window] = True
            if rng.random() < EDGES:
                lost = rng.randint(1, c.frames // 3)
                beyond = slice(0, min(lost, (first - window) // 2))
                if rng.random() < 0.5:
                    beyond = slice(max(c.frames - lost, (end - window + c.frames) // 2), c.frames)
                gap[index, beyond] = True
                heard[index, window + beyond.start : window + beyond.stop] = 0
            left = min(max((first + end - QUERIES) // 2 - window, 0), c.frames - QUERIES)
            queries[index] = torch.arange(left, left + QUERIES)
            seen = [(phone, a - window, b - window) for phone, a, b in known.phones
                    if b > window and a < window + c.frames][:MOST_PHONES]
            phones[index, : len(seen)] = torch.tensor([phone for phone, _, _ in seen])
            times[index, : len(seen)] = torch.tensor([[a, b] for _, a, b in seen])
            mask[index, : len(seen)] = True
        band = self.centres[None] < torch.tensor([known.top for known in chosen])[:, None] * 0.95
        return {"mel": mel, "gap": gap, "phones": phones, "times": times, "phone_mask": mask,
                "guide": guide, "queries": queries,
                "memory": Memory(whole, heard, Said(*places), guides), "band": band}


def asked(values: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
    """[B, T, ...] at the queried frames: [B, Q, ...]."""
    return torch.stack([row[index] for row, index in zip(values, queries)])


def inputs(batch: dict) -> list:
    return [batch[name] for name in ("mel", "gap", "phones", "times", "phone_mask", "guide",
                                        "queries", "memory")]


def gap_mean(values: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """The mean of a discriminator's outputs [B, 1, bands', Q'] over those that touch the gap."""
    count = inside.shape[1] // values.shape[-1]
    touching = F.max_pool1d(inside.float().transpose(1, 2), count)[:, None]  # [B, 1, 1, Q']
    return (values * touching).sum() / (touching.sum() * values.shape[2])


class Adversary:
    """The discriminator with its optimiser and file; it sees the gap with its surroundings."""

    def __init__(self, config: PainterConfig, run: Run):
        self.network, self.file = Discriminator(config), run.folder / "discriminator.pt"
        self.optimiser = torch.optim.AdamW(self.network.parameters(), 4e-4, betas=(0.5, 0.9))
        if self.file.exists():
            state = torch.load(self.file, weights_only=True)
            self.network.load_state_dict(state["weights"])
            self.optimiser.load_state_dict(state["optimiser"])

    def save(self) -> None:
        part = self.file.with_suffix(".part")
        torch.save({"weights": self.network.state_dict(),
                    "optimiser": self.optimiser.state_dict()}, part)
        part.rename(self.file)

    def learn(self, true: torch.Tensor, made: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """One step on the hinge loss, over the patches that touch the gap (inside [B, Q, 1])."""
        real, fake = self.network(true)[0].float(), self.network(made.detach())[0].float()
        loss = gap_mean(F.relu(1 - real) + F.relu(1 + fake), inside)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def judge(self, true: torch.Tensor, made: torch.Tensor, inside: torch.Tensor):
        """The painter's adversarial loss and feature matching."""
        self.network.requires_grad_(False)
        with torch.no_grad():
            _, real = self.network(true)
        verdict, fake = self.network(made)
        self.network.requires_grad_(True)
        matching = sum((a.float() - b.float()).abs().mean() / a.float().abs().mean().clamp_min(1e-3)
                       for a, b in zip(real, fake)) / len(real)
        return -gap_mean(verdict.float(), inside), matching


def main() -> None:
    parser = options(__doc__.splitlines()[0], 120)
    parser.add_argument("--adversarial", action="store_true")
    flags = parser.parse_args()
    config = PainterConfig(phones=len(Phonemes()))
    run = Run(Painter(config), flags, beside=lambda module: dataclasses.asdict(config) | {
        "symbols": Phonemes().symbols})
    train = Crops("train", run.step, True, config)
    held = Crops("dev", 1, False, config, fresh=8)
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
        learned = adversary.learn(real, shown, inside)
        verdict, matching = adversary.judge(real, shown, inside)
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
