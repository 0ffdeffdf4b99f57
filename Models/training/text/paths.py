"""Where the recipe keeps its work: everything below `$AEDIT_WORK` (default `.train`), never in git."""

import os
from pathlib import Path

RECIPE = Path(__file__).resolve().parent
PACKAGE = RECIPE.parents[1] / "text"


def work() -> Path:
    """The work folder of this recipe, made on first use."""
    folder = Path(os.environ.get("AEDIT_WORK", ".train"))
    folder = folder if folder.name == "text" else folder / "text"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
