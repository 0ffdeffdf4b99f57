"""Trains the text-conditioned mask network.

    python -m Models.training.music.mask --run mask --minutes 90

A mask m on a band costs  P_stem - 2 m C + m^2 P_mix  of squared error in the complex STFT, where
the P are energies and C = Re <mixture, stem>, all summed over the band's bins with the weights that
carry masks from bands to bins. The loss is this error, over both channels, relative to the stem's
energy in dB (that is -SDR of the masked mixture, directly), plus a small part that counts all bands
alike.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..networks import MaskNet, MaskNetConfig
from .phrases import Phrases
from .features import Layout, filters, spread, stereo, stft
from .mixtures import TARGETS, Mixer, Replay
from .songs import RATE

FRAMES = 256


class Batches:
    """Features of the mixture, energies and correlations by channel and band, and phrases that
    name the stem."""

    def __init__(self, split: str, seed: int, augment: bool, wide: float, reuse: int = 1,
                 **item_options):
        c = MaskNetConfig()
        self.layout = Layout(c.rate, c.n_fft, c.hop, c.bands)
        self.bank = filters(self.layout)
        self.spread = spread(self.bank)
        self.mixer = Mixer(split, FRAMES * c.hop / RATE, seed, augment, wide)
        self.phrases = Phrases()
        self.rng = random.Random(seed)
        self.options = item_options
        self.replay = Replay(self.fresh, self.rng, reuse, keep=700)

    @torch.autocast("cpu", enabled=False)  # energies need float32 beside the bf16 network
    def fresh(self) -> dict:
        item = self.mixer.item(**self.options)
        both = torch.from_numpy(np.stack([item.stem, item.rest]))
        stem, rest = stft(both, self.layout)[:, :, :FRAMES]  # each [2, T, K]
        inner = (stem.real * rest.real + stem.imag * rest.imag) @ self.spread.T
        p_stem = stem.abs().square() @ self.spread.T
        p_rest = rest.abs().square() @ self.spread.T
        p_stem, p_rest, inner = (x.permute(1, 2, 0) for x in (p_stem, p_rest, inner))
        return {"features": stereo(stem + rest, self.bank, self.spread), "p_stem": p_stem,
                "p_rest": p_rest, "p_mix": p_stem + p_rest + 2 * inner, "cross": p_stem + inner,
                "present": torch.tensor(float(item.stem.any())), "target": item.target}

    def draw(self, count: int) -> dict:
        items = self.replay.draw(count)
        batch = {name: torch.stack([item[name] for item in items])
                 for name in items[0] if name != "target"}
        batch["targets"] = [item["target"] for item in items]
        texts = [self.phrases.draw(self.rng.choice(["remove", "extract"]), target, self.rng)
                 for target in batch["targets"]]
        batch["text"], batch["text_mask"] = self.phrases.states(texts)
        return batch


def sdr_parts(mask, batch):
    """Squared error by band and channel [B, T, bands, 2]."""
    return batch["p_stem"] - 2 * mask * batch["cross"] + mask**2 * batch["p_mix"]


def main() -> None:
    flags = options(__doc__.splitlines()[0], 90).parse_args()
    run = Run(MaskNet(MaskNetConfig()), flags)
    train = Batches("train", run.step, augment=True, wide=0.6, reuse=3, absent=0.12)
    dev = [batch for target in TARGETS
           for held in [Batches("dev", 1, augment=False, wide=1 / 3, absent=0, targets=[target])]
           for batch in (held.draw(8), held.draw(8))]

    def losses(module):
        batch = train.draw(flags.batch)
        logits, presence = module(batch["features"], batch["text"], batch["text_mask"])
        error = sdr_parts(logits.float().sigmoid(), batch)
        floor = 1e-3 * batch["p_mix"].sum((1, 2, 3))
        ratio = (error.sum((1, 2, 3)) + floor) / (batch["p_stem"].sum((1, 2, 3)) + floor)
        sdr = 10 * ratio.log10()
        bands = error.sum((1, 3)) / (batch["p_stem"] + batch["p_rest"]).sum((1, 3)).clamp_min(1e-6)
        present = F.binary_cross_entropy_with_logits(presence.float(), batch["present"])
        return {"loss": sdr.mean() + 5 * bands.mean() + 0.5 * present, "sdr": sdr.mean(),
                "bands": bands.mean(), "presence": present}

    def evaluate(module):
        gains = {}
        for batch in dev:
            logits, _ = module(batch["features"], batch["text"], batch["text_mask"])
            error = sdr_parts(logits.sigmoid(), batch).sum((1, 2, 3))
            gain = 10 * (batch["p_stem"].sum((1, 2, 3)) / error).log10()
            for target, value in zip(batch["targets"], gain.tolist()):
                gains.setdefault(target, []).append(value)
        means = {f"dev_{k}": round(sum(v) / len(v), 2) for k, v in gains.items()}
        return {"dev_remove_db": round(sum(means.values()) / len(means), 3), **means}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
