"""Trains the stem editor: rectified flow in the VAE's latents, conditioned on mixture and text.

    python -m Models.training.music.editor --run editor --vae vae.safetensors --minutes 90

`add X` sees the song without X and makes the stem X; `extract X` sees the song and makes X;
`remove X` sees the song and makes the rest. A random part of the answer is sometimes given as known
(a prefix, or both ends), which is how long songs are carried from chunk to chunk.
"""

import json
import pathlib
import random

import torch
from safetensors.torch import load_file

from ..loop import Run, options
from ..networks import MelVAE, MelVAEConfig, StemEditor, StemEditorConfig
from .features import Layout, filters, log_mel, stft
from .mixtures import Mixer, Replay
from .phrases import Phrases, phrase
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


class Batches:
    """Normalised latents of stem and context with phrases."""

    def __init__(self, vae: MelVAE, split: str, seed: int, augment: bool, reuse: int = 1):
        self.vae = vae
        self.layout = Layout()
        self.bank = filters(self.layout)
        self.mixer = Mixer(split, FRAMES * self.layout.hop / RATE, seed, augment)
        self.phrases = Phrases()
        self.rng = random.Random(seed)
        self.replay = Replay(self.fresh, self.rng, reuse, keep=8000)

    @torch.no_grad()
    def latents(self, sounds: torch.Tensor) -> torch.Tensor:
        mel = log_mel(stft(sounds, self.layout), self.bank)[:, :FRAMES]
        with torch.autocast("cpu", torch.bfloat16):
            mean = self.vae.encode(mel)[0].float()
        return (mean - self.vae.config.latent_mean) / self.vae.config.latent_std

    def fresh(self) -> tuple:
        item = self.mixer.item(absent=0)
        sounds = [torch.from_numpy(x) for x in (item.stem, item.rest, item.stem + item.rest)]
        return item.target, *self.latents(torch.stack(sounds))

    def draw(self, count: int, operations: list[str] = OPERATIONS) -> dict:
        items = self.replay.draw(count)
        answers, contexts, texts, used = [], [], [], []
        for target, stem, rest, mixture in items:
            operation = self.rng.choice(operations)
            answers.append(rest if operation == "remove" else stem)
            contexts.append(rest if operation == "add" else mixture)
            texts.append(phrase(operation, target))
            used.append(operation)
        return {"answer": torch.stack(answers), "context": torch.stack(contexts), "texts": texts,
                "operations": used, "targets": [item[0] for item in items],
                "stem": torch.stack([item[1] for item in items])}


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


def main() -> None:
    parser = options(__doc__.splitlines()[0], 90)
    parser.add_argument("--vae", required=True, help="safetensors of the mel VAE")
    flags = parser.parse_args()
    run = Run(StemEditor(StemEditorConfig()), flags)
    vae = load_vae(flags.vae)
    train = Batches(vae, "train", run.step, augment=True, reuse=8)
    held = Batches(vae, "dev", 1, augment=False)
    dev = [held.draw(11, [operation]) for operation in ("add", "extract", "remove")
           for _ in range(4)]
    generator = torch.Generator().manual_seed(7)
    dev_noise = [torch.randn(batch["answer"].shape, generator=generator) for batch in dev]

    def flow_loss(module, batch, noise, t, known_mask, texts):
        answer = batch["answer"]
        text, text_mask = train.phrases(texts)
        at = t[:, None, None]
        noisy = (1 - at) * noise + at * answer
        velocity = module(noisy, t, batch["context"], answer * known_mask, known_mask, text,
                          text_mask)
        error = (velocity.float() - (answer - noise)).square().mean(-1, keepdim=True)
        wanted = 1 - known_mask
        return (error * wanted).sum((1, 2)) / wanted.sum((1, 2))

    def losses(module):
        batch = train.draw(flags.batch)
        t = torch.randn(flags.batch).sigmoid()
        # What guidance leads away from: another sound than the asked one, to another song.
        texts, heard = list(batch["texts"]), torch.ones(flags.batch, 1, 1)
        for row in range(flags.batch):
            draw = train.rng.random()
            if draw < 0.15:
                texts[row] = ""
            if 0.1 < draw < 0.35:
                heard[row] = 0
        batch["context"] = batch["context"] * heard
        noise = torch.randn_like(batch["answer"])
        known = known_part(batch["answer"], train.rng)
        return {"loss": flow_loss(module, batch, noise, t, known, texts).mean()}

    def evaluate(module):
        sums: dict[str, list[float]] = {}
        for batch, noise in zip(dev, dev_noise):
            t = torch.linspace(0.05, 0.95, len(noise))
            none = torch.zeros(*noise.shape[:2], 1)
            for row in flow_loss(module, batch, noise, t, none, batch["texts"]).tolist():
                sums.setdefault("dev_" + batch["operations"][0], []).append(row)
        return {name: round(sum(rows) / len(rows), 4) for name, rows in sums.items()}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
