"""Assembles `Models/bandwidth` from the exported network.

    python -m Models.training.bandwidth.package --from EXPORTS --out Models/bandwidth --version 1
"""

import dataclasses
import shutil

from ..package import package_flags, write_package
from .network import HighBandConfig


def main() -> None:
    flags = package_flags(__doc__.splitlines()[0])
    shutil.copyfile(flags.source / "bands.safetensors", flags.out / "bands.safetensors")
    config = dataclasses.asdict(HighBandConfig())
    mel = {name: config[name] for name in ("rate", "n_fft", "hop", "bands")}
    write_package(flags.out, kind="bandwidth", version=flags.version, licence="GPL-3.0-or-later",
                  mel=mel, components={"bands": "bands.safetensors"}, config={"bands": config})


if __name__ == "__main__":
    main()
