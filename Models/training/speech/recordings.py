"""Human speech with text, out of Debian packages. Each function yields `Utterance`s."""

import dataclasses
import gzip
import io
import itertools
import re
import struct
from pathlib import Path

import av
import numpy as np
import soundfile

from ..work import ROOT

SHARE = ROOT / "usr" / "share"


@dataclasses.dataclass
class Utterance:
    """`sound` is int16 [samples]. `words`: pairs of text and phonemes, where a source has its own;
    `word_times`: (start, end) in seconds of its words; `phone_times`: the same of the phonemes."""

    speaker: str
    language: str
    text: str
    sound: np.ndarray
    rate: int
    words: list | None = None
    word_times: list | None = None
    phone_times: list | None = None


def read(file) -> tuple[np.ndarray, int]:
    """A sound file's channels, averaged, as int16."""
    sound, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return np.round(sound.mean(1).clip(-1, 1) * 32767).astype(np.int16), rate


def read_g722(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate([np.zeros(0, np.int16), *frames]), 16000  # some files are empty


ASTERISK = {"en": ("en_US_f_Allison", "allison"), "es": ("es_MX_f_Allison", "allison"),
            "it": ("it_IT_m_Carlo", "carlo"), "ru": ("ru_RU_f_IvrvoiceRU", "ivrvoice")}


def asterisk(language: str):
    """Prompts of a telephone exchange; one speaker recorded both English and Spanish."""
    folder, speaker = ASTERISK[language]
    document = SHARE / f"doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    for line in gzip.open(document, "rt", encoding="utf-8", errors="replace"):
        name, _, text = line.partition(":")
        path = SHARE / "asterisk/sounds" / folder / f"{name.strip()}.g722"
        if not line.startswith(";") and not re.search(r"[\[\]<>(){}]", text) and path.exists():
            sound, rate = read_g722(path)
            yield Utterance(speaker, language, text.strip(), sound, rate)


FIRST_ANSWER = "It doesn't seem to open"  # the first of 39 general answers, after all descriptions


class Queen:
    """The data file of Flight of the Amazon Queen, CD edition with MP3 speech, as ScummVM reads it
    (engines/queen/resource.cpp, talk.cpp, logic.cpp)."""

    def __init__(self):
        self.data = (SHARE / "scummvm/flight-of-the-amazon-queen/queen.1c").read_bytes()
        if self.data[:4] != b"QTBL":
            raise SystemExit("queen.1c has no table of files")
        self.table = {}
        for index in range(struct.unpack(">H", self.data[13:15])[0]):
            entry = self.data[15 + 21 * index : 36 + 21 * index]
            place = struct.unpack(">II", entry[13:21])
            self.table[entry[:12].split(b"\0")[0].decode()] = place

    def file(self, name: str) -> bytes:
        start, size = self.table[name]
        return self.data[start : start + size]

    def dialogues(self):
        """(prefix of the sound files' names, speaker, lines) of the .DOG files: conversations of
        Joe with the person that the file is named after."""
        for name in sorted(self.table):
            if not name.endswith(".DOG"):
                continue
            data = self.file(name)[20:]
            levels, _, key, joe, person = struct.unpack(">5h", data[:10])
            person_at, = struct.unpack(">H", data[22:24])
            lists = ((32 + abs(levels) * 96, joe, "J", "joe"),
                     (person_at, person, "P", re.sub(r"\d*\.DOG", "", name).lower()))
            for offset, count, letter, speaker in lists:
                for _ in range(count):
                    number, length = struct.unpack(">hB", data[offset + 2 : offset + 5])
                    offset += 5
                    line = data[offset : offset + length].decode("latin-1")
                    if length:
                        offset = (offset + length + 3) & ~3
                    yield f"{key:2d}{number & 0xFFFF:4x}{letter}".upper(), speaker, line

    def remarks(self):
        """What Joe says of things: (prefix, speaker, line)."""
        lines = self.file("QUEEN2.JAS").decode("latin-1").splitlines()
        first = next(index for index, line in enumerate(lines) if line.startswith(FIRST_ANSWER))
        for number in range(1, 40):
            yield f"JOE{number:04d}", "joe", lines[first + number - 1]
        for number, line in enumerate(lines[:first], 41):
            yield f"JOE{number:04d}", "joe", line


def queen():
    """Conversations; a line is cut at its stage directions (`*24`), one sound file a piece."""
    game = Queen()
    for prefix, speaker, line in itertools.chain(game.dialogues(), game.remarks()):
        pieces = re.split(r"\*(?:XY\d\d\(\d+,\d+\)|..)", line)
        for index, text in enumerate(pieces, 1):
            name = f"{prefix}{index:1X}.SB".replace(" ", "0")
            if text.strip() and name in game.table:
                try:
                    sound, rate = read(io.BytesIO(game.file(name)))
                except soundfile.LibsndfileError:  # a few entries are silence, not MP3
                    continue
                yield Utterance(f"queen-{speaker}", "en", text.strip(), sound, rate)


TUXPAINT = {"": "en", "fr": "fr", "ru": "ru", "ro": "ro", "ca": "ca", "bg": "bg", "es": "es",
            "el": "el", "da": "da", "nl": "nl", "lt": "lt", "pt_BR": "pt_BR"}


def tuxpaint():
    """Descriptions of stamps; one or two speakers a language, counted as one. Belarusian is left
    out, as espeak-ng has no full dictionary of it."""
    for path in sorted((SHARE / "tuxpaint/stamps").rglob("*_desc*")):
        found = re.fullmatch(r"(.+)_desc_?(\w*)\.(?:ogg|wav)", path.name)
        text = path.with_name(found[1] + ".txt") if found else None
        if text is None or found[2] not in TUXPAINT or not text.exists():
            continue
        lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
        key = f"{found[2]}.utf8="
        words = lines[0] if not found[2] else next(
            (line[len(key):] for line in lines if line.startswith(key)), "")
        if words.strip():
            sound, rate = read(path)
            language = TUXPAINT[found[2]]
            yield Utterance(f"tuxpaint-{language}", language, words.strip(), sound, rate)


#: What Cyrillic letters may sound like, in the phones of the festvox-ru labels.
CYRILLIC = {
    "а": "a aa ay ae i", "б": "b bb p pp", "в": "v vv f ff", "г": "g gg k kk v h", "д": "d dd t tt",
    "е": "j e ee ae i ii ur y", "ё": "j oo o", "ж": "zh sh", "з": "z zz s ss", "и": "i ii y ur",
    "й": "j", "к": "k kk g gg h", "л": "l ll", "м": "m mm", "н": "n nn", "о": "oo ay a aa",
    "п": "p pp b", "р": "r rr", "с": "s ss z zz", "т": "t tt d dd c", "у": "u uu ur", "ф": "f ff v",
    "х": "h hh", "ц": "c", "ч": "ch sh", "ш": "sh", "щ": "sch", "ы": "y yy i", "э": "e ee i",
    "ю": "j u uu ur", "я": "j a aa ae i ii ur"}


def spelled(words: list[str], phones: list[str]) -> list[tuple[int, int]]:
    """For each word its first phone and the one after its last, from the cheapest alignment of
    letters with phones: a letter takes a phone that it may sound like (0) or any (2), is silent (1);
    a phone without letter costs 1, a pause outside words nothing. The letters е, ё, ю and я may have a
    j of their own."""
    letters = [(letter, index, position == 0) for index, word in enumerate(words)
               for position, letter in enumerate(
                   c for c in re.sub("[еёюя]", r"й\g<0>", word.lower()) if c in CYRILLIC)]
    rows, columns = len(letters) + 1, len(phones) + 1
    cost, back = np.full((rows, columns), np.inf), np.zeros((rows, columns), np.int8)
    cost[0, 0] = 0
    for i in range(rows):
        edge = i == len(letters) or letters[i][2]
        for j in range(columns):
            steps = [cost[i, j]]
            if j:
                free = phones[j - 1] == "pau"
                steps.append(cost[i, j - 1] + ((0 if edge else 9) if free else 1))
            else:
                steps.append(np.inf)
            steps.append(cost[i - 1, j] + 1 if i else np.inf)
            if i and j:
                fits = phones[j - 1] in CYRILLIC[letters[i - 1][0]].split()
                steps.append(cost[i - 1, j - 1] + (0 if fits else 2 if phones[j - 1] != "pau"
                                                   else 20))
            else:
                steps.append(np.inf)
            back[i, j] = int(np.argmin(steps))
            cost[i, j] = steps[back[i, j]]
    spans: dict[int, list[int]] = {}
    i, j = rows - 1, columns - 1
    while i or j:
        step = back[i, j]
        if step == 3:
            spans.setdefault(letters[i - 1][1], []).append(j - 1)
        i, j = i - (step >= 2), j - (step != 2)
    return [(min(spans[k]), max(spans[k]) + 1) if k in spans else (0, 0)
            for k in range(len(words))]


def festvox_ru():
    """The recordings of a Russian unit-selection voice with hand-checked phone labels. Words come
    from the text; their times from the labels, which letters are aligned with."""
    folder = SHARE / "festival/voices/russian/msu_ru_nsh_clunits"
    for line in (folder / "etc/txt.done.data").read_text(encoding="utf-8").splitlines():
        found = re.match(r'\(\s*(\w+)\s+"(.*)"\s*\)', line)
        path = folder / "wav" / f"{found[1]}.wav" if found else Path("-")
        label = folder / "lab" / f"{found[1]}.lab" if found else Path("-")
        if not path.exists() or not label.exists():
            continue
        text = found[2].replace("+", "")
        rows = [row.split() for row in label.read_text().splitlines() if len(row.split()) == 3]
        ends = [float(row[0]) for row in rows]
        starts = [0.0] + ends[:-1]
        words = [word for word in text.split() if any(c in CYRILLIC for c in word.lower())]
        spans = spelled(words, [row[2] for row in rows])
        times = [(starts[a], ends[b - 1]) if b else None for a, b in spans]
        sound, rate = read(path)
        yield Utterance("nsh", "ru", " ".join(words), sound, rate, word_times=times)
