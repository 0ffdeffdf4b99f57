"""Makes the quality tables from the runs' results.

    python -m Benchmarks.quality.table --items DIR --results DIR [--codec PACKAGE] \\
        [--markdown FILE] [--json FILE]

Every folder of `--results` that `run` wrote is a row, beside the fixed rows. `--codec` names a
model package (with `vae` and `vocoder`) for the round-trip rows.
"""

import argparse
import json
import pathlib

import numpy as np
import torch

from . import adding, rows
from .items import COUNTS, Item, load
from .metrics import frechet
from .scores import Kept, kl, separation

BARS = ("drums", "bass", "guitar")
FAD = "FAD (musicnn)"


def markdown(header: list[str], body: list[list]) -> str:
    def cell(value):
        return f"{value:.2f}" if isinstance(value, float) else str(value)
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


class Separation:
    """Scores of all rows on remove and extract."""

    def __init__(self, items: list[Item], sources: list, cache: pathlib.Path):
        from .musicnn import Musicnn
        musicnn = Musicnn()
        self.items, self.scores = items, {}
        self.sources = {source.name: source for source in sources}
        for operation in rows.OPERATIONS:
            truth = {}
            kept = Kept(cache / "truth.jsonl")
            name = "stem" if operation == "extract" else "rest"
            for item in items:
                def make():
                    embeddings, tags = musicnn(item.sound(name))
                    return {"embeddings": np.round(embeddings, 4).tolist(),
                            "tags": np.round(tags, 4).tolist()}
                truth[item.id] = kept.get(f"{item.id} {name}", "1", make)
            self.scores[operation] = {"truth": truth}
            for source in sources:
                kept = Kept(cache / f"{source.name}.jsonl")
                found = {}
                for item in items:
                    stamp = source.stamp(item, operation)
                    if stamp is not None:
                        found[item.id] = kept.get(
                            f"{item.id} {operation}", stamp, lambda: separation(
                                item, operation, source.result(item, operation), musicnn))
                if found:
                    self.scores[operation][source.name] = found

    def summary(self, operation: str, name: str) -> dict:
        found, truth = self.scores[operation][name], self.scores[operation]["truth"]
        gains = {target: [found[item.id]["si_sdri"] for item in self.items
                          if item.target == target and item.id in found] for target in COUNTS}
        bars = sum((gains[target] for target in BARS), [])
        every = sum(gains.values(), [])
        column = {key: [row[key] for row in found.values()]
                  for key in ("si_sdr", "lsd", "ssim", "tags")}
        reference = [truth[key] for key in found]
        embeddings = [np.concatenate([row["embeddings"] for row in side])
                      for side in (found.values(), reference)]
        return {
            "items": len(found),
            "SI-SDR": float(np.mean(column["si_sdr"])),
            "SI-SDRi": float(np.mean(every)), "SI-SDRi median": float(np.median(every)),
            "SI-SDRi d/b/g": float(np.mean(bars)) if bars else float("nan"),
            "SI-SDRi d/b/g median": float(np.median(bars)) if bars else float("nan"),
            "worse than nothing": float(np.mean(np.array(every) < -0.005)),
            "LSD": float(np.mean(column["lsd"])), "SSIM": float(np.mean(column["ssim"])),
            FAD: frechet(*embeddings),
            "KL": kl(np.array([row["tags"] for row in reference]), np.array(column["tags"])),
            "by instrument": {target: {"items": len(v), "mean": float(np.mean(v)),
                                       "median": float(np.median(v))}
                              for target, v in gains.items() if v},
            **self.facts(operation, name),
        }

    def facts(self, operation: str, name: str) -> dict:
        source = self.sources[name]
        return source.facts(operation) if isinstance(source, rows.Edited) else {}

    def tables(self) -> tuple[str, dict]:
        text, values = [], {}
        for operation in rows.OPERATIONS:
            names = [name for name in self.scores[operation] if name != "truth"]
            values[operation] = {name: self.summary(operation, name) for name in names}
            text += [f"\n## {operation}\n", self.overview(values[operation]),
                     "\nSI-SDRi by instrument, mean (median), dB:\n",
                     self.by_instrument(values[operation])]
        return "\n".join(text), values

    @staticmethod
    def overview(values: dict) -> str:
        keys = ["items", "SI-SDR", "SI-SDRi", "SI-SDRi median", "SI-SDRi d/b/g",
                "SI-SDRi d/b/g median", "worse than nothing", "LSD", "SSIM", FAD, "KL"]
        body = []
        for name, row in values.items():
            shown = dict(row) | {"worse than nothing": f"{100 * row['worse than nothing']:.0f}%"}
            effect = f"{100 * row['no effect']:.0f}%" if "no effect" in row else "–"
            body.append([name, *(shown[key] for key in keys), effect])
        return markdown(["row", *keys, "left alone"], body)

    @staticmethod
    def by_instrument(values: dict) -> str:
        targets = list(next(iter(values.values()))["by instrument"])
        counts = next(iter(values.values()))["by instrument"]
        body = [[name, *(f"{cell['mean']:.1f} ({cell['median']:.1f})" if cell else "–"
                         for cell in map(row["by instrument"].get, targets))]
                for name, row in values.items()]
        return markdown(["row", *(f"{t} ({counts[t]['items']})" for t in targets)], body)


