"""Puts exported networks into the folder of a speech package.

    python -m Models.training.speech.package --from $AEDIT_WORK/export --out Models/speech --version 1
"""

import json
import shutil

from ..package import package_flags, write_package
from .phonemes import Phonemes

#: What eight words in a row must reach: log of their phonemes' probabilities over the likeliest, a
#: frame. Lower than any right transcript of dev.
LEAST_FIT = -3.5


def main() -> None:
    options = package_flags(__doc__.splitlines()[0])
    components, config = {}, {}
    for component in ("aligner", "tempo", "painter"):
        path = options.source / f"{component}.safetensors"
        if not path.exists():
            print(f"left out: {component} ({path} is not there)")
            continue
        shutil.copyfile(path, options.out / f"{component}.safetensors")
        components[component] = f"{component}.safetensors"
        config[component] = json.loads(path.with_suffix(".json").read_text())
        config[component].pop("symbols", None)
    write_package(options.out, kind="speech", version=options.version,
                  licence="GPL-3.0-or-later", components=components, config=config,
                  symbols=Phonemes().symbols, defaults={"least_fit": LEAST_FIT})


if __name__ == "__main__":
    main()
