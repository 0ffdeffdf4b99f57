"""Scores for the data factory: parts with notes, from MMA's grooves and from game MIDI files.

MMA (Musical MIDI Accompaniment, GPL-2) turns a chord list and a groove into a MIDI file, so the
chords are known exactly. A melody is laid over some songs. Splits are by groove file and by tune.
"""

import dataclasses
import hashlib
import pathlib
import random
import re
import subprocess
import tempfile

import mido

from ..work import ROOT

#: General MIDI programs of each pitched instrument the models know.
PROGRAMS = {
    "bass": [32, 33, 34, 35, 36, 37, 38, 39],
    "acoustic guitar": [24, 25],
    "electric guitar": [26, 27, 28],
    "distorted guitar": [29, 30],
    "piano": [0, 1, 2, 3, 4, 5],
    "strings": [40, 41, 42, 43, 44, 45, 48, 49, 50, 51],
    "organ": [16, 17, 18, 19, 20],
    "brass": [56, 57, 58, 59, 60, 61, 62, 63],
    "woodwind": [64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75],
    "synth lead": [80, 81, 82, 83, 84, 85, 86, 87],
    "synth pad": [88, 89, 90, 91, 92, 93, 94, 95],
    "choir": [52, 53, 54],
}
#: Mallets, bells, timpani, steel drums and so on, where a score has them.
MALLETS = [8, 9, 11, 12, 13, 14, 47, 112, 113, 114, 115, 116, 117]
CLASS_OF = {program: name for name, programs in [*PROGRAMS.items(), ("percussion", MALLETS)]
            for program in programs}
INSTRUMENTS = ["drums", "percussion", *PROGRAMS]
#: Names that several instruments answer to.
UNIONS = {
    "guitar": ("acoustic guitar", "electric guitar", "distorted guitar"),
    "electric guitar": ("electric guitar", "distorted guitar"),
    "synth": ("synth lead", "synth pad"),
}
#: What a song is made of: names of which no two are of the same stem, as the program shares masks.
PARTS = [name for name in INSTRUMENTS if name != "distorted guitar"] + ["vocals"]
#: Notes of the drums' channel that a percussionist plays, not the drummer.
PERCUSSION_NOTES = {54, 56, 58, *range(60, 83)}
#: Above this middle pitch (C4) a part with a bass's program is a melody, and nobody would call it a bass.
HIGHEST_BASS = 60
#: What may take over a part of that class, when instruments are drawn anew.
CHORDAL = ["acoustic guitar", "electric guitar", "distorted guitar", "piano", "strings", "organ",
           "synth lead", "synth pad", "brass", "choir"]
MELODIC = ["woodwind", "woodwind", "brass", "electric guitar", "distorted guitar", "strings",
           "synth lead", "piano", "acoustic guitar", "choir"]


def names_of(instrument: str) -> list[str]:
    """All names that a stem of this instrument answers to, its own first."""
    return [instrument, *(name for name, members in UNIONS.items()
                          if instrument in members and name != instrument)]


@dataclasses.dataclass
class Part:
    """One instrument's notes: (start seconds, end seconds, MIDI pitch, velocity 1…127)."""

    instrument: str  # one of INSTRUMENTS, or "other"
    program: int
    notes: list[tuple[float, float, int, int]]


@dataclasses.dataclass
class Harmony:
    """What a song is built on: `chords` names one for each bar, from the song's start."""

    beat: float  # seconds
    beats_per_bar: int
    chords: list[str]


def members(name: str) -> tuple[str, ...]:
    """The instruments that answer to a name."""
    return UNIONS.get(name, (name,))


def others_than(name: str) -> list[str]:
    """The parts of a song that share no stem with what a name stands for."""
    own = set(members(name))
    return [part for part in PARTS if not own.intersection(members(part))]


def split_of(name: str) -> str:
    """train 80%, dev 10%, validation 10%, by a hash of a groove's or tune's name."""
    bucket = hashlib.sha256(name.encode()).digest()[0] % 10
    return {0: "dev", 1: "validation"}.get(bucket, "train")


