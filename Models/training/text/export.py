"""Writes `Models/text` from the checkpoint's average weights: `python -m Models.training.text.export`.

`--heads-only` keeps the exported encoder and vocabulary (other models were trained on their states)
and takes only the heads.
"""

import argparse
import json
import shutil

import torch
from safetensors.torch import load_file, save_file

from ..package import sha256
from . import labels, vocabulary
from .model import HIDDEN, QUERIES, config
from .paths import PACKAGE, work

NAME = "aedit-t5-small-text"


def weights(heads_only: bool, file: str) -> dict[str, torch.Tensor]:
    """bf16 tensors under T5's published names, and `heads.*`."""
    state = torch.load(work() / file, weights_only=True)["average"]
    heads = {k: v for k, v in state.items() if k.startswith("heads.")}
    if heads_only:
        old = load_file(PACKAGE / "model.safetensors")
        encoder = {k: v for k, v in old.items() if not k.startswith("heads.")}
    else:
        encoder = {k.removeprefix("t5."): v for k, v in state.items() if k.startswith("t5.")}
        encoder.pop("encoder.embed_tokens.weight", None)
    return {k: v.to(torch.bfloat16).contiguous() for k, v in (encoder | heads).items()}


def t5_config() -> dict:
    """The published form of the encoder's config."""
    made = config().to_dict()
    keep = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads",
            "relative_attention_num_buckets", "relative_attention_max_distance",
            "feed_forward_proj", "is_gated_act", "dense_act_fn", "layer_norm_epsilon",
            "pad_token_id", "eos_token_id", "tie_word_embeddings", "dropout_rate")  # fmt: skip
    return {"architectures": ["T5EncoderModel"], "model_type": "t5", "torch_dtype": "bfloat16"} | {
        k: made[k] for k in keep
    }


def package(thresholds: dict, version: int) -> dict:
    """The manifest, as `Sources/Checkpoints/ModelPackage.swift` reads it."""
    files = ["model.safetensors", "config.json", "spiece.model", "tokenizer.json"]
    return {
        "format": 1,
        "kind": "text",
        "name": NAME,
        "version": str(version),
        "licence": "GPL-3.0-or-later",
        "components": {"encoder": "model.safetensors", "tokenizer": "spiece.model"},
        "config": {"encoder": t5_config()},
        "heads": {"queries": QUERIES, "hidden": HIDDEN, "names": ["operation", "target", "second", "attributes"]},
        "labels": {"operation": labels.OPERATIONS, "target": labels.TARGETS,
                   "second": labels.TARGETS, "attributes": labels.ATTRIBUTES},
        "thresholds": thresholds,
        "sha256": {f: sha256(PACKAGE / f) for f in files},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads-only", action="store_true")
    parser.add_argument("--checkpoint", default="checkpoint.pt", help="refined.pt after `refine`")
    options = parser.parse_args()
    PACKAGE.mkdir(parents=True, exist_ok=True)
    manifest = PACKAGE / "model.json"
    version = int(json.loads(manifest.read_text())["version"]) + 1 if manifest.exists() else 1
    made = weights(options.heads_only, options.checkpoint)
    save_file(made, PACKAGE / "model.safetensors", metadata={"format": "pt"})
    for file in PACKAGE.iterdir():
        file.chmod(0o644)
    (PACKAGE / "config.json").write_text(json.dumps(t5_config(), indent=2) + "\n")
    if not options.heads_only:
        shutil.copy(work() / "spiece.model", PACKAGE / "spiece.model")
        (PACKAGE / "tokenizer.json").write_text(vocabulary.tokenizer_json(PACKAGE / "spiece.model"))
    from .evaluate import calibrate

    write = lambda t: manifest.write_text(json.dumps(package(t, version), indent=2) + "\n")  # noqa: E731
    write({"temperature": 1.0, "confidence": 0.5, "attribute": 0.5})
    write(calibrate())


if __name__ == "__main__":
    main()
