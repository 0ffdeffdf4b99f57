"""Puts exported networks into the folder of a speech package.

    python -m Models.training.speech.package --from $AEDIT_WORK/export --out Models/speech --version 1
"""

import json
import shutil

import numpy as np

from ..package import package_flags, write_package
from .data import Speech
from .phonemes import Phonemes

#: What eight words in a row must reach: log of their phonemes' probabilities over the likeliest, a
#: frame. Lower than any right transcript of dev.
LEAST_FIT = -3.5


def durations() -> list[float]:
    """Mean seconds of each class in the train split, where times are known or were found."""
    phonemes = Phonemes()
    seconds = [[] for _ in phonemes.symbols]
    for entry in Speech("train", found_times=True).entries:
        for phones, times in zip(entry.phones, entry.phone_times or []):
            for phone, (start, end) in zip(phones, times):
                seconds[phone].append(end - start)
    every = float(np.mean([length for lengths in seconds for length in lengths]))
    return [round(float(np.mean(lengths)), 4) if len(lengths) >= 30 else round(every, 4)
            for lengths in seconds]


def main() -> None:
    options = package_flags(__doc__.splitlines()[0])
    components, config = {}, {}
    for component, exported in (("aligner", "aligner"), ("painter", "speech")):
        path = options.source / f"{exported}.safetensors"
        if not path.exists():
            print(f"left out: {component} ({path} is not there)")
            continue
        shutil.copyfile(path, options.out / f"{component}.safetensors")
        components[component] = f"{component}.safetensors"
        config[component] = json.loads(path.with_suffix(".json").read_text())
        config[component].pop("symbols")
    write_package(options.out, kind="speech", version=options.version,
                  licence="GPL-3.0-or-later", components=components, config=config,
                  symbols=Phonemes().symbols, durations=durations(),
                  defaults={"least_fit": LEAST_FIT})


if __name__ == "__main__":
    main()
