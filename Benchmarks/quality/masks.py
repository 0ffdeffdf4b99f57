"""Masks on the mixture's complex STFT: the trained network's by PyTorch, and the oracles."""

import pathlib

import numpy as np
import torch

from Models.training.music.features import Layout, filters, log_mel, spread, stft
from Models.training.networks import MaskNetConfig

from .weights import network, text_states

#: Frames the mask network was trained on; longer sounds are cut into chunks that overlap by half.
CHUNK_FRAMES = 256


def as_tensor(sound: np.ndarray) -> torch.Tensor:
    """[samples, channels] -> float32 [channels, samples]."""
    return torch.from_numpy(np.ascontiguousarray(sound.T)).float()


class Masking:
    """Carries masks on mel bands to the bins of an STFT and applies them."""

    def __init__(self, config: MaskNetConfig = MaskNetConfig()):
        self.layout = Layout(config.rate, config.n_fft, config.hop, config.bands)
        self.bank = filters(self.layout)
        self.spread = spread(self.bank)
        self.window = torch.hann_window(self.layout.n_fft)

    def inverse(self, spectrum: torch.Tensor, samples: int) -> np.ndarray:
        """Complex [channels, frames, bins] -> [samples, channels]."""
        sound = torch.istft(spectrum.transpose(1, 2), self.layout.n_fft, self.layout.hop,
                            window=self.window, length=samples)
        return sound.numpy().T.astype(np.float64)

    def apply(self, spectrum: torch.Tensor, mask: torch.Tensor, samples: int) -> np.ndarray:
        """`mask` is [frames, bands], one for all channels."""
        return self.inverse(spectrum * (mask @ self.spread), samples)

    def oracle(self, mixture: np.ndarray, stem: np.ndarray, bins: bool) -> np.ndarray:
        """The real mask in [0, 1] of least squared error, on the network's bands (one mask for all
        channels, as the network has) or on each bin of each channel, applied to the mixture."""
        mix, target = (stft(as_tensor(sound), self.layout) for sound in (mixture, stem))
        cross, energy = (mix.conj() * target).real, mix.abs().square()
        if bins:
            mask = (cross / energy.clamp_min(1e-12)).clamp(0, 1)
            return self.inverse(mix * mask, len(mixture))
        cross, energy = ((x @ self.spread.T).sum(0) for x in (cross, energy))
        mask = (cross / energy.clamp_min(1e-9)).clamp(0, 1)
        return self.apply(mix, mask, len(mixture))


class MaskEngine(Masking):
    """The mask network of a model package or of a training run (see `weights.network`)."""

    def __init__(self, folder: pathlib.Path, run: str | None = None):
        self.network = network(folder, "mask", run)
        super().__init__(self.network.config)

    @torch.no_grad()
    def logits(self, mel: torch.Tensor, instruction: str,
               chunk_frames: int = CHUNK_FRAMES) -> tuple[torch.Tensor, float]:
        """Log-mel [frames, bands] -> mask logits [frames, bands] and the mean presence logit.

        Chunks overlap by half and are joined with triangular weights."""
        text, text_mask = text_states([instruction])
        frames, hop = mel.shape[0], chunk_frames // 2
        count = max(1, -(-(frames - hop) // hop))
        padded = torch.nn.functional.pad(mel, (0, 0, 0, (count + 1) * hop - frames),
                                         value=float(np.log(1e-5)))
        chunks = padded.unfold(0, chunk_frames, hop).transpose(1, 2)  # [count, chunk, bands]
        logits, presence = self.network(chunks, text.expand(count, -1, -1),
                                        text_mask.expand(count, -1))
        ramp = 1 - (torch.arange(chunk_frames) + 0.5 - hop).abs() / hop
        total, weight = torch.zeros_like(padded), torch.zeros(len(padded), 1)
        for index in range(count):
            part = slice(index * hop, index * hop + chunk_frames)
            total[part] += ramp[:, None] * logits[index]
            weight[part] += ramp[:, None]
        return (total / weight)[:frames], float(presence.mean())

    def analyse(self, mixture: np.ndarray, instruction: str, **options):
        """The mixture's spectrum [channels, frames, bins], mask logits, presence logit and the
        mixture's energy by band [frames, bands]."""
        spectrum = stft(as_tensor(mixture), self.layout)
        mel = log_mel(stft(as_tensor(mixture).mean(0), self.layout), self.bank)
        logits, presence = self.logits(mel, instruction, **options)
        energy = (spectrum.abs().square() @ self.spread.T).sum(0)
        return spectrum, logits, presence, energy
