"""Builds the speech corpus: recordings with text and synthetic voices, with phonemes, in three
splits that share no speaker.

    python -m Models.training.speech.corpus [--synthetic-minutes 30] [--sources queen tuxpaint]

Writes `speech/<split>/<source>.i16` (raw mono at the source's own rate, one utterance after the
other) and `.jsonl` with a line an utterance: `{"speaker", "language", "rate", "offset", "samples",
"words": [[text, [phoneme]]], "word_times", "phone_times"}`, offsets in samples, times in seconds
where the source knows them. A source that is there already is kept. `--table` prints what is there.
"""

import argparse
import collections
import hashlib
import json

from ..work import WORK, fetch
from . import recordings, synthetic
from .espeak import Espeak

FOLDER = WORK / "speech"
PACKAGES = ["flight-of-the-amazon-queen", "tuxpaint-stamps-default", "festvox-ru",
            *(f"asterisk-core-sounds-{code}{kind}" for code in recordings.ASTERISK
              for kind in ("", "-g722"))]
#: Speakers that training never hears. Chosen on dev, reported on validation.
HELD_OUT = {
    "dev": {"queen-bob", "queen-tam", "queen-sec", "queen-henry", "tuxpaint-ro", "slt"},
    "validation": {"allison", "queen-jim", "queen-faye", "queen-bud", "queen-lou", "queen-naomi",
                   "queen-frank", "nsh", "kal"},
}
PHONES_PER_SECOND = (2.5, 30)  # outside: text and sound do not belong together


def split_of(speaker: str) -> str:
    for split, names in HELD_OUT.items():
        if speaker in names or speaker.removeprefix("espeak-") in synthetic.ESPEAK[split]:
            return split
    return "train"


def texts(split: str) -> list[str]:
    """English texts for the synthesizers: one text in ten for each of dev and validation."""
    found = set()
    game = recordings.Queen()
    for _, _, line in [*game.dialogues(), *game.remarks()]:
        found.update(filter(None, map(synthetic.plain, recordings.re.split(r"\*..", line))))
    stamps = (recordings.SHARE / "tuxpaint/stamps").rglob("*.txt")
    for path in sorted(stamps):
        first = path.read_text(errors="replace").splitlines()[:1]
        found.update(filter(None, map(synthetic.plain, first)))
    order = sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest())
    tenth = len(order) // 10
    return {"validation": order[:tenth], "dev": order[tenth : 2 * tenth],
            "train": order[2 * tenth :]}[split]


def sources(engine: Espeak, minutes: float) -> dict:
    """Name to a function that yields utterances."""
    found = {"queen": recordings.queen, "tuxpaint": recordings.tuxpaint,
             "festvox-ru": recordings.festvox_ru}
    for code in recordings.ASTERISK:
        found[f"asterisk-{code}"] = lambda code=code: recordings.asterisk(code)
    for split, share in (("train", 2), ("dev", 0.2), ("validation", 0.2)):
        found[f"espeak-{split}"] = lambda split=split, share=share: synthetic.espeak(
            engine, synthetic.ESPEAK[split], texts(split), share * minutes)
    for voice, split, share in (("ked", "train", 1), ("slt", "dev", 0.2), ("kal", "validation", 0.2)):
        found[f"festival-{voice}"] = lambda voice=voice, split=split, share=share: \
            synthetic.festival(voice, texts(split), share * minutes)
    for voice in ("awb", "rms"):
        found[f"flite-{voice}"] = lambda voice=voice: synthetic.flite(
            voice, texts("train")[::-1], 0.5 * minutes)
    return found


def line(item: recordings.Utterance, engine: Espeak) -> dict | None:
    """What is written of an utterance, without its place; None if it is of no use."""
    seconds = len(item.sound) / item.rate
    words = item.words or engine.words(item.text, item.language)
    phones = sum(len(word[1]) for word in words)
    if not 0.3 < seconds < 25 or not (
            PHONES_PER_SECOND[0] < phones / seconds < PHONES_PER_SECOND[1]):
        return None
    known = item.word_times if item.word_times and len(item.word_times) == len(words) else None
    return {"speaker": item.speaker, "language": item.language, "rate": item.rate, "words": words,
            **({"word_times": known} if known else {}),
            **({"phone_times": item.phone_times} if item.phone_times else {})}


def build(name: str, utterances, engine: Espeak) -> None:
    files, left = {}, 0
    for item in utterances:
        row = line(item, engine)
        if row is None:
            left += 1
            continue
        split = split_of(item.speaker)
        if split not in files:
            folder = FOLDER / split
            folder.mkdir(parents=True, exist_ok=True)
            files[split] = [open(folder / f"{name}.part", "wb"), [], 0]
        out, rows, offset = files[split]
        out.write(item.sound.tobytes())
        rows.append(json.dumps(row | {"offset": offset, "samples": len(item.sound)},
                               ensure_ascii=False))
        files[split][2] += len(item.sound)
    for split, (out, rows, _) in files.items():
        out.close()
        (FOLDER / split / f"{name}.part").rename(FOLDER / split / f"{name}.i16")
        (FOLDER / split / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (FOLDER / f"{name}.done").touch()
    print(name, {split: len(rows) for split, (_, rows, _) in files.items()}, "left out:", left,
          flush=True)


def table() -> None:
    """Minutes, utterances and speakers by split, source and language, as Markdown."""
    print("| split | source | language | rate | utterances | minutes | speakers | times |\n"
          "|---|---|---|---|---|---|---|---|")
    for split in ("train", "dev", "validation"):
        for path in sorted((FOLDER / split).glob("*.jsonl")):
            groups = collections.defaultdict(list)
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                groups[row["language"]].append(row)
            for language, rows in sorted(groups.items()):
                rates = sorted({row["rate"] for row in rows})
                minutes = sum(row["samples"] / row["rate"] for row in rows) / 60
                times = ("phones" if any("phone_times" in row for row in rows) else
                         "words" if any("word_times" in row for row in rows) else "")
                print(f"| {split} | {path.stem} | {language} | {rates[0]}"
                      f"{f'–{rates[-1]}' if len(rates) > 1 else ''} | {len(rows)} | {minutes:.1f} "
                      f"| {len({row['speaker'] for row in rows})} | {times} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synthetic-minutes", type=float, default=30)
    parser.add_argument("--sources", nargs="+", help="only these")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        return table()
    fetch(PACKAGES)
    engine = Espeak()
    found = sources(engine, options.synthetic_minutes)
    for name in options.sources or found:
        if not (FOLDER / f"{name}.done").exists():
            build(name, found[name](), engine)


if __name__ == "__main__":
    main()
