"""Writes Tests/Fixtures/tokenizers: small unigram tokenizers, 2,000 sentences in many scripts, and
the ids that `sentencepiece` and `tokenizers` (through `transformers`) give them.

The sentences are made of invented words (random syllables of each script) and of a few lines that
stand in this file, so they carry no licence but the project's own.
"""

import json
import random
import shutil
import tempfile
from pathlib import Path

import sentencepiece as spm
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import T5Tokenizer

FOLDER = Path(__file__).parent / "tokenizers"
COUNT = 2000

LATIN = ("b d f g k l m n p r s t v ch sh br st tr".split(), "a e i o u ai ou".split())
ACCENTED = ("b ç d ð ł m ñ p ř š ß th ž".split(), "á à â ä ã å é ê ë í ï ø ö ú ü y\u0301 a\u0308 e\u0323\u0302".split())
CYRILLIC = ("б в г д ж з к л м н п р с т ш щ".split(), "а е и о у ы ю я ё й и\u0306".split())
GREEK = ("β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ".split(), "α ε η ι ο υ ω ά έ ή ώ ΐ".split())
HEBREW = ("ב ג ד ה ו ז ח ט כ ל מ נ ס".split(), ["א", "י", "ִי", "וֹ"])
ARABIC = ("ب ت ث ج ح د ر س ش ع ف ق ك ل م ن".split(), ["ا", "و", "ي", "َ", "ُ", "ﻻ", "ـ"])
DEVANAGARI = ("क ख ग च ज ट त द न प ब म र ल स क्ष त्र ज्ञ श्र".split(), ["ा", "ि", "ी", "ु", "े", "ो", "ं", "्य"])
TAMIL = ("க ங ச ட த ந ப ம ய ர ல வ".split(), ["ா", "ி", "ு", "ெ", "ொ", "்"])
THAI = ("ก ข ค ง จ ช ด ต น บ ป ม".split(), ["า", "ิ", "ี", "ำ", "่า", "้อ"])
KANA = ("カ サ タ ナ ハ マ か さ た な ガ パ ｶﾞ ﾊﾟ ｱ ﾜ".split(), ["ー", "ン", "ッ", "ん", "ﾝ", "か\u3099"])
HANGUL = ([chr(0xAC00 + 588 * i) for i in range(19)], ["한", "글", "\u1112\u1161\u11ab", "음", "악"])
HAN = (list("音楽中国山川日本人大小上下左右東西南北"), list("的是了我们在有这他来"))
SCRIPTS = [LATIN, LATIN, LATIN, ACCENTED, CYRILLIC, GREEK, HEBREW, ARABIC, DEVANAGARI, TAMIL, THAI, KANA, HANGUL, HAN]

ODD = (
    "ﬁnale ﬂute ﬃ ½ ¼ x² H₂O ① ㈱ ㌔ ㍿ Ⅷ ™ № … ‥ ﷺ ＡＢＣ ｘｙｚ １２３ “quoted” ‘x’ 《書》 「音」 e\u0301 o\u0302\u0301 A\u030a "
    "👍 👍🏽 👩‍🎤 👨‍👩‍👧 🇩🇪🇯🇵 🎸🥁 ❤️ ♫ ♯ ♭ 𝄞 𝓐𝓫 𝟙𝟚 <s> </s> <unk> <extra_id_3> ▁ ▁▁a <music> "
    "don't it's 12:30 0:05-0:10 -12dB 44.1kHz #1 100% a/b c_d C++ e-mail @x $5 €9 £3 \\n soft\u00adhyphen"
).split(" ")
SPACES = [" "] * 20 + ["  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2009", "\u200b", "\u200d", "\ufeff", "\u2028", "\u0085", "\u200e", "\u0007"]
REQUESTS = [
    "Add a guitar.", "remove the drums and add a piano, then make the bass louder",
    "drop the drums from 0:30 to 1:00", "only the strings, please", "Get rid of the BASS!!",
    "put some acoustic guitar under it in the first ten seconds",
]
EDGES = [
    "", " ", "   ", "\t\n", "\u3000", "▁", "▁▁", " ▁ ", "a", " a", "a ", "  a  ", "\u0301", "a\u0301", "\u200d", "\ufeffa",
    "\r\n", "\n\r\n", "x\x00y", "</s>", "<s>a</s>", "👩‍🎤", "🇩🇪", "한글", "\u1112\u1161\u11ab", "ｶﾞ", "か\u3099", "ﷺ",
    "x" * 300, "한" * 120, "a b " * 80, "\u0301" * 40, "<music>", "x<music>y", "<music><music>", " <fade> ", "a<fade>b", "a <solo> b", "a<solo>b",
]


