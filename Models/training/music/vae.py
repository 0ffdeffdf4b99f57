"""Trains the mel VAE.

    python -m Models.training.music.vae --run vae --minutes 60

Loss: L1 on normalised log-mel + KL to the standard normal. Judged on dev by L1 in nat.
"""

import dataclasses

import torch

from ..loop import Run, options
from ..networks import MelVAE, MelVAEConfig
from .features import Layout, filters, log_mel, stft
from .mixtures import Mixer
from .songs import RATE

FRAMES = 512


class Batches:
    """Log-mel crops [B, FRAMES, 128]: of mixtures, of single stems, of partial mixtures."""

    def __init__(self, split: str, seed: int, augment: bool):
        self.layout = Layout()
        self.bank = filters(self.layout)
        self.mixer = Mixer(split, FRAMES * self.layout.hop / RATE, seed, augment)

    def sound(self):
        draw = self.mixer.rng.random()
        item = self.mixer.item(absent=0)
        return item.stem if draw < 0.4 else item.rest if draw < 0.6 else item.stem + item.rest

    def mel(self, count: int) -> torch.Tensor:
        sounds = torch.stack([torch.from_numpy(self.sound()) for _ in range(count)])
        return log_mel(stft(sounds, self.layout), self.bank)[:, :FRAMES]


def statistics(module: MelVAE) -> dict:
    """The configuration with the mean and deviation of the latents of train crops."""
    with torch.no_grad():
        latents = module.encode(Batches("train", 2, augment=True).mel(64))[0]
    return dataclasses.asdict(module.config) | {
        "latent_mean": float(latents.mean()), "latent_std": float(latents.std())}


def main() -> None:
    flags = options(__doc__.splitlines()[0], 60).parse_args()
    config = MelVAEConfig()
    run = Run(MelVAE(config), flags, beside=statistics)
    train = Batches("train", run.step, augment=True)
    dev = Batches("dev", 1, augment=False).mel(64)

    def losses(module):
        mel = train.mel(flags.batch)
        mean, log_variance = module.encode(mel)
        mean, log_variance = mean.float(), log_variance.float()
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        l1 = (module.decode(latent).float() - mel).abs().mean() / config.mel_std
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
        return {"loss": l1 + 2e-4 * config.latent * kl / 8, "l1": l1 * config.mel_std, "kl": kl}

    def evaluate(module):
        mean, log_variance = module.encode(dev)
        loud = dev > dev.amax((1, 2), keepdim=True) - 6.9  # within 60 dB of the loudest cell
        error = (module.decode(mean) - dev).abs()
        return {"dev_l1": round(float(error.mean()), 4),
                "dev_l1_loud": round(float(error[loud].mean()), 4),
                "latent_std": round(float(mean.std()), 4),
                "noise_std": round(float((0.5 * log_variance).exp().mean()), 4)}

    run.train(losses, evaluate)


if __name__ == "__main__":
    main()
