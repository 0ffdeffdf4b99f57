"""Dev figures and pictures of a vocoder.

    python -m Models.training.music.vocoder_judge vocoder.safetensors [--pictures FOLDER] [--vae vae.safetensors]

Rows: the vocoder at several noise temperatures; what its magnitudes reach with the true phases, and
its phases with the true magnitudes; Griffin-Lim on its magnitudes. Columns: L1 of the re-analysed
log-mel (nat), and for STFTs of 512, 2048 and 8192 the L1 of log-magnitudes (nat) and the relative
error of magnitudes. The 8192 column shows buzz: energy between the partials of steady tones.
"""

import argparse
import pathlib

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file

from ..networks import Vocoder, VocoderConfig
from .features import filters, log_mel, stft
from .phases import phases, sound
from .vocoder import LAYOUT, Sounds, decoded, load_vae

SIZES = (512, 2048, 8192)
FRAMES = 192


def load(path: str) -> Vocoder:
    module = Vocoder(VocoderConfig())
    if path.endswith(".pt"):
        module.load_state_dict(torch.load(path, weights_only=True)["average"])
    else:
        module.load_state_dict({name: w.float() for name, w in load_file(path).items()})
    return module.eval()


def magnitudes(samples: torch.Tensor, n_fft: int) -> torch.Tensor:
    window = torch.hann_window(n_fft)
    return torch.stft(samples, n_fft, n_fft // 4, window=window, return_complex=True).abs()


class Table:
    def __init__(self, true: torch.Tensor, bank: torch.Tensor):
        self.true, self.bank = true, bank
        self.mel = log_mel(stft(true, LAYOUT), bank)
        self.spectra = {n: magnitudes(true, n) for n in SIZES}

    def row(self, made: torch.Tensor) -> list[float]:
        values = [(log_mel(stft(made, LAYOUT), self.bank) - self.mel).abs().mean()]
        for n, b in self.spectra.items():
            a, floor = magnitudes(made, n), 1e-3 * n**0.5
            values.append(((a + floor).log() - (b + floor).log()).abs().mean())
            values.append((a - b).norm() / b.norm())
        return [float(v) for v in values]

    def show(self, name: str, made: torch.Tensor) -> None:
        print(f"{name:28}" + " ".join(f"{v:7.3f}" for v in self.row(made)), flush=True)


def griffin_lim(log_magnitude, vector, rounds: int) -> torch.Tensor:
    for _ in range(rounds):
        spectrum = stft(sound(log_magnitude, vector, LAYOUT.hop), LAYOUT)
        vector = spectrum / spectrum.abs().clamp_min(1e-9)
    return sound(log_magnitude, vector, LAYOUT.hop)


def pictures(folder: pathlib.Path, true: torch.Tensor, made: torch.Tensor) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plot

    folder.mkdir(parents=True, exist_ok=True)
    for i, (a, b) in enumerate(zip(true, made)):
        figure, axes = plot.subplots(2, 2, figsize=(16, 9), sharex=True)
        for column, (n_fft, top) in enumerate([(2048, 22050), (8192, 3000)]):
            for axis, samples in zip(axes[:, column], (a, b)):
                db = 20 * (magnitudes(samples, n_fft) / n_fft * 4 + 1e-7).log10().numpy()
                axis.imshow(db[: int(top / 44100 * n_fft)], origin="lower", aspect="auto",
                            vmin=-100, vmax=0, extent=(0, len(a) / 44100, 0, top))
        figure.tight_layout()
        figure.savefig(folder / f"{i}.png", dpi=60)
        plot.close(figure)
        soundfile.write(folder / f"{i}.wav", np.concatenate([a, b]), LAYOUT.rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("--items", type=int, default=16)
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--vae", help="judge on mels that this VAE has decoded")
    parser.add_argument("--all", action="store_true", help="also the rows with true parts")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    bank = filters(LAYOUT)
    pool = Sounds("dev", 1, augment=False, pool=flags.items).pool
    true = torch.from_numpy(np.stack([s[: (FRAMES - 1) * LAYOUT.hop] for s in pool]))
    table = Table(true, bank)
    mel = decoded(load_vae(flags.vae), table.mel) if flags.vae else table.mel
    with torch.no_grad():
        log_magnitude, advance, slope = load(flags.weights)(mel)
    made = {}
    for temperature in (0.0, 0.3, 1.0):
        made[temperature] = vector = phases(log_magnitude, advance, slope, temperature)
        table.show(f"temperature {temperature}", sound(log_magnitude, vector, LAYOUT.hop))
    if flags.all:
        spectrum = stft(true, LAYOUT)
        table.show("true phases", sound(log_magnitude, spectrum / spectrum.abs().clamp_min(1e-9),
                                        LAYOUT.hop))
        true_log = (spectrum.abs() + 2e-4).log()
        table.show("true magnitudes", sound(true_log, made[0.3], LAYOUT.hop))
        table.show("+ 4 rounds Griffin-Lim", griffin_lim(log_magnitude, made[0.3], 4))
        random = torch.polar(torch.ones(true_log.shape), 6.2832 * torch.rand(true_log.shape))
        table.show("random phases", sound(log_magnitude, random, LAYOUT.hop))
        table.show("32 rounds Griffin-Lim", griffin_lim(log_magnitude, random, 32))
    if flags.pictures:
        pictures(flags.pictures, true, sound(log_magnitude, made[0.3], LAYOUT.hop))


if __name__ == "__main__":
    main()
