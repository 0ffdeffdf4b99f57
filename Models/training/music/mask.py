"""Trains the text-conditioned mask network.

    python -m Models.training.music.mask --run mask --minutes 90

A mask m on a band costs  P_stem - 2 m C + m^2 P_mix  of squared error in the complex STFT, where
the P are energies and C = Re <mixture, stem>, all summed over the band's bins with the weights that
carry masks from bands to bins. The loss is this error relative to the stem's energy in dB (that is
-SDR of the masked mixture, directly), plus a small part that counts all bands alike.
"""

import random

import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..networks import MaskNet, MaskNetConfig
from .phrases import Phrases
from .features import Layout, filters, log_mel, spread, stft
from .mixtures import TARGETS, Mixer
from .songs import RATE

FRAMES = 256


class Batches:
    """Mixture log-mel, energies and correlations by band, and phrases that name the stem."""

    def __init__(self, split: str, seed: int, augment: bool):
        c = MaskNetConfig()
        self.layout = Layout(c.rate, c.n_fft, c.hop, c.bands)
        self.bank = filters(self.layout)
        self.spread = spread(self.bank)
        self.mixer = Mixer(split, FRAMES * c.hop / RATE, seed, augment)
        self.phrases = Phrases(split)
        self.rng = random.Random(seed)

    def draw(self, count: int, **item_options) -> dict:
        items = [self.mixer.item(**item_options) for _ in range(count)]
        stem = stft(torch.stack([torch.from_numpy(item.stem) for item in items]), self.layout)
        rest = stft(torch.stack([torch.from_numpy(item.rest) for item in items]), self.layout)
        stem, rest = stem[:, :FRAMES], rest[:, :FRAMES]
        mixture = stem + rest
        cross = mixture.real * stem.real + mixture.imag * stem.imag
        texts = [self.phrases.draw(self.rng.choice(["remove", "extract"]), item.target, self.rng)
                 for item in items]
        text, text_mask = self.phrases.states(texts)
        return {
            "mel": log_mel(mixture, self.bank), "text": text, "text_mask": text_mask,
            "p_mix": mixture.abs().square() @ self.spread.T,
            "p_stem": stem.abs().square() @ self.spread.T,
            "p_rest": rest.abs().square() @ self.spread.T,
            "cross": cross @ self.spread.T,
            "present": torch.tensor([float(item.stem.any()) for item in items]),
            "targets": [item.target for item in items],
        }


def sdr_parts(mask, batch):
    """Squared error by band [B, T, bands]."""
    return batch["p_stem"] - 2 * mask * batch["cross"] + mask**2 * batch["p_mix"]


def main() -> None:
    flags = options(__doc__.splitlines()[0], 90).parse_args()
    run = Run(MaskNet(MaskNetConfig()), flags)
    train = Batches("train", run.step, augment=True)
    dev_batches = Batches("dev", 1, augment=False)
    dev = [dev_batches.draw(8, absent=0, targets=[target])
           for target in TARGETS for _ in range(2)]

    def losses(module):
        batch = train.draw(flags.batch)
        logits, presence = module(batch["mel"], batch["text"], batch["text_mask"])
        error = sdr_parts(logits.float().sigmoid(), batch)
        floor = 1e-3 * batch["p_mix"].sum((1, 2))
        ratio = (error.sum((1, 2)) + floor) / (batch["p_stem"].sum((1, 2)) + floor)
        sdr = 10 * ratio.log10()
        bands = (error.sum(1) / (batch["p_stem"] + batch["p_rest"]).sum(1).clamp_min(1e-6))
        present = F.binary_cross_entropy_with_logits(presence.float(), batch["present"])
        return {"loss": sdr.mean() + 5 * bands.mean() + 0.5 * present, "sdr": sdr.mean(),
                "bands": bands.mean(), "presence": present}

    def evaluate(module):
        gains = {}
        for batch in dev:
            logits, _ = module(batch["mel"], batch["text"], batch["text_mask"])
            error = sdr_parts(logits.sigmoid(), batch).sum((1, 2))
            gain = 10 * (batch["p_stem"].sum((1, 2)) / error).log10()
            for target, value in zip(batch["targets"], gain.tolist()):
                gains.setdefault(target, []).append(value)
        means = {f"dev_{k}": round(sum(v) / len(v), 2) for k, v in gains.items()}
        return {"dev_remove_db": round(sum(means.values()) / len(means), 3), **means}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
