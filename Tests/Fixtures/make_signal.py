"""Parity fixtures of `Signal`: STFTs and mel spectrograms by torch, torchaudio and librosa.

Vocos, BigVGAN, Amphion and AudioLDM are re-stated here from their published descriptions.
Needs: pip install torch librosa safetensors; pip install --no-deps --target .venv/torchaudio torchaudio
"""

import sys
import types
from pathlib import Path

import librosa
import numpy as np
import torch
from safetensors.numpy import save_file

# torchaudio's compiled part wants CUDA libraries; its filters and transforms are Python.
extension = types.ModuleType("torchaudio._extension")
extension._IS_RIR_AVAILABLE = extension._IS_ALIGN_AVAILABLE = False
extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
extension.fail_if_no_align = lambda function: function
sys.modules["torchaudio._extension"] = extension
# It stands apart from the other packages, because transformers would load it without this.
sys.path.append(str(Path(__file__).parents[2] / ".venv/torchaudio"))
import torchaudio  # noqa: E402

FOLDER = Path(__file__).parent / "signal"


def test_signal(count: int = 12000) -> np.ndarray:
    """Chirp, noise, a click, then near silence: wide and narrow spectra at many levels."""
    rng = np.random.default_rng(7)
    t = np.arange(count) / count
    chirp = 0.4 * np.sin(2 * np.pi * 40 * (2 ** (6 * t) - 1))
    x = chirp + 0.02 * rng.standard_normal(count) + 0.2 * np.sin(t * 9000)
    x[3000] += 0.8
    x[9000:] *= 1e-3
    return x.astype(np.float32)


def numbers(x) -> np.ndarray:
    """[..., bands, frames] of a library -> our [frames, bands]."""
    x = x.numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
    return np.ascontiguousarray(x.squeeze().T.astype(np.float32))


def magnitudes(x, n_fft, hop, win, *, half_overlap, offset):
    """|STFT| [bins, frames] as the HiFi-GAN family computes it."""
    x = torch.from_numpy(x)[None]
    if half_overlap:
        pad = (n_fft - hop) // 2
        x = torch.nn.functional.pad(x[None], (pad, pad), mode="reflect")[0]
    spectrum = torch.stft(
        x, n_fft, hop, win, torch.hann_window(win), center=not half_overlap,
        return_complex=True)
    return torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + offset)[0]


def slaney_mel(x, *, rate, n_fft, hop, bands, half_overlap, offset):
    bank = torch.from_numpy(librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands))
    spectrum = magnitudes(x, n_fft, hop, n_fft, half_overlap=half_overlap, offset=offset)
    linear = bank @ spectrum
    return linear, linear.clamp(min=1e-5).log()


def vocos_mel(x):
    """mel-24khz: torchaudio, magnitude, centred, ln with clip 1e-7."""
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate=24000, n_fft=1024, hop_length=256, n_mels=100, center=True, power=1)
    linear = transform(torch.from_numpy(x))
    return linear, linear.clip(min=1e-7).log()


def make_mels(x):
    tensors = {}

    def add(name, pair):
        tensors[name + ".linear"], tensors[name + ".log"] = numbers(pair[0]), numbers(pair[1])

    add("vocos", vocos_mel(x))
    add("bigvgan", slaney_mel(
        x, rate=44100, n_fft=2048, hop=512, bands=128, half_overlap=True, offset=1e-9))
    add("audit", slaney_mel(
        x, rate=16000, n_fft=1024, hop=256, bands=80, half_overlap=True, offset=1e-9))
    add("audioldm", slaney_mel(
        x, rate=16000, n_fft=1024, hop=160, bands=64, half_overlap=False, offset=0))
    add("music", slaney_mel(
        x, rate=44100, n_fft=2048, hop=512, bands=128, half_overlap=False, offset=0))
    add("fine", slaney_mel(
        x, rate=44100, n_fft=4096, hop=1024, bands=256, half_overlap=False, offset=0))

    power = librosa.feature.melspectrogram(
        y=x, sr=22050, n_fft=1024, hop_length=300, win_length=800, n_mels=64, fmin=40, fmax=9000,
        htk=True, power=2)
    add("librosa", (power, librosa.power_to_db(power, amin=1e-10, top_db=None)))
    tensors["librosa.log10"] = numbers(np.log10(np.maximum(power, 1e-10)))
    amplitude = librosa.feature.melspectrogram(
        y=x, sr=22050, n_fft=512, hop_length=128, n_mels=40, power=1, norm=None, center=False)
    add("librosa1", (amplitude, librosa.amplitude_to_db(amplitude, amin=1e-5, top_db=None)))
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate=32000, n_fft=1024, hop_length=320, f_min=50, f_max=14000, n_mels=64,
        norm="slaney", mel_scale="slaney", power=2)
    linear = transform(torch.from_numpy(x))
    add("torchaudio", (linear, linear.clamp(min=1e-10).log()))
    return tensors


def make_filters():
    tensors = {}
    for scale in ("htk", "slaney"):
        for norm in (None, "slaney"):
            name = f"{scale}.{norm or 'none'}"
            tensors["librosa." + name] = librosa.filters.mel(
                sr=22050, n_fft=256, n_mels=24, fmin=30, fmax=10000, htk=scale == "htk", norm=norm)
            tensors["torchaudio." + name] = torchaudio.functional.melscale_fbanks(
                129, 30, 10000, 24, 22050, norm, scale).T.contiguous().numpy()
    tensors["vocos"] = torchaudio.functional.melscale_fbanks(
        513, 0, 12000, 100, 24000).T.contiguous().numpy()
    return tensors


def make_stfts(x):
    tensors = {}
    for name, n_fft, hop, win, centred in (
            ("centred", 512, 128, 512, True), ("narrow", 512, 100, 400, True),
            ("open", 256, 64, 256, False)):
        spectrum = torch.stft(
            torch.from_numpy(x[:1500]), n_fft, hop, win, torch.hann_window(win), center=centred,
            return_complex=True)
        tensors[name] = torch.view_as_real(spectrum.T.contiguous()).numpy()
        if centred:
            rng = torch.Generator().manual_seed(1)
            changed = spectrum * torch.rand(spectrum.shape, generator=rng)
            tensors[name + ".changed"] = torch.view_as_real(changed.T.contiguous()).numpy()
            tensors[name + ".inverse"] = torch.istft(
                changed, n_fft, hop, win, torch.hann_window(win), length=1500).numpy()
    return tensors


def main():
    FOLDER.mkdir(exist_ok=True)
    x = test_signal()
    save_file({"signal": x} | make_mels(x), FOLDER / "mel.safetensors")
    save_file(make_filters(), FOLDER / "filters.safetensors")
    save_file(make_stfts(x), FOLDER / "stft.safetensors")


if __name__ == "__main__":
    main()
