"""Trains the sound model's mask network: voice, music, noise and its kinds, reverb, sound events.

    python -m Models.training.sound.mask --run sound --minutes 65 --rate 1e-3

Network, loss and batches are those of the music model (`..music.mask`), and so is the window: with
true masks, windows of 2048 samples instead of 4096 give 0.1 to 0.8 dB more on voices beside noises and
music (hum: 1.1 dB less), for twice the work. The network is a third of the music model's: a voice is
told from a noise by less than a guitar from a piano, and steps are the scarcer thing.
"""

import torch

from ..loop import Run, autocast, options
from ..music.mask import CROP, FRAMES, Batches, Listener, gains, losses
from ..music.masknet import MaskNet, MaskNetConfig
from ..music.songs import RATE
from .mixtures import EVENTS, KINDS, TARGETS, SoundMixer

CONFIG = MaskNetConfig(dim=256, heads=4, blocks=4, grid_dim=64, grid_hidden=128, grid_blocks=1,
                       stem_blocks=1)
DEV_ITEMS = 4  # of each kind
DEV_EVENTS = 2  # of each event


class SoundListener(Listener):
    targets = TARGETS

    def __init__(self, split: str, frames: int, seed: int):
        super().__init__(SoundMixer(split, frames * CONFIG.hop / RATE, seed), frames, seed, CONFIG)

    def lacked(self, missing: list[str], count: int) -> list[str]:
        """Half of it what is often there: else "music" would be asked for nearly only where there is
        some, and always be found."""
        common = [name for name in missing if name not in EVENTS]
        chosen = [self.rng.choice(common)] if common and self.rng.random() < 0.5 else []
        others = [name for name in missing if name not in chosen]
        return chosen[:count] + self.rng.sample(others, max(0, count - len(chosen)))

    def pairs(self, other: str, count: int) -> dict:
        """Dev batch: voices beside one other thing; each is asked for both, the voice first."""
        mixtures = [self.mixer.pair(other) for _ in range(count)]
        heard = [self.hear(mixture.stems, mixture.targets) for mixture in mixtures]
        return self.batch(heard, [["voice", other]] * count)


    def scenes(self, name: str, count: int) -> dict:
        """Dev batch: an event in something else, asked for by name."""
        mixtures = [self.mixer.scene(name) for _ in range(count)]
        heard = [self.hear(mixture.stems, mixture.targets) for mixture in mixtures]
        return self.batch(heard, [[name]] * count)


def judged(module, batch: dict) -> torch.Tensor:
    """[3, questions]: SI-SDR improvement of what is asked for, SDR improvement of the rest when that
    is removed, presence."""
    with autocast():
        logits, presence = module(batch["features"], batch["text"], batch["text_mask"])
    return torch.stack([*gains(logits.float().sigmoid(), batch), presence.float().sigmoid()])


def evaluate(module, pairs: dict[str, dict], scenes: dict[str, dict]) -> dict:
    """By what is beside the voice: SI-SDR improvement of the voice asked for, of the other asked for,
    SDR improvement of the voice when the other is removed, and the other's presence. For events: of
    the event asked for, of the rest when it is removed, presence."""
    rows = {}
    for other, batch in pairs.items():
        extract, remove, presence = judged(module, batch)
        rows[other] = [float(x.mean()) for x in (extract[0::2], extract[1::2], remove[1::2],
                                                 presence[1::2])]
    events = {name: judged(module, batch).mean(1).tolist() for name, batch in scenes.items()}

    def mean(values: list[list[float]], column: int) -> float:
        return round(sum(value[column] for value in values) / len(values), 3)

    return {"dev_voice": mean(list(rows.values()), 0), "dev_remove": mean(list(rows.values()), 2),
            "dev_events": [mean(list(events.values()), column) for column in range(3)],
            **{f"dev_{name}": [round(x, 2) for x in row] for name, row in (rows | events).items()}}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 70).parse_args()
    run = Run(MaskNet(CONFIG), flags)
    train = Batches(lambda: SoundListener("train", CROP, run.step), reuse=4)
    held = SoundListener("dev", FRAMES, 1)
    pairs = {other: held.pairs(other, DEV_ITEMS) for other in ("music", "noise", *KINDS, "reverb")}
    scenes = {name: held.scenes(name, DEV_EVENTS) for name in EVENTS
              if name in held.mixer.events.names}
    run.train(lambda module: losses(module, train.draw(flags.batch)),
              lambda module: evaluate(module, pairs, scenes), every_minutes=6)


if __name__ == "__main__":
    main()
