"""Loads the training networks from a model package, a folder of exports, or training runs."""

import json
import pathlib

import torch
from safetensors.torch import load_file

from Models.training import networks
from Models.training.music.masknet import MaskNet, MaskNetConfig
from Models.training.text.prompts import encode

CLASSES = {"vae": (networks.MelVAE, networks.MelVAEConfig),
           "vocoder": (networks.Vocoder, networks.VocoderConfig),
           "editor": (networks.StemEditor, networks.StemEditorConfig),
           "mask": (MaskNet, MaskNetConfig)}


def network(folder: pathlib.Path, name: str, run: str | None = None) -> torch.nn.Module:
    """`name` is one of `CLASSES`. A folder of training runs has `<run>/last.pt` (the run is named
    as the network unless said otherwise), of which the averaged weights are taken; a package or a
    folder of exports has `<name>.safetensors`."""
    module, config = CLASSES[name]
    values, settings, last = {}, folder / f"{name}.json", folder / (run or name) / "last.pt"
    if (folder / "model.json").exists():
        values = json.loads((folder / "model.json").read_text())["config"].get(name, {})
    elif settings.exists():
        values = json.loads(settings.read_text())
    result = module(config(**values)).eval().requires_grad_(False)
    if last.exists():
        state = torch.load(last, weights_only=True)
        result.load_state_dict(state["average"])
        result.trained = f"step {state['step']}, {state['seconds'] / 60:.0f} minutes"
    else:
        weights = load_file(folder / f"{name}.safetensors")
        result.load_state_dict({key: value.float() for key, value in weights.items()})
        result.trained = f"{folder / name}.safetensors"
    return result


def text_states(texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """T5 token states [B, L, 256], padded with zeros, and the mask [B, L] of tokens; the empty text
    stands for no instruction (guidance's other side)."""
    rows = [torch.from_numpy(states) for states in encode(texts)]
    states = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return states, torch.arange(states.shape[1])[None] < lengths[:, None]
