"""Trains a LoRA for the music models on a user's own stems (see `stems.py`).

    python -m Models.training.music.finetune --stems stems --model mask --out mine.lora.safetensors

`mask` serves remove, extract and stems, `editor` add. The loss is the one that the model was
trained with; the weights in `Models/music` stay as they are. Part of the songs is held out, and
measured before and after. A run that was interrupted goes on where it was, as long as stems and
settings are the same; with more minutes it goes on further.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from ..loop import Run, autocast
from ..lora import LoRA, save_lora
from ..networks import StemEditor, StemEditorConfig
from ..work import REPOSITORY
from . import latents
from .editor import ITEM_FRAMES, ITEM_SECONDS, CHUNKS, Flow, load_timbre, with_noise
from .mask import CROP, FRAMES, QUESTIONS, Batches, Listener, gains, losses
from .masknet import MaskNet, MaskNetConfig
from .mixtures import Item
from .scores import names_of
from .phrases import Phrases
from .songs import RATE
from .stems import BadStems, OwnMixer, OwnSongs, Part, found, split, targets

MUSIC = REPOSITORY / "Models/music"
WINDOWS = 24  # held out, at most


class OwnListener(Listener):
    """Asks for what the user's stems are called."""

    def __init__(self, songs: OwnSongs, names: list[str], frames: int, seed: int,
                 config: MaskNetConfig):
        self.targets = names
        super().__init__(OwnMixer(songs, frames * config.hop, seed), frames, seed, config)

    def questions(self, stems: dict) -> dict:
        """A batch of one mixture that is asked for all its stems."""
        names = self.mixer.targets(stems)
        return self.batch([self.hear(stems, names)], [list(names)])

    def lacked(self, missing: list[str], count: int) -> list[str]:
        # A stem that is only called "guitar" may well be one of its kinds.
        known = [name for name in missing if set(names_of(name)) <= set(missing)]
        return self.rng.choices(known, k=count) if known else []


class OwnBatches(Batches):
    def ask(self, present: list[str], askable: list[str]) -> list[str]:
        """As in training; a song of few stems is asked for some of them more than once."""
        missing = [name for name in askable if name not in present]
        lacked = self.listener.lacked(missing, int(self.rng.random() < 0.5))
        count = QUESTIONS - len(lacked)
        there = itertools.cycle(self.rng.sample(sorted(present), len(present)))
        return [*itertools.islice(there, count), *lacked]


class MaskTask:
    """The mask network: `losses` and `evaluate` take the network or its LoRA."""

    seconds = latents.SECONDS
    better = "higher"
    unit = "dB: SI-SDR gained by extracting, SDR gained by removing"

    def __init__(self, config: dict, train: list[Part], held: list[Part], seed: int):
        self.config = MaskNetConfig(**config)
        names = targets(train + held)

        def listener(parts: list[Part], frames: int) -> OwnListener:
            return OwnListener(OwnSongs(parts), names, frames, seed, self.config)

        check(OwnSongs(train), CROP * self.config.hop)
        self.train = OwnBatches(lambda: listener(train, CROP))
        asker = listener(held, FRAMES)
        self.dev = [asker.questions(stems)
                    for stems in check(OwnSongs(held), FRAMES * self.config.hop)]

    def network(self) -> MaskNet:
        return MaskNet(self.config)

    def losses(self, module, count: int) -> dict:
        return losses(module, self.train.draw(count))

    def evaluate(self, module) -> dict[str, list[float]]:
        """Means by instrument: dB that extracting it gains, and removing it."""
        rows: dict[str, list] = {}
        for batch in self.dev:
            with autocast():
                logits, _ = module(batch["features"], batch["text"], batch["text_mask"])
            gained = torch.stack(gains(logits.float().sigmoid(), batch), 1).tolist()
            for target, pair in zip(batch["targets"], gained):
                rows.setdefault(target, []).append(pair)
        means = {f"held_{name}": mean(pairs) for name, pairs in rows.items()}
        return {**means, "held_mean": mean(list(means.values()))}


class Listed:
    """Gives items in turn, as a mixer that draws them does."""

    def __init__(self, items: list[Item]):
        self.items = itertools.cycle(items)

    def item(self, absent: float) -> Item:
        return next(self.items)


