"""Trains the stem editor: rectified flow in the VAE's latents, conditioned on mixture and text.

    python -m Models.training.music.editor --run editor --vae vae.safetensors --minutes 90

`add X` sees the song without X and makes the stem X; `extract X` sees the song and makes X;
`remove X` sees the song and makes the rest; `replace it with X` sees an extracted stem and makes one
with the same notes (`pairs.py`). A random part of the answer is sometimes given as known
(a prefix, or both ends), which is how long songs are carried from chunk to chunk. Beside the flow's
own loss, the timbre classifier says whether the answer to which the flow leads sounds like what was
asked for.
"""

import random

import torch
from safetensors.torch import load_file

from ..loop import Run, options
from ..networks import StemEditor, StemEditorConfig, Timbre, TimbreConfig
from .latents import SECONDS, Batches, load_vae, music
from .pairs import EditMixer, PairMixer
from .phrases import Phrases
from .timbre import timbre_loss

#: Weight of the timbre classifier's loss beside the flow's.
TIMBRE = 0.03


def load_timbre(path: str) -> Timbre:
    """The frozen classifier."""
    timbre = Timbre(TimbreConfig())
    timbre.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return timbre.eval().requires_grad_(False)


def known_part(answer: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """A mask [B, N, 1] that is one where the answer is given."""
    mask = torch.zeros(*answer.shape[:2], 1)
    steps = answer.shape[1]
    for row in mask:
        draw = rng.random()
        if draw < 0.4:
            row[: int(rng.uniform(0.05, 0.5) * steps)] = 1
        if draw < 0.1:
            row[int(rng.uniform(0.6, 0.95) * steps):] = 1
    return mask


class Flow:
    """What a stem editor is trained for, whatever its stems are."""

    def __init__(self, phrases: Phrases, rng: random.Random, timbre: Timbre | None):
        self.phrases, self.rng, self.timbre = phrases, rng, timbre

    def led(self, module, batch, noise, t, known_mask, texts) -> tuple[torch.Tensor, torch.Tensor]:
        """The flow's loss of each item, and the answers that it leads to, straight from here."""
        answer = batch["answer"]
        text, text_mask = self.phrases(texts)
        at = t[:, None, None]
        noisy = (1 - at) * noise + at * answer
        velocity = module(noisy, t, batch["context"], answer * known_mask, known_mask, text,
                          text_mask)
        velocity = velocity.float()
        error = (velocity - (answer - noise)).square().mean(-1, keepdim=True)
        wanted = 1 - known_mask
        led = torch.where(known_mask > 0, answer, noisy + (1 - at) * velocity)
        return (error * wanted).sum((1, 2)) / wanted.sum((1, 2)), led

    def losses(self, module, batch: dict) -> dict:
        count = len(batch["answer"])
        t = torch.randn(count).sigmoid()
        # What guidance leads away from: another sound than the asked one, to another song.
        texts, heard = list(batch["texts"]), torch.ones(count, 1, 1)
        for row in range(count):
            draw = self.rng.random()
            if draw < 0.15:
                texts[row] = ""
            if 0.1 < draw < 0.35:
                heard[row] = 0
        batch["context"] = batch["context"] * heard
        noise = torch.randn_like(batch["answer"])
        known = known_part(batch["answer"], self.rng)
        own, led = self.led(module, batch, noise, t, known, texts)
        if not self.timbre:
            return {"loss": own.mean()}
        # What is led to from far is a mean of all answers, which sounds like nothing: less weight.
        made = torch.tensor([float(operation != "remove" and text != "")
                             for operation, text in zip(batch["operations"], texts)])
        sounds = timbre_loss(self.timbre(led), batch["targets"]) * t * made
        return {"loss": own.mean() + TIMBRE * sounds.mean(), "flow": own.mean(),
                "timbre": sounds.sum() / (t * made).sum().clamp_min(1e-6)}

    def evaluate(self, module, dev: list[tuple[dict, torch.Tensor]]) -> dict:
        """Losses by operation on batches with their noise."""
        sums: dict[str, list[float]] = {}
        for batch, noise in dev:
            t = torch.linspace(0.05, 0.95, len(noise))
            none = torch.zeros(*noise.shape[:2], 1)
            own, led = self.led(module, batch, noise, t, none, batch["texts"])
            operation = batch["operations"][0]
            sums.setdefault("dev_" + operation, []).extend(own.tolist())
            if self.timbre and operation in ("add", "replace"):
                sounds = timbre_loss(self.timbre(led), batch["targets"])
                sums.setdefault(f"dev_{operation}_timbre", []).extend(sounds.tolist())
        return {name: round(sum(rows) / len(rows), 4) for name, rows in sums.items()}


def with_noise(batches: list[dict]) -> list[tuple[dict, torch.Tensor]]:
    generator = torch.Generator().manual_seed(7)
    return [(batch, torch.randn(batch["answer"].shape, generator=generator)) for batch in batches]


def main() -> None:
    parser = options(__doc__.splitlines()[0], 90)
    parser.add_argument("--vae", required=True, help="safetensors of the mel VAE")
    parser.add_argument("--timbre", required=True, help="safetensors of the timbre classifier")
    flags = parser.parse_args()
    run = Run(StemEditor(StemEditorConfig()), flags)
    vae, timbre = load_vae(flags.vae), load_timbre(flags.timbre)
    train = Batches(vae, EditMixer("train", SECONDS, run.step, augment=True), run.step, reuse=8)
    held = Batches(vae, music("dev", 1, augment=False), 1)
    pairs = Batches(vae, PairMixer("dev", SECONDS, 1, augment=False), 1)
    dev = with_noise([held.draw(11, [operation]) for operation in ("add", "extract", "remove")
                      for _ in range(4)] + [pairs.draw(11) for _ in range(4)])
    flow = Flow(Phrases(), train.rng, timbre)
    run.train(lambda module: flow.losses(module, train.draw(flags.batch)),
              lambda module: flow.evaluate(module, dev))


if __name__ == "__main__":
    main()
