"""SI-SDR improvements of a run alone, in seconds: a quick look before the whole table.

    python -m Benchmarks.quality.gains --items DIR --run RESULTS/ours
"""

import argparse
import pathlib

import numpy as np

from .items import COUNTS, load
from .metrics import si_sdr
from .rows import OPERATIONS, Edited
from .table import BARS, markdown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=pathlib.Path, required=True)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    options = parser.parse_args()
    run, items = Edited(options.run), load(options.items)
    gains = {operation: {} for operation in OPERATIONS}
    for item in items:
        for operation, name in (("extract", "stem"), ("remove", "rest")):
            if run.stamp(item, operation):
                truth = item.sound(name)
                gains[operation].setdefault(item.target, []).append(
                    si_sdr(run.sound(item, operation), truth)
                    - si_sdr(item.sound("mixture"), truth))
    body = []
    for operation, found in gains.items():
        groups = {target: found[target] for target in COUNTS if target in found}
        groups["drums, bass, guitar"] = sum((found.get(target, []) for target in BARS), [])
        groups["all"] = sum(found.values(), [])
        body += [[operation, name, len(v), float(np.mean(v)), float(np.median(v)),
                  f"{100 * np.mean(np.array(v) < -0.005):.0f}%"]
                 for name, v in groups.items() if v]
    print(markdown(["operation", "target", "items", "SI-SDRi mean", "median",
                    "worse than nothing"], body))


if __name__ == "__main__":
    main()