class EditorTask:
    """The stem editor: as `MaskTask`."""

    seconds = ITEM_SECONDS
    better = "lower"
    unit = "losses: of the flow for each operation, of the timbre of what is added"

    def __init__(self, config: dict, train: list[Part], held: list[Part], seed: int):
        self.config = StemEditorConfig(**config)
        vae = latents.load_vae(str(MUSIC / "vae.safetensors"))
        shape = {"frames": ITEM_FRAMES,
                 "head": latents.load_harmony(str(MUSIC / "harmony.safetensors"))}
        samples = int(self.seconds * RATE)
        songs, others = OwnSongs(train, mono=True), OwnSongs(held, mono=True)
        check(songs, samples)
        self.train = latents.Batches(vae, OwnMixer(songs, samples, seed), seed, reuse=8, **shape)
        items = [item for stems in check(others, samples)
                 for item in self.items(stems, self.train.mixer.targets(stems))]
        random.Random(1).shuffle(items)
        fixed = latents.Batches(vae, Listed(items), 1, **shape)
        count = min(len(items), WINDOWS)
        self.dev = with_noise([fixed.draw(count, [name]) for name in ("add", "extract", "remove")])
        self.flow = Flow(self.config, Phrases(), self.train.rng, load_timbre(str(MUSIC / "timbre.safetensors")))

    def items(self, stems: dict, names: dict[str, list[str]]) -> list[Item]:
        """Each stem of a mixture with what is left of it."""
        return [Item(name, sum(stems[part] for part in own),
                     sum(sound for part, sound in stems.items() if part not in own), 0.0)
                for name, own in names.items() if len(own) < len(stems)]

    def network(self) -> StemEditor:
        return StemEditor(self.config)

    def losses(self, module, count: int) -> dict:
        return self.flow.losses(module, self.train.draw(max(1, count // CHUNKS)))

    def evaluate(self, module) -> dict[str, list[float]]:
        rows = self.flow.evaluate(module, self.dev)
        return {name.replace("dev", "held"): [value] for name, value in rows.items()}


TASKS = {"mask": MaskTask, "editor": EditorTask}


def mean(rows: list[list[float]]) -> list[float]:
    """Of each column."""
    return [round(sum(column) / len(rows), 3) for column in zip(*rows)]


def check(songs: OwnSongs, samples: int) -> list[dict]:
    """Windows of songs. Raises BadStems when two stems never sound together: mixing and measuring
    would wait for such a place for ever."""
    windows = songs.windows(samples, WINDOWS)
    if not windows:
        part = songs.songs[0][0]
        raise BadStems(f"at none of {WINDOWS} places in {part.folder.parent} does a known "
                       "instrument sound beside another stem")
    return windows


def run_name(base: str, songs: list[Part], flags: argparse.Namespace) -> str:
    """The same for the same stems and settings, so that a run is gone on with and no other is."""
    files = [(str(path.resolve()), (state := path.stat()).st_size, state.st_mtime_ns)
             for part in songs for paths in part.files.values() for path in paths]
    settings = [base, flags.rank, flags.alpha, flags.rate, files]
    digest = hashlib.sha256(json.dumps(settings).encode())
    return f"lora-{flags.model}-{digest.hexdigest()[:10]}"


def table(task, before: dict, after: dict) -> str:
    """The figures of what was held out, a line for each."""
    lines = [f"Held out, before -> after ({task.unit}; {task.better} is better):"]
    for name in before:
        columns = "   ".join(f"{b:7.3f} -> {a:7.3f}" for b, a in zip(before[name], after[name]))
        lines.append(f"  {name.removeprefix('held_'):16} {columns}")
    return "\n".join(lines)


def worse(task, before: dict, after: dict) -> bool:
    """Whether what was held out has lost on the whole."""
    gain = sum(map(sum, after.values())) - sum(map(sum, before.values()))
    return gain < 0 if task.better == "higher" else gain > 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True, help="a folder for each song")
    parser.add_argument("--model", choices=TASKS, default="mask")
    parser.add_argument("--out", type=Path, help="default: STEMS.MODEL.lora.safetensors")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=16)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-4, help="peak learning rate")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--creator", default="", help="who is named in the file")
    parser.set_defaults(warm_start=None, export=None)
    return parser.parse_args()


def tune(flags: argparse.Namespace) -> None:
    songs = found(flags.stems)
    package = json.loads((MUSIC / "model.json").read_text())
    file = package["components"][flags.model]
    base = package["sha256"][file]
    out = flags.out or Path(f"{flags.stems.resolve().name}.{flags.model}.lora.safetensors")
    if not out.resolve().parent.is_dir():
        raise BadStems(f"there is no folder {out.resolve().parent} to write {out.name} to")
    flags.run = run_name(base, songs, flags)
    torch.set_num_threads(flags.threads)
    train, held = split(songs, int(TASKS[flags.model].seconds * RATE) + 1)
    print(f"{len(songs)} songs with {', '.join(targets(songs))}; run {flags.run}", flush=True)
    seed = random.randrange(1 << 30)  # a run that goes on draws other mixtures
    task = TASKS[flags.model](package["config"][flags.model], train, held, seed)
    network = task.network()
    weights = load_file(MUSIC / file)
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    with torch.no_grad():
        before = task.evaluate(network.eval())
    run = Run(LoRA(network, flags.rank, flags.alpha), flags)
    run.warm_steps = 20  # little is learned, and by few steps
    run.train(lambda module: task.losses(module, flags.batch), task.evaluate)
    after = run.averaged(task.evaluate)
    print(table(task, before, after))
    if worse(task, before, after):
        print("On what was held out it is worse than before: try a lower --rate, more songs or minutes.")
    save_lora(
        out, run.average, kind=package["kind"], component=flags.model, base_sha256=base,
        rank=flags.rank, alpha=flags.alpha, licence=package["licence"], creator=flags.creator,
        note=f"make finetune: {len(songs)} songs ({', '.join(targets(songs))}), "
             f"{run.seconds / 60:.0f} minutes, {run.step} steps")
    print(f"{out}: use it with aedit SONG \"…\" --lora {out}")


def main() -> None:
    try:
        tune(arguments())
    except BadStems as error:
        sys.exit(f"finetune: {error}")


if __name__ == "__main__":
    main()
