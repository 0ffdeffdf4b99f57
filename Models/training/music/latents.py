"""Training items as the VAE's latents, for the editor and the timbre classifier."""

import json
import pathlib
import random

import torch
from safetensors.torch import load_file

from ..loop import autocast
from ..networks import MelVAE, MelVAEConfig
from .features import Layout, filters, log_mel, stft
from .mixtures import Mixer, Replay
from .phrases import phrase
from .songs import RATE

FRAMES = 512
OPERATIONS = ["add", "add", "add", "extract", "remove"]


def load_vae(path: str) -> MelVAE:
    """A frozen VAE with its latents' mean and deviation from the `.json` beside exported weights,
    or from the `model.json` of a package."""
    beside = pathlib.Path(path).with_suffix(".json")
    if beside.exists():
        config = json.loads(beside.read_text())
    else:
        config = json.loads(beside.with_name("model.json").read_text())["config"]["vae"]
    vae = MelVAE(MelVAEConfig(**config))
    vae.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return vae.eval().requires_grad_(False)


#: Length of an item, seconds.
SECONDS = FRAMES * Layout.hop / RATE


def music(split: str, seed: int, augment: bool) -> Mixer:
    return Mixer(split, SECONDS, seed, augment)


class Batches:
    """Normalised latents of stem and context with the texts that ask for the answer; `mixer` draws
    items."""

    def __init__(self, vae: MelVAE, mixer, seed: int, reuse: int = 1):
        self.vae = vae
        self.layout = Layout()
        self.bank = filters(self.layout)
        self.mixer = mixer
        self.rng = random.Random(seed)
        self.replay = Replay(self.fresh, self.rng, reuse, keep=8000)

    @torch.no_grad()
    def latents(self, sounds: torch.Tensor) -> torch.Tensor:
        mel = log_mel(stft(sounds, self.layout), self.bank)[:, :FRAMES]
        with autocast():
            mean = self.vae.encode(mel)[0].float()
        return (mean - self.vae.config.latent_mean) / self.vae.config.latent_std

    def fresh(self) -> tuple:
        item = self.mixer.item(absent=0)
        sounds = [torch.from_numpy(x) for x in (item.stem, item.rest, item.stem + item.rest)]
        return item.operation, item.target, *self.latents(torch.stack(sounds))

    def draw(self, count: int, operations: list[str] = OPERATIONS) -> dict:
        items = self.replay.draw(count)
        answers, contexts, texts, used = [], [], [], []
        for own, target, stem, rest, mixture in items:
            operation = own or self.rng.choice(operations)
            answers.append(rest if operation == "remove" else stem)
            contexts.append(rest if operation in ("add", "replace") else mixture)
            texts.append(phrase(operation, target))
            used.append(operation)
        return {"answer": torch.stack(answers), "context": torch.stack(contexts), "texts": texts,
                "operations": used, "targets": [item[1] for item in items],
                "stem": torch.stack([item[2] for item in items])}
