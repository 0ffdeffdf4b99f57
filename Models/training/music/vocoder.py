"""Trains the vocoder.

    python -m Models.training.music.vocoder --run vocoder --minutes 100 --batch 12

Loss: quantile loss on the true STFT's log-magnitudes (L1 makes noise 1.2 dB too soft) and the
squared error of the phase steps as unit vectors, weighted by magnitude. With `--vae` a share of
the mels of the last third of the run have gone through the VAE, while the targets stay true: what
it blurs shall not sound. Judged on dev.
"""

import random

import numpy as np
import torch
from safetensors.torch import load_file

from ..loop import Run, autocast, options
from ..networks import MelVAE, MelVAEConfig, Vocoder, VocoderConfig
from .features import Layout, filters, log_mel, spread, stft
from .mixtures import Mixer
from .phases import FLOOR
from .recordings import Recordings
from .songs import RATE

FRAMES = 80
EDGE = 2  # frames at a crop's ends that see the STFT's padding
LAYOUT = Layout()
RMS = 0.63  # quantile of noise's magnitudes (Rayleigh) at which their root mean square lies
DECODED = 0.35  # share of decoded mels in the last third


def tones(samples: int, rng: random.Random) -> np.ndarray:
    """One to three steady or vibrating harmonic notes without noise, as synthesizers make them."""
    seconds = np.arange(samples, dtype=np.float32) / RATE
    total = np.zeros(samples, np.float32)
    for _ in range(rng.randint(1, 3)):
        hz = 55 * 2 ** rng.uniform(0, 5.5)
        vibrato = rng.choice([0, 0, rng.uniform(0, 0.01)]) * hz / (2 * np.pi * 5.5)
        angle = 2 * np.pi * (np.float64(hz) * seconds) + 2 * np.pi * vibrato * np.sin(
            2 * np.pi * 5.5 * seconds)
        turn = np.exp(1j * (angle % (2 * np.pi))).astype(np.complex64)
        fall, even = rng.uniform(0.3, 2), rng.choice([1, 1, 0.1])
        wave, partial = np.zeros(samples, np.float32), np.ones_like(turn)
        for h in range(1, min(24, int(RATE / 2.1 / hz)) + 1):
            partial = partial * turn
            level = h**-fall * rng.uniform(0.3, 1) * (even if h % 2 == 0 else 1)
            start = np.complex64(np.exp(2j * np.pi * rng.random()))
            wave += np.float32(level) * (partial * start).real
        since = seconds - rng.choice([0, rng.uniform(0, 2)])
        attack = np.clip(since / rng.uniform(0.002, 0.2), 0, 1)
        total += wave * attack * np.exp(-np.maximum(since, 0) * rng.choice([0, rng.uniform(0, 4)]))
    return total


class Sounds:
    """Crops [B, samples] from a pool of longer sounds, a few of which are replaced each draw:
    single stems, partial and whole mixtures, recordings; in training also synthetic tones."""

    def __init__(self, split: str, seed: int, augment: bool, seconds: float = 3, pool: int = 192):
        self.rng = random.Random(seed)
        self.mixer = Mixer(split, seconds, seed + 1, augment)
        self.recordings = Recordings(split, self.rng)
        self.pool = [self.draw() for _ in range(pool)]

    def draw(self) -> np.ndarray:
        kind = self.rng.random()
        if self.mixer.augment and self.rng.random() < 0.12:
            sound = tones(self.mixer.samples, self.rng)
        elif kind < 0.3 and self.recordings.pieces:
            sound = self.recordings.crop(self.mixer.samples)
        else:
            item = self.mixer.item(absent=0)
            sound = (item.stem if kind < 0.65 else item.rest if kind < 0.8 else
                     item.stem + item.rest)
        if self.mixer.augment:
            peak = max(1e-3, float(np.abs(sound).max()))
            sound = sound * np.float32(10 ** (self.rng.uniform(-24, -0.2) / 20) / peak)
        return sound

    def batch(self, count: int, samples: int, fresh: int = 2) -> torch.Tensor:
        for _ in range(fresh):
            self.pool[self.rng.randrange(len(self.pool))] = self.draw()
        crops = []
        for sound in self.rng.choices(self.pool, k=count):
            start = self.rng.randrange(max(1, len(sound) - samples))
            crops.append(torch.from_numpy(sound[start : start + samples]))
        return torch.stack(crops)


