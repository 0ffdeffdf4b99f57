"""Runs the built `aedit` on test items, one after the other; what is done already is kept.

    python -m Benchmarks.quality.run --items DIR --out DIR [--method mask|diffusion] \\
        [--operations extract remove add cycle] [--every 1] [--aedit PATH]

Writes `OUT/<name>/<item>/<operation>.wav`, with `<operation>.stem.wav` from `--save-stem`, and a
line in `OUT/<name>/runs.jsonl`: exit code, seconds, and what the program said. `<name>` is `ours`,
or `diffusion` for `--method diffusion`. The operation `cycle` removes what `add` added before. A repository without the binary can look at training
checkpoints by PyTorch instead: `--engine torch`.
"""

import argparse
import json
import pathlib
import subprocess
import time

from Models.training.work import REPOSITORY

from .items import Item, load

#: The program says so when an edit has no audible effect; the output is then the input.
NO_EFFECT = 3


def default_binary() -> pathlib.Path:
    return REPOSITORY / ".build" / "release" / "aedit"


def edited(aedit: pathlib.Path, source: pathlib.Path, instruction: str, out: pathlib.Path) -> bool:
    """Edits one file; whether that changed anything."""
    done = subprocess.run([aedit, source, instruction, "-o", out, "--force", "--quiet"],
                          capture_output=True, text=True)
    if done.returncode not in (0, NO_EFFECT):
        raise SystemExit(f"{source.name}, {instruction}: {done.stderr.strip()}")
    return done.returncode == 0


class Binary:
    """The command, as a user would call it."""

    def __init__(self, path: pathlib.Path, flags: list[str]):
        if not path.exists():
            raise SystemExit(f"{path}: no such program; build it with `swift build -c release`, "
                             "or name it with --aedit")
        self.path, self.flags = path, flags

    def edit(self, item: Item, operation: str, out: pathlib.Path, stem: pathlib.Path) -> dict:
        source = item.folder / ("rest.wav" if operation == "add" else "mixture.wav")
        if operation == "cycle":
            source = out.with_name("add.wav")
        instruction = item.instructions["remove" if operation == "cycle" else operation]
        command = [self.path, source, instruction, "-o", out, "--save-stem", stem,
                   "--seed", "1", "--force", "--quiet", *self.flags]
        done = subprocess.run(command, capture_output=True, text=True)
        return {"exit": done.returncode, "said": (done.stdout + done.stderr).strip()[-500:]}


def wanted(items: list[Item], operations: list[str]) -> list[tuple[Item, str]]:
    return [(item, operation) for operation in operations for item in items
            if operation not in ("add", "cycle") or item.add]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--method", choices=["mask", "diffusion"])
    parser.add_argument("--name", help="the row's name")
    parser.add_argument("--operations", nargs="+", default=["extract", "remove", "add"])
    parser.add_argument("--every", type=int, default=1, help="use one item in so many")
    parser.add_argument("--engine", choices=["aedit", "torch"], default="aedit")
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    parser.add_argument("--model", help="model package (torch: folder of networks)")
    parser.add_argument("--again", action="store_true", help="repeat what is done already")
    parser.add_argument("flags", nargs="*", help="after --: more flags for aedit")
    options = parser.parse_args()
    if options.engine == "torch":
        from .engine import TorchEngine
        engine = TorchEngine(pathlib.Path(options.model), options.method or "mask", options.flags)
    else:
        flags = ["--method", options.method] if options.method else []
        flags += ["--model", options.model] if options.model else []
        engine = Binary(options.aedit, flags + options.flags)
    name = options.name or ("diffusion" if options.method == "diffusion" else "ours")
    folder = options.out / name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "runs.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {(row["id"], row["operation"]) for row in rows if row["exit"] in (0, NO_EFFECT)}
    failed = 0
    todo = wanted(load(options.items)[:: options.every], options.operations)
    with log.open("a") as lines:
        for item, operation in todo:
            if (item.id, operation) in done and not options.again:
                continue
            place = folder / item.id
            place.mkdir(exist_ok=True)
            begin = time.time()
            row = engine.edit(item, operation, place / f"{operation}.wav",
                              place / f"{operation}.stem.wav")
            row = {"id": item.id, "operation": operation, **row,
                   "seconds": round(time.time() - begin, 3)}
            print(json.dumps(row), file=lines, flush=True)
            if row["exit"] not in (0, NO_EFFECT):
                failed += 1
                print(f"{item.id} {operation}: exit {row['exit']}: {row['said']}")
    print(f"{name}: {len(todo)} edits, {failed} failed; {folder}")


if __name__ == "__main__":
    main()
