"""Trains the text-conditioned mask network.

    python -m Models.training.music.mask --run mask --minutes 90

A mask m on a band costs  P_stem - 2 m C + m^2 P_mix  of squared error in the complex STFT, where
the P are energies and C = Re <mixture, stem>, all summed over the band's bins with the weights that
carry masks from bands to bins. The loss is this error, over both channels, relative to the stem's
energy in dB (that is -SDR of the masked mixture, directly), plus a small part that counts all bands
alike. Each mixture is asked for four stems, of which it lacks some, and no two of which overlap: half of
the loss is that of the masks at their shares, as the program takes them (`shares`).

Mixtures are half as long as what the runtime shows the network at once: twice as many of them teach
more. They are made by a process beside the training, which takes as long as the training's steps:
each is drawn about three times.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F

from ..loop import Run, autocast, options
from .features import Layout, filters, spread, stereo, stft
from .masknet import MaskNet, MaskNetConfig
from .mixtures import RECORD, VOCALS, Replay, SingingMixer
from .phrases import Phrases, phrase
from .scores import members, others_than
from .songs import RATE

FRAMES = 256  # of a chunk at run time
CROP = 128  # frames of a training mixture
QUESTIONS = 3  # asked of each mixture, where they are answered each on its own
RIVALS = 4  # asked of each mixture, where they share it


class Listener:
    """Features of mixtures, and energies of stems by channel and band."""

    targets = SingingMixer.wanted

    def __init__(self, mixer, frames: int, seed: int, config: MaskNetConfig | None = None):
        c = config or MaskNetConfig()
        self.frames = frames
        self.layout = Layout(c.rate, c.n_fft, c.hop, c.bands)
        self.bank = filters(self.layout)
        self.spread = spread(self.bank)
        self.mixer = mixer
        self.phrases = Phrases(self.targets)
        self.rng = random.Random(seed)

    @torch.autocast("cpu", enabled=False)  # energies need float32 beside the bf16 network
    def hear(self, stems: dict[str, np.ndarray], targets: dict[str, list[str]]) -> dict:
        names = sorted(stems)
        spectra = stft(torch.from_numpy(np.stack([stems[name] for name in names])), self.layout)
        spectra = dict(zip(names, spectra[:, :, :self.frames]))  # each [2, T, K]
        mixture = sum(spectra.values())

        def energy(a, b):  # [2, T, K] -> [T, bands, 2]
            return ((a.real * b.real + a.imag * b.imag) @ self.spread.T).permute(1, 2, 0)

        answers = {}
        for target, own in targets.items():
            stem = sum(spectra[name] for name in own)
            answers[target] = energy(stem, stem), energy(stem, mixture)
        return {"features": stereo(mixture, self.bank, self.spread),
                "p_mix": energy(mixture, mixture), "answers": answers,
                "askable": [VOCALS] if RECORD in stems else self.targets}

    def lacked(self, missing: list[str], count: int) -> list[str]:
        """What a mixture is asked for that it lacks."""
        return self.rng.sample(missing, count)

    def batch(self, heard: list[dict], questions: list[list[str]]) -> dict:
        """Stacks mixtures and their equally many questions; a stem that is not there is silent."""
        batch = {name: torch.stack([item[name] for item in heard])
                 for name in ("features", "p_mix")}
        silent = torch.zeros_like(heard[0]["p_mix"])
        pairs = [item["answers"].get(target, (silent, silent))
                 for item, targets in zip(heard, questions) for target in targets]
        batch["p_stem"], batch["cross"] = (torch.stack(side) for side in zip(*pairs))
        batch["p_mix"] = batch["p_mix"].repeat_interleave(len(questions[0]), 0)
        batch["targets"] = [target for targets in questions for target in targets]
        batch["text"], batch["text_mask"] = self.phrases(
            [phrase("extract", target) for target in batch["targets"]])
        batch["present"] = torch.tensor([float(target in item["answers"]) for item, targets
                                         in zip(heard, questions) for target in targets])
        return batch


class Heard(torch.utils.data.IterableDataset):
    """Training mixtures without end, as heard by `listener()`, which the process makes itself."""

    def __init__(self, listener):
        self.listener = listener

    def __iter__(self):
        torch.set_num_threads(1)
        listener = self.listener()
        while True:
            mixture = listener.mixer.mixture()
            yield listener.hear(mixture.stems, mixture.targets)


class Batches:
    """Training batches: every mixture with `QUESTIONS` questions."""

    def __init__(self, listener, reuse: int = 4):
        self.listener = listener()
        self.rng = self.listener.rng
        made = torch.utils.data.DataLoader(
            Heard(listener), batch_size=None, num_workers=1, prefetch_factor=16)
        self.replay = Replay(iter(made).__next__, self.rng, reuse=reuse, keep=600)

    def ask(self, present: list[str], askable: list[str]) -> list[str]:
        """Stems of the mixture, and often one that it lacks. A vocal is asked for whenever there is one:
        few mixtures have it."""
        rng = self.rng
        if len(askable) == 1:
            return askable * QUESTIONS
        count = min(len(present), QUESTIONS - (rng.random() < 0.5))
        chosen = [name for name in present if name == VOCALS]
        others = sorted(name for name in present if name not in chosen)
        chosen += rng.sample(others, max(0, count - len(chosen)))
        missing = [name for name in askable if name not in present]
        return chosen + self.listener.lacked(missing, QUESTIONS - len(chosen))

    def draw(self, count: int) -> dict:
        heard = self.replay.draw(count)
        return self.listener.batch(heard, [self.ask(list(item["answers"]), item["askable"])
                                           for item in heard])


class RivalBatches(Batches):
    """Training batches whose mixtures are asked for parts of which no two share a stem."""

    def ask(self, present: list[str], askable: list[str]) -> list[str]:
        """What is there, sometimes by a wider name, then what is not."""
        rng = self.rng
        if len(askable) == 1:
            return askable * RIVALS
        chosen: list[str] = []
        for names in (present, [name for name in askable if name not in present]):
            for name in rng.sample(names, len(names)):
                if len(chosen) < RIVALS and all(not set(members(name)) & set(members(other)) for other in chosen):
                    chosen.append(name)
        return chosen

    def draw(self, count: int) -> dict:
        batch = super().draw(count)
        targets = batch["targets"]
        batch["rivals"] = RIVALS
        # A record is asked for its voice alone, again and again: the first time counts.
        batch["weight"] = torch.tensor([
            float(target not in targets[at - at % RIVALS : at]) for at, target in enumerate(targets)])
        return batch


class Held(Listener):
    """Dev batches: mixtures of one target at the levels of the quality items, asked for it and for
    all parts that it may share the mixture with."""

    def draw(self, target: str, count: int) -> dict:
        items = [self.mixer.item([target], absent=0) for _ in range(count)]
        heard = [self.hear({"stem": item.stem, "rest": item.rest}, {target: ["stem"]})
                 for item in items]
        return self.batch(heard, [[target, *others_than(target)]] * count)


def squared_error(mask, batch):
    """Squared error by band and channel [B, T, bands, 2]."""
    return batch["p_stem"] - 2 * mask * batch["cross"] + mask**2 * batch["p_mix"]


def gains(mask, batch) -> tuple[torch.Tensor, torch.Tensor]:
    """SI-SDR improvement of the stem, and SDR improvement of the rest, in dB: each [B]."""
    stem, mix, cross = (batch[name].sum((1, 2, 3)) for name in ("p_stem", "p_mix", "cross"))

    def si_sdr(inner, energy):
        share = inner.square() / (stem * energy).clamp_min(1e-12)
        return 10 * (share / (1 - share).clamp_min(1e-6)).log10()

    masked = (mask * batch["cross"]).sum((1, 2, 3)), (mask**2 * batch["p_mix"]).sum((1, 2, 3))
    error = squared_error(mask, batch).sum((1, 2, 3))
    return si_sdr(*masked) - si_sdr(cross, mix), 10 * (stem / error).log10()


def shares(mask, count: int, weight) -> torch.Tensor:
    """Each of a mixture's `count` masks [B * count, T, bands, 2] at its share where they sum to more than
    one; `weight` [B * count] is zero for those that take none."""
    each = mask.unflatten(0, (-1, count))
    total = (each * weight.view(-1, count, 1, 1, 1)).sum(1, keepdim=True)
    return (each / total.clamp_min(1)).flatten(0, 1)


def losses(module, batch: dict) -> dict:
    """What is minimised, `loss`, and its parts."""
    logits, presence = module(batch["features"], batch["text"], batch["text_mask"])
    here = batch["present"]
    asked = batch.get("weight", torch.ones_like(here))
    # A stem that is not there counts less: its loss has no bound that any mask could reach.
    floor = torch.where(here == 1, 1e-3, 1e-2) * batch["p_mix"].sum((1, 2, 3))
    weight = torch.where(here == 1, 1.0, 0.3) * asked

    def judged(mask):
        error = squared_error(mask, batch)
        ratio = (error.sum((1, 2, 3)) + floor) / (batch["p_stem"].sum((1, 2, 3)) + floor)
        each = (error.sum((1, 3)) / batch["p_mix"].sum((1, 3)).clamp_min(1e-6)).clamp_max(4).mean(1)
        sdr, bands = 10 * ratio.log10(), (asked * each).sum() / asked.sum()
        shown = {name: (sdr * chosen).sum() / chosen.sum().clamp_min(1)
                 for name, chosen in (("sdr", here * asked), ("absent", (1 - here) * asked))}
        return (weight * sdr).sum() / asked.sum() + 5 * bands, shown

    masks = logits.float().sigmoid()
    loss, shown = judged(masks)
    if "rivals" in batch:
        shared, parts = judged(shares(masks, batch["rivals"], asked))
        loss = (loss + shared) / 2
        shown |= {f"shared_{name}": value for name, value in parts.items()}
    present = F.binary_cross_entropy_with_logits(presence.float(), here, asked)
    return {"loss": loss + 0.5 * present, **shown, "presence": present}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 90).parse_args()
    run = Run(MaskNet(MaskNetConfig()), flags)
    seconds = MaskNetConfig.hop / RATE

    def listener():
        return Listener(SingingMixer("train", CROP * seconds, run.step, augment=True, stereo=0.6), CROP,
                        run.step)

    train = RivalBatches(listener)
    held = Held(SingingMixer("dev", FRAMES * seconds, 1, augment=False, stereo=1 / 3), FRAMES, 1)
    dev = [held.draw(target, 3) for target in held.targets]

    def evaluate(module):
        rows: dict[str, list] = {}
        for batch in dev:
            with autocast():
                logits, _ = module(batch["features"], batch["text"], batch["text_mask"])
            count = len(batch["targets"]) // len(batch["features"])
            masks = shares(logits.float().sigmoid(), count, torch.ones(len(logits)))
            rows.setdefault(batch["targets"][0], []).append(
                torch.stack(gains(masks, batch))[:, ::count])
        means = {target: torch.cat(parts, 1).mean(1).tolist() for target, parts in rows.items()}
        first = [means[name] for name in ("drums", "bass", "guitar")]
        return {"dev_extract_dbg": round(sum(x for x, _ in first) / 3, 3),
                "dev_remove": round(sum(x for _, x in means.values()) / len(means), 3),
                **{f"dev_{name}": [round(x, 2) for x in pair] for name, pair in means.items()}}

    run.train(lambda module: losses(module, train.draw(flags.batch)), evaluate, every_minutes=8)


if __name__ == "__main__":
    main()
