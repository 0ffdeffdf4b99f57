"""Masks on the mixture's complex STFT: the trained network's by PyTorch, and the oracles."""

import pathlib

import numpy as np
import torch

from Models.training.music.features import Layout, filters, spread, stereo, stft
from Models.training.music.masknet import MaskNetConfig
from Models.training.music.phrases import phrase

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
        """`mask` is [channels, frames, bands]."""
        return self.inverse(spectrum * (mask @ self.spread), samples)

    def oracle(self, mixture: np.ndarray, stem: np.ndarray, bins: bool) -> np.ndarray:
        """The real mask in [0, 1] of least squared error for each channel, on the network's bands or
        on each bin, applied to the mixture."""
        mix, target = (stft(as_tensor(sound), self.layout) for sound in (mixture, stem))
        cross, energy = (mix.conj() * target).real, mix.abs().square()
        if bins:
            mask = (cross / energy.clamp_min(1e-12)).clamp(0, 1)
            return self.inverse(mix * mask, len(mixture))
        cross, energy = (x @ self.spread.T for x in (cross, energy))
        mask = (cross / energy.clamp_min(1e-9)).clamp(0, 1)
        return self.apply(mix, mask, len(mixture))


class MaskEngine(Masking):
    """The mask network of a model package or of a training run (see `weights.network`)."""

    def __init__(self, folder: pathlib.Path, run: str | None = None):
        self.network = network(folder, "mask", run)
        super().__init__(self.network.config)

    @torch.no_grad()
    def logits(self, features: torch.Tensor, targets: list[str],
               chunk_frames: int = CHUNK_FRAMES) -> tuple[torch.Tensor, list[float]]:
        """`features.stereo` [frames, bands, 3] -> mask logits [targets, frames, bands, 2] and the
        mean presence logits.

        Chunks overlap by half and are joined with triangular weights."""
        text, text_mask = text_states([phrase("extract", target) for target in targets])
        frames, hop, each = features.shape[0], chunk_frames // 2, len(targets)
        count = max(1, -(-(frames - hop) // hop))
        missing = (count + 1) * hop - frames
        silence = torch.tensor([np.log(1e-5), 0, 0]).float().expand(missing, features.shape[1], 3)
        padded = torch.cat([features, silence])
        chunks = padded.unfold(0, chunk_frames, hop).permute(0, 3, 1, 2)
        logits, presence = self.network(chunks, text.repeat(count, 1, 1),
                                        text_mask.repeat(count, 1))
        ramp = (1 - (torch.arange(chunk_frames) + 0.5 - hop).abs() / hop)[:, None, None]
        total = torch.zeros(each, len(padded), *logits.shape[2:])
        weight = torch.zeros(len(padded), 1, 1)
        for index in range(count):
            part = slice(index * hop, index * hop + chunk_frames)
            total[:, part] += ramp * logits[index * each : (index + 1) * each]
            weight[part] += ramp
        return (total / weight)[:, :frames], presence.view(count, each).mean(0).tolist()

    def analyse(self, mixture: np.ndarray, targets: list[str], **options):
        """The mixture's spectrum [channels, frames, bins], mask logits [targets, channels, frames,
        bands], presence logits and the mixture's energy by band [channels, frames, bands]."""
        spectrum = stft(as_tensor(mixture), self.layout)
        heard = stereo(spectrum.expand(2, -1, -1), self.bank, self.spread)
        logits, presence = self.logits(heard, targets, **options)
        logits = logits.permute(0, 3, 1, 2)
        if len(spectrum) == 1:
            logits = logits.mean(1, keepdim=True)
        return spectrum, logits, presence, spectrum.abs().square() @ self.spread.T
