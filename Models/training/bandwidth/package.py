"""Assembles `Models/bandwidth` from the exported network.

    python -m Models.training.bandwidth.package --from EXPORTS --out Models/bandwidth --version 1
"""

import argparse
import dataclasses
import pathlib
import shutil

from ..package import write_package
from .network import HighBandConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(flags.source / "bands.safetensors", flags.out / "bands.safetensors")
    config = dataclasses.asdict(HighBandConfig())
    mel = {name: config[name] for name in ("rate", "n_fft", "hop", "bands")}
    write_package(flags.out, kind="bandwidth", version=flags.version, licence="GPL-3.0-or-later",
                  mel=mel, components={"bands": "bands.safetensors"}, config={"bands": config})


if __name__ == "__main__":
    main()
