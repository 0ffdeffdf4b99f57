"""Writes `Models/text` from checkpoints of the work folder: `python -m Models.training.text.export`.

`--reader reader.pt` takes the reader, drawn a little towards the encoder that it was made of; `--soup`
halves its way from the reader that the package has. Both read words better that training never said
(dev_hard 87.2 -> 89.0%, dev 95.3 -> 97.2% of requests right). `--encoder checkpoint.pt` the prompts' encoder, on whose states the
music models are trained: a new one asks for new music models. Thresholds are set on dev.
"""

import argparse
import json
import shutil

import torch
from safetensors.torch import load_file, save_file

from ..package import sha256
from . import data, labels, model, reader, vocabulary
from .paths import PACKAGE, work

NAME = "aedit-t5-small-text"
PUBLISHED = 0.15  # share of the published encoder in the reader, chosen on dev among 0 ... 0.5
FILES = ["model.safetensors", "config.json", "spiece.model", "tokenizer.json", "reader.safetensors",
         "reader.model"]  # fmt: skip
T5_FIELDS = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads",
             "relative_attention_num_buckets", "relative_attention_max_distance", "feed_forward_proj",
             "is_gated_act", "dense_act_fn", "layer_norm_epsilon", "pad_token_id", "eos_token_id",
             "tie_word_embeddings", "dropout_rate")  # fmt: skip
BERT_FIELDS = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
               "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act", "pad_token_id",
               "bos_token_id", "eos_token_id")  # fmt: skip


def weights(file: str, part: str, heads: bool) -> dict[str, torch.Tensor]:
    """bf16 tensors of a checkpoint's average: one part under its published names, and `heads.*` if asked for."""
    state = torch.load(work() / file, weights_only=True)["average"]
    made = {k.removeprefix(part): v for k, v in state.items() if k.startswith(part)}
    made.pop("encoder.embed_tokens.weight", None)
    if heads:
        made |= {k: v for k, v in state.items() if k.startswith("heads.")}
    return {k: v.to(torch.bfloat16).contiguous() for k, v in made.items()}


def sturdy(tuned: dict[str, torch.Tensor], soup: bool) -> dict[str, torch.Tensor]:
    """Weights between fine-tuned and published ones (2109.01903), and between two runs' (2203.05482)."""
    if soup:
        other = load_file(PACKAGE / "reader.safetensors")
        tuned = {k: (v.float() + other[k].float()) / 2 for k, v in tuned.items()}
    first = load_file(work() / data.TEACHER / "model.safetensors")
    for name, rows in (("position", reader.LONGEST), ("token_type", 1)):
        key = f"embeddings.{name}_embeddings.weight"
        first[key] = first[key][:rows]
    own = {k: first[k].float() for k, v in tuned.items() if k in first and first[k].shape == v.shape}
    drawn = {k: v.float().lerp(own[k], PUBLISHED) if k in own else v for k, v in tuned.items()}
    return {k: v.to(torch.bfloat16).contiguous() for k, v in drawn.items()}


def published(config, kind: str, fields: tuple[str, ...]) -> dict:
    """The published form of an encoder's config."""
    made = config.to_dict()
    about = {"architectures": [kind], "model_type": config.model_type, "torch_dtype": "bfloat16"}
    return about | {k: made[k] for k in fields}


def package(thresholds: dict, version: int) -> dict:
    """The manifest, as `Sources/Checkpoints/ModelPackage.swift` reads it."""
    pieces = vocabulary.load(PACKAGE / "reader.model").vocab_size()
    return {
        "format": 1,
        "kind": "text",
        "name": NAME,
        "version": str(version),
        "licence": "GPL-3.0-or-later",
        "components": {"encoder": "model.safetensors", "tokenizer": "spiece.model",
                       "reader": "reader.safetensors", "readerTokenizer": "reader.model"},
        "config": {"encoder": published(model.config(), "T5EncoderModel", T5_FIELDS),
                   "reader": published(reader.config(pieces), "BertModel", BERT_FIELDS)},
        "heads": {"queries": model.QUERIES, "hidden": model.HIDDEN, "names": ["operation", "target", "second", "attributes"]},
        "labels": {"operation": labels.OPERATIONS, "target": labels.TARGETS,
                   "second": labels.TARGETS, "attributes": labels.ATTRIBUTES},
        "thresholds": thresholds,
        "sha256": {f: sha256(PACKAGE / f) for f in FILES},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", help="checkpoint of `train` or `refine`")
    parser.add_argument("--reader", help="checkpoint of `reader`")
    parser.add_argument("--soup", action="store_true", help="average with the package's reader")
    options = parser.parse_args()
    PACKAGE.mkdir(parents=True, exist_ok=True)
    manifest = PACKAGE / "model.json"
    version = int(json.loads(manifest.read_text())["version"]) + 1 if manifest.exists() else 1
    note = {"format": "pt"}
    if options.encoder:
        save_file(weights(options.encoder, "t5.", False), PACKAGE / "model.safetensors", metadata=note)
        about = published(model.config(), "T5EncoderModel", T5_FIELDS)
        (PACKAGE / "config.json").write_text(json.dumps(about, indent=2) + "\n")
        shutil.copy(work() / "spiece.model", PACKAGE / "spiece.model")
        (PACKAGE / "tokenizer.json").write_text(vocabulary.tokenizer_json(PACKAGE / "spiece.model"))
    if options.reader:
        made = sturdy(weights(options.reader, "encoder.", True), options.soup)
        save_file(made, PACKAGE / "reader.safetensors", metadata=note)
        shutil.copy(work() / "reader.model", PACKAGE / "reader.model")
    for file in PACKAGE.iterdir():
        file.chmod(0o644)
    from .evaluate import calibrate

    write = lambda t: manifest.write_text(json.dumps(package(t, version), indent=2) + "\n")  # noqa: E731
    write({"temperature": 1.0, "confidence": 0.5, "attribute": 0.5})
    write(calibrate())


if __name__ == "__main__":
    main()
