"""Trains the timbre classifier: which instruments a stem's latents sound like.

    python -m Models.training.music.timbre --run timbre --vae vae.safetensors --minutes 15

It tells the editor's training and its sampler how well a made stem sounds like the asked one; the
benchmarks' judge of instruments hears sound, knows nothing of these latents, and is another network.
"""

import torch
import torch.nn.functional as F

from ..loop import Run, options
from ..networks import Timbre, TimbreConfig
from .latents import Batches, load_vae, music
from .mixtures import MADE
from .scores import names_of, UNIONS


def labels(targets: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """What each stem is, and where that is known, [B, targets]: a stem answers to its unions' names, and
    one asked for as a union may be any of its members."""
    rows, known = torch.zeros(2, len(targets), len(MADE)).unbind(0)
    known = known + 1
    for row, sure, target in zip(rows, known, targets):
        for name in MADE:
            if name in UNIONS.get(target, ()):
                sure[MADE.index(name)] = 0
        for name in names_of(target):
            row[MADE.index(name)] = 1
            sure[MADE.index(name)] = 1
    return rows, known


def timbre_loss(logits: torch.Tensor, targets: list[str]) -> torch.Tensor:
    """Cross-entropy of each stem over the instruments, [B]."""
    rows, known = labels(targets)
    each = F.binary_cross_entropy_with_logits(logits.float(), rows, reduction="none")
    return (each * known).sum(1)


def main() -> None:
    parser = options(__doc__.splitlines()[0], 15)
    parser.add_argument("--vae", required=True, help="safetensors of the mel VAE")
    flags = parser.parse_args()
    run = Run(Timbre(TimbreConfig()), flags)
    vae = load_vae(flags.vae)
    seed = run.step + 1000
    train = Batches(vae, music("train", seed, augment=True), seed, reuse=6)
    held = Batches(vae, music("dev", 3, augment=False), 3)
    dev = [held.draw(24) for _ in range(12)]

    def losses(module):
        batch = train.draw(flags.batch)
        latents = batch["stem"]
        # Made stems are not as clean as the encoder's: some noise, and only a part of the crop.
        latents = latents + 0.3 * torch.rand(len(latents), 1, 1) * torch.randn_like(latents)
        start = train.rng.randrange(0, latents.shape[1] // 2)
        length = train.rng.randrange(latents.shape[1] // 4, latents.shape[1] - start + 1)
        logits = module(latents[:, start : start + length])
        return {"loss": timbre_loss(logits, batch["targets"]).mean()}

    def evaluate(module):
        first = loss = count = 0.0
        for batch in dev:
            logits = module(batch["stem"])
            rows, known = labels(batch["targets"])
            best = logits.masked_fill(known == 0, -torch.inf).argmax(1)
            first += float(rows[torch.arange(len(rows)), best].sum())
            loss += float(timbre_loss(logits, batch["targets"]).sum())
            count += len(rows)
        return {"dev_first": round(first / count, 3), "dev_loss": round(loss / count, 3)}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
