"""Writes the `model.json` of a model package, as `Sources/Checkpoints/ModelPackage.swift` reads it."""

import argparse
import dataclasses
import hashlib
import json
import shutil
from pathlib import Path


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def package_flags(description: str) -> argparse.Namespace:
    """The command line of the scripts that assemble a package; makes the folder `out`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    return flags


def gathered(source: Path, out: Path, components: dict) -> tuple[dict, dict]:
    """Copies the exported `.safetensors` of components (name to configuration) into a package.

    What an export's `.json` says goes over its configuration. Components that were not exported keep
    file and settings of the package that is there, and are left out where there is none. Returns
    configurations and file names by component.
    """
    old = out / "model.json"
    kept = json.loads(old.read_text())["config"] if old.exists() else {}
    configs, files = {}, {}
    for name, config in components.items():
        path = source / f"{name}.safetensors"
        target = out / path.name
        values = dataclasses.asdict(config)
        if path.exists():
            shutil.copyfile(path, target)
            beside = path.with_suffix(".json")
            values |= json.loads(beside.read_text()) if beside.exists() else {}
        elif target.exists():
            values |= kept.get(name, {})
        else:
            continue
        configs[name], files[name] = values, target.name
    return configs, files


def write_package(
    folder: str | Path,
    *,
    kind: str,
    version: str,
    licence: str,
    components: dict[str, str],
    config: dict,
    mel: dict | None = None,
    **sections,
) -> Path:
    """Describes the files in `folder` (which are there already) and returns the path of model.json.

    components: component name to file name in the folder, e.g. {"encoder": "encoder.safetensors"}
    config:     component name to its settings, decoded by the network that bears the name
    mel:        the mel layout of audio models
    sections:   what else the manifest holds, by name
    """
    folder = Path(folder)
    manifest = {"format": 1, "kind": kind, "version": version, "licence": licence}
    if mel is not None:
        manifest["mel"] = mel
    manifest |= {
        "components": components,
        "config": config,
        **sections,
        "sha256": {name: sha256(folder / name) for name in sorted(set(components.values()))},
    }
    path = folder / "model.json"
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return path
