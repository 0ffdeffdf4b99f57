"""The networks by PyTorch, as the Swift runtime runs them: for training checkpoints before they are
released, for the codec's round-trip rows, and as the peer in speed."""

import functools
import hashlib
import pathlib

import numpy as np
import soundfile
import torch

from Models.training.music import phases
from Models.training.music.features import Layout, filters, log_mel, stft
from Models.training.music.phrases import phrase

from .items import RATE, Item
from .masks import MaskEngine, as_tensor
from .weights import network, text_states


class Codec:
    """Log-mel, VAE, vocoder."""

    def __init__(self, folder: pathlib.Path):
        self.vae, self.vocoder = network(folder, "vae"), network(folder, "vocoder")
        self.layout = Layout()
        self.bank = filters(self.layout)

    @functools.cached_property
    def version(self) -> str:
        """A hash of the weights."""
        digest = hashlib.sha256()
        for module in (self.vae, self.vocoder):
            for value in module.state_dict().values():
                digest.update(value.numpy().tobytes())
        return digest.hexdigest()[:16]

    def encode(self, sound: np.ndarray) -> torch.Tensor:
        """[samples, channels] -> normalised latents [channels, N, 64], frames padded to fours."""
        mel = log_mel(stft(as_tensor(sound), self.layout), self.bank)
        mel = torch.nn.functional.pad(mel, (0, 0, 0, -mel.shape[1] % 4), value=float(np.log(1e-5)))
        c = self.vae.config
        return (self.vae.encode(mel)[0] - c.latent_mean) / c.latent_std

    def decode(self, latents: torch.Tensor, samples: int) -> np.ndarray:
        c = self.vae.config
        parts = self.vocoder(self.vae.decode(latents * c.latent_std + c.latent_mean))
        sound = phases.sound(parts[0], phases.phases(*parts), self.layout.hop)
        sound = torch.nn.functional.pad(sound, (0, max(0, samples - sound.shape[1])))
        return sound[:, :samples].numpy().T.astype(np.float64)

    @torch.no_grad()
    def __call__(self, sound: np.ndarray) -> np.ndarray:
        return self.decode(self.encode(sound), len(sound))


class Flow:
    """Samples the stem editor by Euler steps with guidance by text and song, chunk after chunk."""

    CHUNK, CARRIED = 128, 32  # latents: six seconds, of which one and a half are known from before

    def __init__(self, folder: pathlib.Path, steps: int = 12, text: float = 2.0, song: float = 2.0):
        self.codec, self.editor = Codec(folder), network(folder, "editor")
        self.steps, self.text, self.song = steps, text, song

    def chunk(self, context, known, known_mask, states, generator) -> torch.Tensor:
        """Context and known latents [B, N, 64] -> the answers' latents; `states` are those of B
        texts and of as many that guidance leads away from."""
        x = torch.randn(context.shape, generator=generator)
        (states, mask), count = states, len(context)
        states, mask = (torch.cat([part, part[count:]]) for part in (states, mask))
        contexts = torch.cat([context, context, torch.zeros_like(context)])
        for step in range(self.steps):
            t = torch.full((3 * count,), step / self.steps)
            asked, song, none = self.editor(
                x.repeat(3, 1, 1), t, contexts, known.repeat(3, 1, 1), known_mask.repeat(3, 1, 1),
                states, mask).float().chunk(3)
            velocity = none + self.song * (song - none) + self.text * (asked - song)
            x = x + velocity / self.steps
        return torch.where(known_mask > 0, known, x)

    @torch.no_grad()
    def __call__(self, sound: np.ndarray, instruction: str, seed: int) -> np.ndarray:
        """The answer to the instruction, mono: [samples, 1]."""
        text = text_states([instruction, ""])
        generator = torch.Generator().manual_seed(seed)
        context = self.codec.encode(sound.mean(1, keepdims=True))
        answer = torch.zeros_like(context)
        start, done = 0, 0
        while done < context.shape[1]:
            part = slice(start, min(start + self.CHUNK, context.shape[1]))
            known_mask = (torch.arange(part.start, part.stop) < done).float()[None, :, None]
            known = answer[:, part] * known_mask
            answer[:, part] = self.chunk(context[:, part], known, known_mask, text, generator)
            done = part.stop
            start = done - self.CARRIED
        return self.codec.decode(answer, len(sound))


class TorchEngine:
    """Edits items as the command would, but knows the operation."""

    def __init__(self, folder: pathlib.Path, method: str, flags: list[str]):
        torch.set_num_threads(1)
        self.folder, self.method = folder, method
        self.options = {key: float(value) for key, value in (flag.split("=") for flag in flags)}
        self.mask = self.flow = None

    def stem(self, item: Item, operation: str) -> np.ndarray:
        if operation == "add" or self.method == "diffusion":
            steps = int(self.options.get("steps", 12))
            self.flow = self.flow or Flow(self.folder, steps, self.options.get("guidance", 2.0),
                                          self.options.get("song_guidance", 2.0))
            sound = item.sound("rest" if operation == "add" else "mixture")
            return self.flow(sound, phrase(operation, item.target), 1)
        self.mask = self.mask or MaskEngine(self.folder)
        mixture = item.sound("mixture")
        spectrum, logits, _, _ = self.mask.analyse(mixture, [item.target])
        found = self.mask.apply(spectrum, logits[0].sigmoid(), len(mixture))
        return found if operation == "extract" else mixture - found

    def edit(self, item: Item, operation: str, out: pathlib.Path, stem: pathlib.Path) -> dict:
        found = self.stem(item, operation)
        whole = found + item.sound("rest") if operation == "add" else found
        soundfile.write(out, whole, RATE, "FLOAT")
        soundfile.write(stem, found, RATE, "FLOAT")
        return {"exit": 0, "said": f"torch, {self.method}"}