class Adding:
    """Scores of all rows on add."""

    def __init__(self, items: list[Item], sources: list, judge, cache: pathlib.Path):
        self.items = [item for item in items if item.add]
        self.songs = [adding.song(item, cache) for item in self.items]
        self.found = {}
        for source in sources:
            present = [i for i, item in enumerate(self.items) if source.stamp(item, "add")]
            if len(present) < 8:
                continue
            stems = [source.result(self.items[i], "add") for i in present]
            sketches = [adding.kept_sketch(
                cache / source.name / f"{self.items[i].id}.npz",
                source.stamp(self.items[i], "add"), lambda: stem)
                for i, stem in zip(present, stems)]
            chroma, onsets = adding.fits(sketches, [self.songs[i] for i in present])
            self.found[source.name] = {
                "present": present, "chroma": chroma, "onsets": onsets,
                "asked": [judge.asked(stem, self.items[i].target)
                          for stem, i in zip(stems, present)],
                "level": [adding.level(stem, self.songs[i]) for stem, i in zip(stems, present)],
                "likeness": [adding.likeness(stem, self.items[i])
                             for stem, i in zip(stems, present)]}
            if isinstance(source, rows.Edited):
                chosen = [self.items[i] for i in present]
                cycles = [gain for gain in map(source.cycle, chosen) if gain is not None]
                self.found[source.name]["facts"] = source.facts("add") | {
                    "unfaithful steps": max(map(source.unfaithful_steps, chosen)),
                    "cycle": float(np.mean(cycles)) if cycles else None}

    def summary(self, name: str) -> dict:
        found, true = self.found[name], self.found[rows.TrueStem.name]
        present = found["present"]
        pitched = [k for k, i in enumerate(present) if self.items[i].target != "drums"]
        out = {"items": len(present)}
        for key, use in (("chroma", pitched), ("onsets", range(len(present)))):
            use = list(use)
            ours = found[key][np.ix_(use, use)]
            places = [present[k] for k in use]
            truth = true[key][np.ix_(places, places)]
            own, others = adding.own_and_others(ours)
            out[key] = {"own": float(own.mean()), "others": float(others.mean()),
                        "normalised": adding.normalised(ours, truth),
                        "interval": adding.interval(ours, truth)}
        out["asked instrument detected"] = float(np.mean([x["detected"] for x in found["asked"]]))
        out["asked instrument first"] = float(np.mean([x["first"] for x in found["asked"]]))
        out["by instrument"] = {
            target: float(np.mean([x["detected"] for x, i in zip(found["asked"], present)
                                   if self.items[i].target == target]))
            for target in COUNTS if any(self.items[i].target == target for i in present)}
        out["LU to the song"] = float(np.median(found["level"]))
        out["LU spread"] = float(np.percentile(found["level"], 90)
                                 - np.percentile(found["level"], 10))
        out["SI-SDR to the song"] = float(np.median(found["likeness"]))
        return out | found.get("facts", {})

    def tables(self) -> tuple[str, dict]:
        values = {name: self.summary(name) for name in self.found}
        body = []
        for name, row in values.items():
            cells = [name, row["items"]]
            for key in ("chroma", "onsets"):
                low, high = row[key]["interval"]
                cells += [f"{row[key]['own']:.3f} / {row[key]['others']:.3f}",
                          f"{row[key]['normalised']:.2f} ({low:.2f} … {high:.2f})"]
            cells += [f"{100 * row['asked instrument detected']:.0f}%",
                      f"{100 * row['asked instrument first']:.0f}%",
                      f"{row['LU to the song']:.1f} ({row['LU spread']:.1f})",
                      row["SI-SDR to the song"],
                      *(cell if (cell := row.get(key)) is not None else "–"
                        for key in ("unfaithful steps", "cycle"))]
            body.append(cells)
        header = ["row", "items", "chroma cosine, own / other songs", "normalised (90% interval)",
                  "onset F1, own / other songs", "normalised (90% interval)",
                  "asked instrument detected", "named first", "LU to the song, median (80% width)",
                  "SI-SDR to the song, median dB", "output - input - stem, steps at most",
                  "cycle, dB nearer"]
        targets = list(next(iter(values.values()))["by instrument"])
        detected = [[name, *(f"{100 * row['by instrument'].get(t, 0):.0f}%" for t in targets)]
                    for name, row in values.items()]
        return "\n".join(["\n## add\n", markdown(header, body),
                          "\nAsked instrument detected, by instrument:\n",
                          markdown(["row", *targets], detected)]), values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--codec", type=pathlib.Path, help="model package for round-trip rows")
    parser.add_argument("--every", type=int, default=1, help="use one item in so many")
    parser.add_argument("--only", nargs="+", default=["separation", "add"])
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    items = load(options.items)[:: options.every]
    runs = [rows.Edited(path.parent) for path in sorted(options.results.glob("*/runs.jsonl"))]
    codec = []
    if options.codec:
        from .engine import Codec
        codec = [rows.Codec(Codec(options.codec))]
    text, values = [], {}
    if "separation" in options.only:
        fixed = [rows.DoNothing(), rows.Oracle(bins=False), rows.Oracle(bins=True), *codec]
        part, values["separation"] = Separation(
            items, fixed + runs, options.results / "scores").tables()
        text.append(part)
    if "add" in options.only:
        from .judging import Asked
        judge = Asked()
        part, values["add"] = Adding(
            items, [rows.TrueStem(), *codec, rows.CopiedMixture(), *runs], judge,
            options.results / "scores" / "sketches").tables()
        text += [part, "\n" + judge.statement]
    print("\n".join(text))
    if options.markdown:
        options.markdown.write_text("\n".join(text) + "\n")
    if options.json:
        options.json.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