def word(rng: random.Random, script) -> str:
    onsets, nuclei = script
    text = "".join(rng.choice(onsets) + rng.choice(nuclei) for _ in range(rng.randint(1, 3)))
    return text.capitalize() if rng.random() < 0.15 else text.upper() if rng.random() < 0.05 else text


def sentence(rng: random.Random, lexicon) -> str:
    words = []
    script = rng.choice(lexicon)
    for _ in range(rng.randint(1, 7)):
        if rng.random() < 0.1:
            script = rng.choice(lexicon)
        words.append(rng.choice(ODD) if rng.random() < 0.12 else rng.choice(script))
    text = "".join(w + rng.choice(SPACES) for w in words)
    text = text if rng.random() < 0.2 else text.strip(" ") + rng.choice(["", "", ".", ",", "!", "?"])
    return " " + text if rng.random() < 0.1 else text


def sentences(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    lexicon = [[word(rng, script) for _ in range(60)] for script in SCRIPTS]
    return [sentence(rng, lexicon) for _ in range(count)]


def train(folder: Path, corpus: list[str], name: str, **options) -> Path:
    # The trainer reads lines; the vocabulary is cut from visible text alone.
    lines = [" ".join(text.split()) for text in corpus]
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(line for line in lines if line), model_prefix=str(folder / name),
        model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1,
        minloglevel=2, **options)
    return folder / f"{name}.model"


def write_ids(name: str, rows: list[list[int]]) -> None:
    (FOLDER / f"{name}.ids.txt").write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))


def bytes_tokenizer(model: Path) -> Tokenizer:
    """Byte fallback, rules by expressions, prefix at the start only, tokens with all options."""
    processor = spm.SentencePieceProcessor(model_file=str(model))
    vocabulary = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(len(processor))]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=2, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Replace("…", "..."), normalizers.Replace(Regex(r"\A +| +\z"), ""),
        normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(left=False, right=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.add_special_tokens([AddedToken("<fade>", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("<solo>", single_word=True, normalized=True), AddedToken("音楽")])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="</s> $A </s> </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    corpus = sentences(1, 6000) + REQUESTS * 20
    wanted = (EDGES + REQUESTS + sentences(2, COUNT))[:COUNT]
    (FOLDER / "sentences.json").write_text(json.dumps(wanted, ensure_ascii=False, indent=0) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        plain = train(scratch, corpus, "plain", vocab_size=1100, character_coverage=0.995)
        raw = train(
            scratch, corpus[:2000], "bytes", vocab_size=900, character_coverage=0.985, byte_fallback=True,
            normalization_rule_name="identity", remove_extra_whitespaces=False,
            user_defined_symbols=["<music>", "44.1", "ou", "▁st"])
        for model in [plain, raw]:
            shutil.copy(model, FOLDER / f"{model.stem}.spiece.model")
            processor = spm.SentencePieceProcessor(model_file=str(model))
            write_ids(f"{model.stem}.spiece", [processor.encode(text) + [1] for text in wanted])
        home = scratch / "t5"
        home.mkdir()
        shutil.copy(plain, home / "spiece.model")
        t5 = T5Tokenizer.from_pretrained(home, extra_ids=10)
        t5.save_pretrained(scratch / "saved")
        saved = json.loads((scratch / "saved" / "tokenizer.json").read_text())
        (FOLDER / "t5.tokenizer.json").write_text(
            json.dumps(saved, ensure_ascii=False, separators=(",", ":")) + "\n")
        write_ids("t5.tokenizer", [t5(text).input_ids for text in wanted])
        other = bytes_tokenizer(raw)
        other.save(str(FOLDER / "bytes.tokenizer.json"), pretty=False)
        write_ids("bytes.tokenizer", [other.encode(text).ids for text in wanted])


if __name__ == "__main__":
    main()
