"""The same edit by PyTorch with the same weights, in one process, for comparison.

    python -m Benchmarks.speed.peer Models/music SONG remove|extract|add mask|diffusion

Prints JSON: seconds until the networks are ready and seconds of the edit itself. Linear layers and
convolutions run in bf16 (autocast) on two threads, PyTorch's fastest way on this machine.
"""

import json
import pathlib
import sys
import time

BEGIN = time.monotonic()

import soundfile  # noqa: E402
import torch  # noqa: E402

from Benchmarks.quality.engine import Flow  # noqa: E402
from Models.training.music.scores import others_than  # noqa: E402
from Benchmarks.quality.masks import MaskEngine  # noqa: E402


def main() -> None:
    folder, song, operation, method = sys.argv[1:]
    instruction = {"remove": "remove the drums", "extract": "extract the bass",
                   "add": "add guitar"}[operation]
    target = instruction.split()[-1]
    torch.set_num_threads(2)
    sound = soundfile.read(song, always_2d=True)[0]
    engine = (MaskEngine if method == "mask" else Flow)(pathlib.Path(folder))
    ready = time.monotonic()
    with torch.autocast("cpu", torch.bfloat16):
        if method == "mask":
            names = [target, *others_than(target)]
            spectrum, logits, _, _ = engine.analyse(sound, names)
            masks = logits.float().sigmoid()
            found = engine.apply(spectrum, masks[0] / masks.sum(0).clamp_min(1), len(sound))
        else:
            found = engine(sound, instruction, 1)
    soundfile.write("/dev/null", sound - found, 44100, "PCM_16", format="WAV")
    print(json.dumps({"ready_s": ready - BEGIN, "compute_s": time.monotonic() - ready}))


if __name__ == "__main__":
    main()
