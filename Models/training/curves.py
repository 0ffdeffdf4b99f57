"""Draws the logs of all training runs: `$AEDIT_WORK/runs/<name>/log.jsonl` -> `log.png`."""

import json

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .work import WORK


def main() -> None:
    for log in sorted((WORK / "runs").glob("*/log.jsonl")):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        names = sorted({name for line in lines for name in line} - {"step", "minutes", "rate"})
        columns = 4
        rows = -(-len(names) // columns)
        figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 2.6 * rows), squeeze=False)
        for axis, name in zip(axes.flat, names):
            points = [(line["minutes"], line[name]) for line in lines if name in line]
            axis.plot(*zip(*points), ".-")
            axis.set_title(name)
            axis.grid(alpha=0.3)
        for axis in axes.flat[len(names):]:
            axis.axis("off")
        figure.tight_layout()
        figure.savefig(log.with_suffix(".png"), dpi=80)
        plt.close(figure)
        print(log.with_suffix(".png"))


if __name__ == "__main__":
    main()
