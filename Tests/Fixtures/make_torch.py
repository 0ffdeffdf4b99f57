"""Writes Tests/Fixtures/torch: files by `torch.save` in each of its formats, and the same tensors as
`torch.load` gives them, as safetensors. Made with torch 2.13.0.
"""

import argparse
import io
import json
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

folder = Path(__file__).parent / "torch"
folder.mkdir(exist_ok=True)
torch.manual_seed(11)

base = torch.randn(4, 6)
types = {
    "double": torch.randn(3, 2, dtype=torch.float64),
    "single": torch.randn(2, 3),
    "half": torch.randn(5).half(),
    "brain": torch.randn(2, 2).bfloat16(),
    "long": torch.tensor([-5, 2**40]),
    "int": torch.tensor([[-(2**31), 2**31 - 1]], dtype=torch.int32),
    "short": torch.tensor([-32768, 7], dtype=torch.int16),
    "char": torch.tensor([-128, 127], dtype=torch.int8),
    "byte": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(2.5),
}
views = {
    "whole": base,
    "transposed": base.t(),
    "column": base[:, 2],
    "block": base[1:3, 1:4],
    "every_other": base[::2, ::3],
    "half_turned": base.half().t(),
    "double_turned": base.double().t(),
    "brain_turned": base.bfloat16().t(),
    "turned": torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
}
module = nn.Sequential(OrderedDict(
    conv=nn.utils.weight_norm(nn.Conv1d(3, 4, 5)),
    up=nn.utils.weight_norm(nn.ConvTranspose1d(4, 2, 3)),
    last=nn.utils.weight_norm(nn.Conv1d(2, 2, 3), dim=2),
    all=nn.utils.weight_norm(nn.Linear(3, 2), dim=None),
    new=nn.utils.parametrizations.weight_norm(nn.Conv1d(2, 3, 3)),
))
with torch.no_grad():
    for name, parameter in module.named_parameters():
        parameter.copy_(torch.randn_like(parameter) + 0.1)
for layer in module:
    for hook in layer._forward_pre_hooks.values():
        hook(layer, None)  # computes the weight of the older kind of weight norm anew
folded = {name: getattr(module, name).weight.detach() for name in ["conv", "up", "last", "all", "new"]}

checkpoint = {
    "types": types,
    "views": views,
    "generator": module.state_dict(),
    "parameter": nn.Parameter(base),
    "list": [base[0], (base[1], {7: base[2]})],
    "epoch": 3, "rate": 1e-4, "name": "café", "nothing": None, "set": {1, 2}, "big": 2**70, "raw": b"\0\1",
    "options": argparse.Namespace(lr=0.1, weight=torch.ones(3)),
    "device": torch.device("cpu"),
}
expected = {f"types.{k}": v for k, v in types.items()} | {f"views.{k}": v for k, v in views.items()}
expected |= {f"generator.{k}.weight": v for k, v in folded.items()}
expected |= {f"generator.{k}": v for k, v in module.state_dict().items() if k.endswith("bias")}
expected |= {"parameter": base, "list.0": base[0], "list.1.0": base[1], "list.1.1.7": base[2]}
save_file({k: v.clone().contiguous() for k, v in expected.items()}, folder / "expected.safetensors")

torch.save(checkpoint, folder / "zip.pt")
torch.save(checkpoint, folder / "protocol5.pt", pickle_protocol=5)
torch.save(checkpoint, folder / "legacy.pt", _use_new_zipfile_serialization=False)


def rewritten(source: Path, target: Path, zip64: bool, big_endian: bool) -> None:
    """The same archive with zip64 records in each header, or with its storages in the other byte order."""
    widths = {}

    class Reader(pickle.Unpickler):
        def persistent_load(self, saved):
            width = 1 if saved[1] is torch.storage.UntypedStorage else saved[1].dtype.itemsize
            widths[saved[2]] = width
            return torch.storage.TypedStorage(
                wrap_storage=torch.UntypedStorage(saved[4] * width), dtype=saved[1].dtype, _internal=True)

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        Reader(io.BytesIO(old.read("zip/data.pkl"))).load()
        for entry in old.infolist():
            data = old.read(entry)
            stem, _, key = entry.filename.rpartition("/")
            if big_endian and stem == "zip/data":
                width = widths[key]
                data = b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))
            if big_endian and key == "byteorder":
                data = b"big"
            with new.open(zipfile.ZipInfo(entry.filename), "w", force_zip64=zip64) as out:
                out.write(data)


rewritten(folder / "zip.pt", folder / "zip64.pt", zip64=True, big_endian=False)
rewritten(folder / "zip.pt", folder / "big-endian.pt", zip64=False, big_endian=True)
for name in ["zip64", "big-endian"]:
    again = torch.load(folder / f"{name}.pt", weights_only=False)
    for key, value in (types | views).items():
        got = (again["types"] | again["views"])[key]
        assert torch.equal(got, value), (name, key)

state = module.state_dict()
names = sorted(state)
shards = {"model-00001-of-00002": names[0::2], "model-00002-of-00002": names[1::2]}
for kind, ending in [("model.safetensors", "safetensors"), ("pytorch_model.bin", "bin")]:
    for shard, keys in shards.items():
        part = {key: state[key].detach().clone() for key in keys}
        path = folder / f"{shard}.{ending}"
        save_file(part, path) if ending == "safetensors" else torch.save(part, path)
    weight_map = {key: f"{shard}.{ending}" for shard, keys in shards.items() for key in keys}
    (folder / f"{kind}.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}, indent=1) + "\n")


class Command:
    """What a hostile file holds: a call of a function with a file's name."""

    def __reduce__(self):
        return open, ("/tmp/aedit-must-not-exist", "w")


torch.save({"weight": base, "evil": Command()}, folder / "calls.pt")
torch.save(nn.Linear(2, 2), folder / "object.pt")
torch.jit.script(nn.Linear(2, 2)).save(folder / "script.pt")