class Targets:
    """What the network should say of sounds [B, samples]; edge frames are dropped."""

    def __init__(self, sound: torch.Tensor, bank: torch.Tensor):
        spectrum = stft(sound, LAYOUT)[:, EDGE:-EDGE]
        self.mel = log_mel(spectrum, bank)
        bins = torch.arange(spectrum.shape[-1])
        magnitude = spectrum.abs()
        unit = spectrum / magnitude.clamp_min(1e-9) * (1 - 2 * (bins % 2))
        turn = torch.polar(torch.ones(len(bins)), -2 * torch.pi * (bins * LAYOUT.hop %
                           LAYOUT.n_fft) / LAYOUT.n_fft)
        self.log_magnitude = (magnitude + FLOOR).log()
        self.advance = unit[:, 1:] * unit[:, :-1].conj() * turn
        self.slope = unit[..., 1:] * unit[..., :-1].conj()
        # A third of the weight each by the square roots of magnitudes, by magnitudes and by
        # energies relative to the crop's, as what is loud decides how steady tones sound.
        root, share = magnitude.sqrt(), magnitude / magnitude.mean((1, 2), keepdim=True).clamp_min(
            FLOOR)
        energy = share.square() / share.square().mean((1, 2), keepdim=True).clamp_min(1e-9)
        self.weight = root / root.mean().clamp_min(FLOOR) + share + energy
        self.advance_weight = (self.weight[:, 1:] * self.weight[:, :-1]).sqrt()
        self.slope_weight = (self.weight[..., 1:] * self.weight[..., :-1]).sqrt()

    def losses(self, log_magnitude, advance, slope) -> dict[str, torch.Tensor]:
        difference = self.log_magnitude - log_magnitude
        error = torch.maximum(2 * RMS * difference, 2 * (RMS - 1) * difference)
        loud = (error * self.weight).sum() / self.weight.sum()

        def steps(made, true, weight):
            return ((torch.view_as_real(made) - torch.view_as_real(true)).square().sum(-1) *
                    weight).sum() / weight.sum()

        values = {"magnitude": error.mean(), "loud": loud,
                  "advance": steps(advance[:, 1:], self.advance, self.advance_weight),
                  "slope": steps(slope[..., :-1], self.slope, self.slope_weight)}
        return {"loss": sum(values.values()), **values}


def load_vae(path: str) -> MelVAE:
    vae = MelVAE(MelVAEConfig())
    vae.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return vae.eval().requires_grad_(False)


def decoded(vae: MelVAE, mel: torch.Tensor, noise: float = 0.0) -> torch.Tensor:
    """Log-mels [B, T, bands] (T a multiple of 4) through the VAE."""
    with torch.no_grad(), autocast():
        mean = vae.encode(mel)[0].float()
        return vae.decode(mean + noise * torch.randn_like(mean)).float().clamp_min(-11.5129)


def main() -> None:
    parser = options(__doc__.splitlines()[0], 100)
    parser.add_argument("--vae", help="safetensors of the mel VAE")
    flags = parser.parse_args()
    bank = filters(LAYOUT)
    module = Vocoder(VocoderConfig())
    with torch.no_grad():
        # Bands to bins by interpolation; log(|X|) is about the log-mel + 3.
        module.skip.weight.copy_(spread(bank).T)
        module.skip.bias.fill_(float(-bank.sum(1).log().mean()))
        module.out.weight.mul_(0.5)
    run = Run(module, flags)
    train = Sounds("train", run.step, augment=True)
    samples = (252 + 2 * EDGE - 1) * LAYOUT.hop
    judge = [Targets(torch.from_numpy(np.stack(part)[:, :samples]), bank)
             for part in np.array_split(Sounds("dev", 1, augment=False, pool=48).pool, 8)]
    vae = load_vae(flags.vae) if flags.vae else None

    def losses(module):
        sound = train.batch(flags.batch, (FRAMES + 2 * EDGE - 1) * LAYOUT.hop)
        with torch.autocast("cpu", enabled=False):
            targets = Targets(sound, bank)
        mel = targets.mel
        if vae and run.seconds > 40 * flags.minutes:
            share = round(DECODED * flags.batch)
            mel = torch.cat([decoded(vae, mel[:share], noise=0.1), mel[share:]])
        parts = module(mel)
        with torch.autocast("cpu", enabled=False):
            return targets.losses(*parts)

    def figures(module, prefix, change):
        rows = [targets.losses(*module(change(targets.mel))) for targets in judge]
        return {prefix + name: round(float(sum(row[name] for row in rows)) / len(rows), 4)
                for name in rows[0]}

    def evaluate(module):
        values = figures(module, "dev_", lambda mel: mel)
        if vae:
            values |= figures(module, "dev_decoded_", lambda mel: decoded(vae, mel))
        return values

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
