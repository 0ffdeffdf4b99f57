"""Where recipes keep what is not committed: packages, rendered songs, checkpoints, logs."""

import os
import pathlib
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
WORK = pathlib.Path(os.environ.get("AEDIT_WORK", REPOSITORY / ".train"))
ROOT = WORK / "root"  # Debian packages, unpacked but not installed


def fetch(packages: list[str]) -> None:
    """Downloads Debian packages by name and unpacks them below `ROOT`; present ones are kept."""
    debs = WORK / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    for name in packages:
        mark = debs / f"{name}.unpacked"
        if mark.exists():
            continue
        if not list(debs.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", name], cwd=debs, check=True)
        for deb in debs.glob(f"{name}_*.deb"):
            subprocess.run(["dpkg", "-x", deb, ROOT], check=True)
        mark.touch()