def midi_parts(path) -> list[Part]:
    """Parts of a MIDI file, merged by (channel, program); drums and percussion are two."""
    midi = mido.MidiFile(path, clip=True)
    program = [0] * 16
    sounding: dict[tuple[int, int], list] = {}
    parts: dict[tuple, Part] = {}
    now = 0.0
    for message in midi:
        now += message.time
        if message.type == "program_change":
            program[message.channel] = message.program
        elif message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in sounding:
                start, velocity, owner = sounding.pop(key)
                parts[owner].notes.append((start, max(now, start + 0.03), message.note, velocity))
            if message.type == "note_on" and message.velocity > 0:
                drums = message.channel == 9
                number = 0 if drums else program[message.channel]
                name = CLASS_OF.get(number, "other")
                if drums:
                    name = "percussion" if message.note in PERCUSSION_NOTES else "drums"
                owner = (message.channel, number, name)
                if owner not in parts:
                    parts[owner] = Part(name, number, [])
                sounding[key] = (now, message.velocity, owner)
    found = [part for part in parts.values() if len(part.notes) >= 4]
    for part in found:
        middle = sorted(pitch for _, _, pitch, _ in part.notes)[len(part.notes) // 2]
        if part.instrument == "bass" and middle > HIGHEST_BASS:
            part.instrument = "other"
    return found


def grooves(split: str) -> list[str]:
    """Names of MMA's grooves in a split."""
    library = pathlib.Path("/usr/share/mma/lib")
    found = []
    for path in sorted(library.rglob("*.mma")):
        text = path.read_text(errors="replace")
        if split_of(path.stem) == split:
            names = re.findall(r"^\s*DefGroove\s+(\S+)", text, re.M | re.I)
            found += [f"{path.parent.name}/{path.stem}:{name}" for name in names]
    return found


ROOTS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
SCALES = {
    "major": ([0, 2, 4, 5, 7, 9, 11], ["", "m", "m", "", "", "m", "dim"]),
    "minor": ([0, 2, 3, 5, 7, 8, 10], ["m", "dim", "", "m", "m", "", ""]),
}


def chord_line(rng: random.Random, bars: int) -> tuple[list[str], list[list[int]]]:
    """A chord name and its pitch classes for each bar: a repeated random progression."""
    key = rng.randrange(12)
    steps, kinds = SCALES[rng.choice(["major", "minor"])]
    phrase = [0] + [rng.choice([0, 1, 2, 3, 4, 4, 3, 5, 5]) for _ in range(rng.choice([3, 7]))]
    names, tones = [], []
    for bar in range(bars):
        degree = phrase[bar % len(phrase)]
        if bar % len(phrase) == 0 and bar and rng.random() < 0.3:
            phrase[rng.randrange(1, len(phrase))] = rng.choice([1, 2, 3, 4, 5])
        root, kind = (key + steps[degree]) % 12, kinds[degree]
        third = 4 if kind == "" else 3
        seventh = rng.random() < 0.25 and kind != "dim"
        names.append(ROOTS[root] + kind + ("7" if seventh else ""))
        tones.append([(root + step) % 12 for step in (0, third, 6 if kind == "dim" else 7)])
    return names, tones


def melody(rng: random.Random, tones: list[list[int]], bar_seconds: float) -> list[tuple]:
    """A wandering line on chord tones with passing notes, in phrases with rests."""
    notes, pitch = [], rng.randrange(60, 76)
    for bar, chord in enumerate(tones):
        if rng.random() < 0.2:
            continue
        grid = rng.choice([2, 4, 4, 8])
        step = 0
        while step < grid:
            length = rng.choice([1, 1, 2, 3])
            if rng.random() < 0.85:
                target = pitch + rng.choice([-5, -3, -2, -1, 1, 2, 3, 4, 7])
                if step == 0 or rng.random() < 0.6:
                    target = min((p for p in range(target - 6, target + 7) if p % 12 in chord),
                                 key=lambda p: abs(p - target))
                pitch = min(max(target, 52), 90)
                start = (bar + step / grid) * bar_seconds
                end = start + min(length, grid - step) / grid * bar_seconds * rng.uniform(0.6, 1)
                notes.append((start, end, pitch, rng.randrange(60, 115)))
            step += length
    return notes


#: Shakers, tambourine, congas, bongos, timbales, wood and bells that play a pattern together.
HANDS = [(70,), (82,), (54,), (69,), (54, 56), (62, 63, 64), (60, 61), (65, 66, 67, 68), (75, 76, 77),
         (73, 74), (56, 62, 63), (81, 80, 70)]


def percussion(rng: random.Random, bars: int, bar_seconds: float) -> list[tuple]:
    """A pattern of one or two bars of hand percussion, played all along, now and then with a rest."""
    grid = rng.choice([8, 16, 16, 12])
    pattern = []
    for hand in rng.sample(HANDS, rng.choice([1, 1, 2])):
        density = rng.uniform(0.15, 0.9)
        pattern += [(step, rng.choice(hand), rng.randrange(50, 120)) for step in range(2 * grid)
                    if rng.random() < density]
    notes = []
    for bar in range(0, bars, 2):
        if rng.random() < 0.1:
            continue
        for step, pitch, velocity in pattern:
            start = max(0.0, (bar + step / grid) * bar_seconds + rng.gauss(0, 0.004))
            notes.append((start, start + 0.1, pitch, min(127, max(1, velocity + rng.randint(-8, 8)))))
    return notes


def mma_song(rng: random.Random, groove: str, seconds: float) -> tuple[list[Part], Harmony | None]:
    """Parts of a song in a groove, about `seconds` long or shorter, and its harmony where the bars are
    steady; no parts when MMA refuses the groove."""
    tempo = rng.randrange(66, 168)
    bars = max(4, round(seconds * tempo / 240))
    names, tones = chord_line(rng, bars)
    source, name = groove.split(":")
    with tempfile.TemporaryDirectory() as folder:
        score = pathlib.Path(folder) / "song.mma"
        lines = [f"{bar + 1} {chord}" for bar, chord in enumerate(names)]
        score.write_text(f"Tempo {tempo}\nGroove {source}:{name}\n" + "\n".join(lines) + "\n")
        target = score.with_suffix(".mid")
        run = subprocess.run(["mma", score, "-f", target], capture_output=True)
        if run.returncode or not target.exists():
            return [], None
        try:
            parts = midi_parts(target)
        except Exception:  # a MIDI file that mido refuses: the song is left out
            return [], None
    end = max((note[1] for part in parts for note in part.notes), default=0)
    beats = end / bars * tempo / 60  # of a bar, and a little more where last notes ring
    beats_per_bar = round(beats)
    harmony = Harmony(60 / tempo, beats_per_bar, names) if abs(beats - beats_per_bar) < 0.2 else None
    if rng.random() < 0.6 and harmony:
        notes = melody(rng, tones, beats_per_bar * 60 / tempo)
        if len(notes) >= 4:
            instrument = rng.choice(MELODIC)
            parts.append(Part(instrument, rng.choice(PROGRAMS[instrument]), notes))
    if harmony and rng.random() < 0.2 and all(part.instrument != "percussion" for part in parts):
        notes = percussion(rng, bars, beats_per_bar * 60 / tempo)
        if len(notes) >= 4:
            parts.append(Part("percussion", 0, notes))
    return parts, harmony


def tunes(split: str) -> list[pathlib.Path]:
    """MIDI files of game packages in a split, those of the WAD archives unpacked beside them."""
    games = ROOT / "usr/share/games"
    folder = ROOT.parent / "wad-midi"
    if not folder.exists():
        folder.mkdir(parents=True)
        for wad in sorted((games / "doom").glob("*.wad")):
            data = wad.read_bytes()
            count, directory = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8))
            for entry in range(count):
                row = data[directory + 16 * entry : directory + 16 * entry + 16]
                start, size = (int.from_bytes(row[i : i + 4], "little") for i in (0, 4))
                name = row[8:].rstrip(b"\0").decode("ascii", "replace")
                if data[start : start + 4] == b"MThd":
                    (folder / f"{wad.stem}-{name}.mid").write_bytes(data[start : start + size])
    paths = sorted(folder.glob("*.mid")) + sorted((games / "openttd").rglob("*.mid"))
    paths += sorted((ROOT / "usr/share/planetblupi").rglob("*.mid"))
    return [path for path in paths if split_of(path.stem) == split]


def recast(rng: random.Random, parts: list[Part]) -> list[Part]:
    """Draws instruments anew for some parts and programs anew for all, at most seven parts."""
    rng.shuffle(parts)
    cast = []
    for part in parts[:7]:
        instrument = part.instrument
        if instrument not in ("drums", "percussion", "bass") and rng.random() < 0.5:
            chordal = instrument in CHORDAL or rng.random() < 0.5
            instrument = rng.choice(CHORDAL if chordal else MELODIC)
        program = part.program
        if instrument in PROGRAMS:
            program = rng.choice(PROGRAMS[instrument])
        cast.append(Part(instrument, program, part.notes))
    return cast
