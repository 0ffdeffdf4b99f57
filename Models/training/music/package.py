"""Assembles `Models/music` from the exported components.

    python -m Models.training.music.package --from EXPORTS --out Models/music

EXPORTS holds `mask`, `editor`, `harmony`, `timbre`, `vae`, `vocoder` as `.safetensors` (those that are missing keep the
files that `--out` already has); `vae.json` beside the VAE holds its latents' mean and deviation.
"""

from ..networks import HarmonyConfig, MelVAEConfig, TimbreConfig, VocoderConfig
from ..package import gathered, package_flags, write_package
from .attributes import ORDER
from .editor import CONFIG as EDITOR
from .masknet import MaskNetConfig
from .mixtures import MADE, SingingMixer

COMPONENTS = {"mask": MaskNetConfig(), "editor": EDITOR, "harmony": HarmonyConfig(),
              "timbre": TimbreConfig(), "vae": MelVAEConfig(), "vocoder": VocoderConfig()}
#: Chosen on dev: see CARD.md.
LEAST_LU = {"drums": -20.0, "bass": -22.0, "piano": -24.0, "strings": -24.0, "vocals": -16.0}
LEAST_LU |= {name: -25.5 for name in ("acoustic guitar", "electric guitar", "distorted guitar", "organ",
                                      "brass", "synth", "synth lead", "synth pad", "percussion", "choir")}
DEFAULTS = {"presence_threshold": 0.5, "logit_scale": 1.0, "share_weight": 0.75,
            "least_lu": LEAST_LU,
            "steps": 12, "guidance": 2.0, "song_guidance": 2.0, "takes": 4}


def main() -> None:
    flags = package_flags(__doc__.splitlines()[0])
    configs, files = gathered(flags.source, flags.out, COMPONENTS)
    write_package(
        flags.out, kind="music", version=flags.version, licence="GPL-3.0-or-later",
        mel={"rate": 44100, "n_fft": 2048, "hop": 512, "bands": 128},
        components=files, config=configs, targets=SingingMixer.wanted, made=MADE,
        attributes=ORDER, defaults=DEFAULTS)


if __name__ == "__main__":
    main()
