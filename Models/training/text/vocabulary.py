"""The vocabulary: SentencePiece unigram, 4096 pieces, `nmt_nfkc_cf`, byte fallback, T5's ids.

`nmt_nfkc_cf` is `nmt_nfkc` plus case folding: a vocabulary this small should not spend pieces on
capitals. The rule lies in the file (`precompiled_charsmap`), so readers need nothing special.
"""

import io
import json
from pathlib import Path

import sentencepiece


def train(sentences, path: Path, size: int = 4096) -> None:
    """Trains and writes `path` (spiece.model)."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, vocab_size=size,
        model_type="unigram", normalization_rule_name="nmt_nfkc_cf", byte_fallback=True,
        character_coverage=0.9999, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        num_threads=1, shuffle_input_sentence=False, minloglevel=2,
    )  # fmt: skip
    path.write_bytes(model.getvalue())


def load(path: Path) -> sentencepiece.SentencePieceProcessor:
    """The trained vocabulary."""
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def encode(vocabulary, texts: list[str], limit: int = 64) -> list[list[int]]:
    """Ids with `</s>` at the end, as T5 does; at most `limit`."""
    return [ids[: limit - 1] + [1] for ids in vocabulary.encode(texts)]


def tokenizer_json(path: Path) -> str:
    """The same tokenizer as `tokenizers` JSON."""
    import base64

    from sentencepiece import sentencepiece_model_pb2 as pb

    proto = pb.ModelProto()
    proto.ParseFromString(path.read_bytes())
    charsmap = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    special = [
        {"id": i, "content": piece, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i, piece in enumerate(["<pad>", "</s>", "<unk>"])
    ]  # fmt: skip
    vocab = [[p.piece, 0.0 if p.type in (2, 3) else p.score] for p in proto.pieces]
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": charsmap},
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}]},
        "pre_tokenizer": space,
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 0}},
                     {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}, space]},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": vocab, "byte_fallback": True},
    }, ensure_ascii=False)  # fmt: skip
