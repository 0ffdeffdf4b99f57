"""Assembles `Models/music` from the exported components.

    python -m Models.training.music.package --from EXPORTS --out Models/music

EXPORTS holds `mask`, `editor`, `timbre`, `vae`, `vocoder` as `.safetensors` (those that are missing keep the
files that `--out` already has); `vae.json` beside the VAE holds its latents' mean and deviation.
"""

import dataclasses
import json
import shutil

from ..networks import MelVAEConfig, StemEditorConfig, TimbreConfig, VocoderConfig
from ..package import package_flags, write_package
from .masknet import MaskNetConfig
from .mixtures import TARGETS

COMPONENTS = {"mask": MaskNetConfig, "editor": StemEditorConfig, "timbre": TimbreConfig,
              "vae": MelVAEConfig, "vocoder": VocoderConfig}
#: Chosen on dev: see CARD.md.
DEFAULTS = {"presence_threshold": 0.5, "logit_scale": 0.7, "steps": 12, "guidance": 2.0,
            "song_guidance": 2.0, "takes": 4}


def main() -> None:
    flags = package_flags(__doc__.splitlines()[0])
    configs, files = {}, {}
    for name, config in COMPONENTS.items():
        path = flags.source / f"{name}.safetensors"
        target = flags.out / path.name
        if path.exists():
            shutil.copyfile(path, target)
        values = dataclasses.asdict(config())
        if path.with_suffix(".json").exists():
            values |= json.loads(path.with_suffix(".json").read_text())
        elif not path.exists() and (flags.out / "model.json").exists():
            values |= json.loads((flags.out / "model.json").read_text())["config"].get(name, {})
        configs[name] = values
        files[name] = target.name
    write_package(
        flags.out, kind="music", version=flags.version, licence="GPL-3.0-or-later",
        mel={"rate": 44100, "n_fft": 2048, "hop": 512, "bands": 128},
        components=files, config=configs, targets=TARGETS, defaults=DEFAULTS)


if __name__ == "__main__":
    main()
