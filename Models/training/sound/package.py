"""Assembles `Models/sound` from the exported components.

    python -m Models.training.sound.package --from EXPORTS --out Models/sound --version 1

EXPORTS holds `mask` and `editor` as `.safetensors`; one that is missing keeps the file that `--out`
already has. The editor's VAE and vocoder are those of `Models/music`.
"""

from ..networks import StemEditorConfig
from ..package import gathered, package_flags, write_package
from .mask import CONFIG
from .mixtures import MADE, TARGETS

#: `least_lu` was chosen on dev: see CARD.md.
DEFAULTS = {"presence_threshold": 0.5, "logit_scale": 1.0, "least_lu": {"music": -17.5},
            "steps": 12, "guidance": 3.0, "song_guidance": 1.0, "takes": 1}


def main() -> None:
    flags = package_flags(__doc__.splitlines()[0])
    configs, files = gathered(flags.source, flags.out, {"mask": CONFIG, "editor": StemEditorConfig()})
    write_package(
        flags.out, kind="sound", version=flags.version, licence="GPL-3.0-or-later",
        components=files, config=configs, targets=TARGETS,
        made=MADE if "editor" in files else [], attributes=[], defaults=DEFAULTS)


if __name__ == "__main__":
    main()
