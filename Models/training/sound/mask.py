"""Trains the clean-up model's mask network: voice, music, noise and its kinds, reverb.

    python -m Models.training.sound.mask --run sound --minutes 65 --rate 1e-3

Network, loss and batches are those of the music model (`..music.mask`), and so is the window: with
true masks, windows of 2048 samples instead of 4096 give 0.1 to 0.8 dB more on voices beside noises and
music (hum: 1.1 dB less), for twice the work. The network is a seventh of the music model's: a voice is
told from a noise by less than a guitar from a piano, and steps are the scarcer thing.
"""

import torch

from ..loop import Run, autocast, options
from ..music.mask import CROP, FRAMES, Batches, Listener, gains, losses
from ..music.masknet import MaskNet, MaskNetConfig
from ..music.songs import RATE
from .mixtures import TARGETS, SoundMixer

CONFIG = MaskNetConfig(dim=256, heads=4, blocks=2, grid_dim=32, grid_hidden=96, grid_blocks=1,
                       stem_blocks=1)
DEV_ITEMS = 4  # of each kind


class SoundListener(Listener):
    targets = TARGETS

    def __init__(self, split: str, frames: int, seed: int):
        super().__init__(SoundMixer(split, frames * CONFIG.hop / RATE, seed), frames, seed, CONFIG)

    def pairs(self, other: str, count: int) -> dict:
        """Dev batch: voices beside one other thing; each is asked for both, the voice first."""
        mixtures = [self.mixer.pair(other) for _ in range(count)]
        heard = [self.hear(mixture.stems, mixture.targets) for mixture in mixtures]
        return self.batch(heard, [["voice", other]] * count)


def evaluate(module, dev: dict[str, dict]) -> dict:
    """By what is beside the voice: SI-SDR improvement of the voice asked for, of the other asked for,
    SDR improvement of the voice when the other is removed, and the other's presence."""
    rows = {}
    for other, batch in dev.items():
        with autocast():
            logits, presence = module(batch["features"], batch["text"], batch["text_mask"])
        extract, remove = gains(logits.float().sigmoid(), batch)
        rows[other] = [float(x.mean()) for x in (extract[0::2], extract[1::2], remove[1::2],
                                                 presence[1::2].sigmoid())]
    return {"dev_voice": round(sum(row[0] for row in rows.values()) / len(rows), 3),
            "dev_remove": round(sum(row[2] for row in rows.values()) / len(rows), 3),
            **{f"dev_{other}": [round(x, 2) for x in row] for other, row in rows.items()}}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 70).parse_args()
    run = Run(MaskNet(CONFIG), flags)
    train = Batches(lambda: SoundListener("train", CROP, run.step), reuse=4)
    held = SoundListener("dev", FRAMES, 1)
    dev = {other: held.pairs(other, DEV_ITEMS) for other in TARGETS if other != "voice"}
    run.train(lambda module: losses(module, train.draw(flags.batch)),
              lambda module: evaluate(module, dev), every_minutes=6)


if __name__ == "__main__":
    main()
