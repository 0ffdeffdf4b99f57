"""Writes Tests/Fixtures/checkpoints: a safetensors file by the reference library, with each type
that the reader knows, and the same numbers as float32, as the reference converts them."""

from pathlib import Path

import torch
from safetensors.torch import save_file

folder = Path(__file__).parent / "checkpoints"
folder.mkdir(exist_ok=True)
generator = torch.Generator().manual_seed(7)
normal = torch.randn(3, 5, generator=generator)
# Every kind of half: zero, subnormal, normal, largest, infinite, negative.
halves = torch.tensor(
    [0.0, -0.0, 2.0**-24, -(2.0**-15), 2.0**-14, 1.0, -1.5, 65504.0, float("inf"), -float("inf")]
)
save_file(
    {
        "block.0.weight": normal,
        "block.0.half": normal.half(),
        "block.0.brain": normal.bfloat16(),
        "edge.halves": halves.half(),
        "edge.empty": torch.zeros(0, 4),
        "edge.scalar": torch.tensor(3.25),
        "count.i8": torch.tensor([-128, 0, 127], dtype=torch.int8),
        "count.u8": torch.tensor([0, 200, 255], dtype=torch.uint8),
        "count.i32": torch.tensor([[-(2**31), 2**31 - 1]], dtype=torch.int32),
        "count.i64": torch.tensor([-5, 2**40], dtype=torch.int64),
    },
    folder / "types.safetensors",
    metadata={"made-by": "make_checkpoints.py"},
)
save_file(
    {"half": normal.half().float(), "brain": normal.bfloat16().float(), "halves": halves},
    folder / "types-as-float32.safetensors",
)
