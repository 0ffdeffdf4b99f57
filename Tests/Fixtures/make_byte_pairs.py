"""Writes Tests/Fixtures/byte-pairs: small RoBERTa and GPT-2 tokenizers, and a hash of the ids that
`transformers` gives to each of the 2,000 sentences of Tests/Fixtures/tokenizers (make_tokenizers.py).
Made with transformers 5.24.0 and tokenizers 0.23.3.

A line is the 64-bit FNV-1a hash of the ids, written in decimal with spaces between.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, ByteLevelBPETokenizer, Tokenizer
from transformers import GPT2Tokenizer, RobertaTokenizer

from make_tokenizers import REQUESTS, sentences

HERE = Path(__file__).parent
FOLDER = HERE / "byte-pairs"


def fnv(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def write(folder: Path, rows: list[list[int]]) -> None:
    lines = [f"{fnv(' '.join(map(str, row))):016x}\n" for row in rows]
    (folder / "ids.fnv").write_text("".join(lines))


def main() -> None:
    wanted = json.loads((HERE / "tokenizers" / "sentences.json").read_text())
    # "do n't it's" and numbers teach the pieces that the expression cuts apart.
    corpus = sentences(3, 4000) + REQUESTS * 30 + ["don't you've we'll I'm they're it's 44100 12:30"] * 30
    special = {
        "roberta": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        "gpt2": ["<|endoftext|>"],
    }
    for name, tokens in special.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        bpe = ByteLevelBPETokenizer(add_prefix_space=False)
        bpe.train_from_iterator(corpus, vocab_size=900, min_frequency=2, special_tokens=tokens, show_progress=False)
        bpe.save_model(str(folder))
        made = (RobertaTokenizer if name == "roberta" else GPT2Tokenizer).from_pretrained(str(folder))
        write(folder, [made(text).input_ids for text in wanted])

    # As published tokenizer.json files have it: a mask that takes the space before, a prefix space.
    folder = FOLDER / "prefixed"
    folder.mkdir(exist_ok=True)
    made = RobertaTokenizer.from_pretrained(
        str(FOLDER / "roberta"), add_prefix_space=True, mask_token=AddedToken("<mask>", lstrip=True, normalized=False))
    made.add_tokens([AddedToken("<fade>", normalized=False), AddedToken("<solo>", single_word=True)])
    made.save_pretrained(folder)
    for path in folder.iterdir():
        if path.name != "tokenizer.json":
            path.unlink()
    saved = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(saved, ensure_ascii=False, separators=(",", ":")) + "\n")
    again = Tokenizer.from_file(str(folder / "tokenizer.json"))
    write(folder, [again.encode(text).ids for text in wanted])


if __name__ == "__main__":
    main()
