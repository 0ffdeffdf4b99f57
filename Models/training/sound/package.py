"""Makes `Models/sound` of an exported mask network.

    python -m Models.training.sound.package --from mask.safetensors --out Models/sound --version 1
"""

import dataclasses
import shutil

from ..package import package_flags, write_package
from .mask import CONFIG
from .mixtures import TARGETS

#: To be chosen on dev: see CARD.md.
DEFAULTS = {"presence_threshold": 0.5, "logit_scale": 1.0}


def main() -> None:
    flags = package_flags(__doc__.splitlines()[0])
    shutil.copyfile(flags.source, flags.out / "mask.safetensors")
    write_package(
        flags.out, kind="sound", version=flags.version, licence="GPL-3.0-or-later",
        components={"mask": "mask.safetensors"}, config={"mask": dataclasses.asdict(CONFIG)},
        targets=TARGETS, defaults=DEFAULTS)


if __name__ == "__main__":
    main()
