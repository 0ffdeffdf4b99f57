"""Training items as the VAE's latents, for the editor and the timbre classifier."""

import json
import pathlib
import random

import torch
from safetensors.torch import load_file

from ..loop import autocast
from ..networks import Harmony, HarmonyConfig, MelVAE, MelVAEConfig
from .attributes import Describer, measures
from .features import Layout, filters, log_mel, stft
from .harmony import HOP, Hearing
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


def load_harmony(path: str) -> Harmony:
    """The frozen head."""
    head = Harmony(HarmonyConfig())
    head.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return head.eval().requires_grad_(False)


#: Length of an item, seconds.
SECONDS = FRAMES * Layout.hop / RATE


def music(split: str, seed: int, augment: bool) -> Mixer:
    return Mixer(split, SECONDS, seed, augment)


class Batches:
    """Normalised latents of stem and context with the texts that ask for the answer; `mixer` draws
    items of `frames` mel frames. With a harmony head, a batch also has `harmony` [B, N, 27], as the head
    tells it from what the editor hears, and `played`, as it does from the whole song, stem and all.
    `describes`: texts of `add` also say what the stem is like."""

    def __init__(self, vae: MelVAE, mixer, seed: int, reuse: int = 1, frames: int = FRAMES,
                 head: Harmony | None = None, describes: bool = False):
        self.vae, self.frames, self.head = vae, frames, head
        self.layout = Layout()
        self.bank = filters(self.layout)
        self.mixer = mixer
        self.rng = random.Random(seed)
        self.hearing = Hearing()
        self.describer = Describer(self.rng) if describes else None
        self.replay = Replay(self.fresh, self.rng, reuse, keep=8000 * FRAMES // frames)

    @torch.no_grad()
    def latents(self, sounds: torch.Tensor) -> torch.Tensor:
        mel = log_mel(stft(sounds, self.layout), self.bank)[:, : self.frames]
        with autocast():
            mean = self.vae.encode(mel)[0].float()
        return (mean - self.vae.config.latent_mean) / self.vae.config.latent_std

    @torch.no_grad()
    def harmony(self, sound: torch.Tensor) -> torch.Tensor:
        """[samples] -> probabilities [N, 27]."""
        rows = self.frames * self.layout.hop // HOP
        features = self.hearing(sound, rows)
        with autocast():
            chords, beats = self.head(features[None])
        return torch.cat([chords.float().softmax(-1), beats.float().sigmoid()], -1)[0]

    def fresh(self) -> tuple:
        item = self.mixer.item(absent=0)
        sounds = [torch.from_numpy(x) for x in (item.stem, item.rest, item.stem + item.rest)]
        told = [self.harmony(sound) for sound in sounds[1:]] if self.head else []
        values = measures(item.stem) if self.describer else {}
        if self.describer:
            self.describer.learn(item.target, values)
        return item.operation, item.target, *self.latents(torch.stack(sounds)), told, values

    def draw(self, count: int, operations: list[str] = OPERATIONS) -> dict:
        items = self.replay.draw(count)
        answers, contexts, texts, used, told = [], [], [], [], []
        for own, target, stem, rest, mixture, harmony, values in items:
            operation = own or self.rng.choice(operations)
            hears_rest = operation in ("add", "replace")
            answers.append(rest if operation == "remove" else stem)
            contexts.append(rest if hears_rest else mixture)
            words = self.describer.words(target, values) if self.describer else []
            texts.append(phrase(operation, target, words))
            used.append(operation)
            if harmony:
                told.append((harmony[0 if hears_rest else 1], harmony[1]))
        batch = {"answer": torch.stack(answers), "context": torch.stack(contexts), "texts": texts,
                 "operations": used, "targets": [item[1] for item in items],
                 "stem": torch.stack([item[2] for item in items])}
        if told:
            batch["harmony"], batch["played"] = (torch.stack(rows) for rows in zip(*told))
        return batch
