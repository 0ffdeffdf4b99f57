"""Synthesizers with sounds that people designed: DSSI plug-ins of Debian, each preset a sound source.

    python -m Models.training.music.synths

lists the presets that are used, by instrument. A preset's instrument is read from its name, or from
the name of the folder that it lies in; one that is silent, or that does not sound the note asked for,
is left out. The plug-ins are called through ctypes: DSSI is LADSPA with programs and events
(dssi.h, version 1.1.1; seq_event.h of ALSA).
"""

import ctypes
import functools
import json
import multiprocessing
import pathlib
import random
import re
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from ..work import WORK
from .oscillators import RATE
from .scores import Part

PLUGINS = {"zyn": "libzynaddsubfx_dssi.so", "why": "whysynth.so", "hexter": "hexter.so"}
FOLDER = pathlib.Path("/usr/lib/dssi")
ZYN_BANKS = pathlib.Path("/usr/share/zynaddsubfx/banks")
PATIENCE = 120  # seconds for a part
#: Zyn's folders without instruments, or with several in a preset.
LEFT_OUT = {"Arpeggios", "Cormi_Noise", "Drums", "Dual", "Noises", "Splitted"}
#: What all presets of a folder are that their names say nothing of.
FOLDERS = {"Bass": "bass", "Brass": "brass", "Choir and Voice": "choir", "Organ": "organ",
           "Pads": "synth pad", "Reed and Wind": "woodwind", "Rhodes": "piano",
           "Strings": "strings", "Synth": "synth lead"}
#: Instruments by words in a preset's name; the first match counts. `None`: nobody could say.
NAMES = [
    (r"drum|kick|snare|hat|cymbal|noise|wind\b|rain|thunder|fx|sfx|effect|seq|arp|loop|init|drone|laser"
     r"|explo|machine|alarm|<-->|chord|\b(maj|min)\b|fifth|\b5th", None),
    (r"bassoon|flute|clarinet|oboe|\bsax|recorder|pan ?pipe|piccolo|whistle|ocarina|shakuhachi|bagpipe"
     r"|english horn|\breed", "woodwind"),
    (r"brass|brazz|trumpet|thrumpet|trombon|\bhorn|tuba\b", "brass"),
    (r"xylo|marimba|vibraphon|\bvibes|glocken|kalimba|karimba|steel ?drum|timpani|celesta|mallet|chimes"
     r"|music box|caribic", "percussion"),
    (r"\bbass\b|bass ?\d|bass$|e\.bass|sub ?bass|basso", "bass"),
    (r"choir|voice|vocal|vox\b|\bahh?\b|\booh\b|aah|\behh\b|ohh", "choir"),
    (r"organ|hamm|pipes|accord|e\.org|jorg|leslie|church", "organ"),
    (r"string|violin|cello|viola\b|orchestra|pizz", "strings"),
    (r"dist.*g(uita|t)r|overdr|fuzz|heavy guitar|metal guitar", "distorted guitar"),
    (r"acoustic g|nylon|spanish|steel g|12.?str", None),  # hardly any
    (r"guitar|e\.?gtr", "electric guitar"),
    (r"rhodes|e\.? ?p(iano|f)?\b|piano|clav|harpsi|grand|wurli|tine", "piano"),
    (r"pad\b|pad ?\d|sweep|ambient|atmos|aura|ether|space|morph|dream|soft|warm|evol|slow|angel|heaven",
     "synth pad"),
    (r"lead|solo|saw|sync|square|mono|pulse|theremin|synth", "synth lead"),
]  # fmt: skip


def instrument_of(name: str, folder: str) -> str | None:
    for words, instrument in NAMES:
        if re.search(words, name.lower()):
            return instrument
    return FOLDERS.get(folder)


# ---- plug-ins


class Event(ctypes.Structure):
    """ALSA's snd_seq_event_t with a note."""

    _fields_ = [("type", ctypes.c_ubyte), ("flags", ctypes.c_ubyte), ("tag", ctypes.c_ubyte),
                ("queue", ctypes.c_ubyte), ("tick", ctypes.c_uint), ("_time", ctypes.c_uint),
                ("_ends", ctypes.c_ubyte * 4), ("channel", ctypes.c_ubyte),
                ("note", ctypes.c_ubyte), ("velocity", ctypes.c_ubyte),
                ("_off", ctypes.c_ubyte), ("_rest", ctypes.c_uint * 2)]


NOTE_ON, NOTE_OFF = 6, 7
INPUT, OUTPUT, CONTROL, AUDIO = 1, 2, 4, 8
_LONG, _POINTER = ctypes.c_ulong, ctypes.c_void_p


class Hint(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("low", ctypes.c_float), ("high", ctypes.c_float)]

    def default(self) -> float:
        low, high = self.low, self.high
        return {0x40: low, 0x80: 0.75 * low + 0.25 * high, 0xC0: (low + high) / 2,
                0x100: 0.25 * low + 0.75 * high, 0x140: high, 0x240: 1.0, 0x280: 100.0,
                0x2C0: 440.0}.get(self.kind & 0x3C0, 0.0)


class Ladspa(ctypes.Structure):
    _fields_ = [("_id", _LONG), ("_label", _POINTER), ("_properties", ctypes.c_int),
                ("_texts", _POINTER * 3), ("ports", _LONG),
                ("kinds", ctypes.POINTER(ctypes.c_int)), ("_names", _POINTER),
                ("hints", ctypes.POINTER(Hint)), ("_data", _POINTER),
                ("instantiate", ctypes.CFUNCTYPE(_POINTER, _POINTER, _LONG)),
                ("connect", ctypes.CFUNCTYPE(None, _POINTER, _LONG, _POINTER)),
                ("activate", ctypes.CFUNCTYPE(None, _POINTER)), ("_rest", _POINTER * 5)]


class Program(ctypes.Structure):
    _fields_ = [("bank", _LONG), ("number", _LONG), ("name", ctypes.c_char_p)]


class Dssi(ctypes.Structure):
    _fields_ = [("_version", ctypes.c_int), ("ladspa", ctypes.POINTER(Ladspa)),
                ("_configure", _POINTER),
                ("program", ctypes.CFUNCTYPE(ctypes.POINTER(Program), _POINTER, _LONG)),
                ("select", ctypes.CFUNCTYPE(None, _POINTER, _LONG, _LONG)), ("_cc", _POINTER),
                ("run", ctypes.CFUNCTYPE(None, _POINTER, _LONG, ctypes.POINTER(Event), _LONG))]


class Plugin:
    """One synthesizer, at its controls' defaults."""

    BLOCK = 1024

    def __init__(self, name: str):
        library = ctypes.CDLL(str(FOLDER / PLUGINS[name]))
        library.dssi_descriptor.restype = ctypes.POINTER(Dssi)
        library.dssi_descriptor.argtypes = [_LONG]
        self.dssi = library.dssi_descriptor(0).contents
        ladspa = self.dssi.ladspa.contents
        self.handle = ladspa.instantiate(self.dssi.ladspa, RATE)
        self.ports, self.outputs = [], []
        for index in range(ladspa.ports):
            kind = ladspa.kinds[index]
            port = np.zeros(self.BLOCK if kind & AUDIO else 1, np.float32)
            if kind & CONTROL and kind & INPUT:
                port[0] = ladspa.hints[index].default()
            ladspa.connect(self.handle, index, port.ctypes.data)
            self.ports.append(port)  # the plug-in keeps their addresses
            if kind & AUDIO and kind & OUTPUT:
                self.outputs.append(port)
        ladspa.activate(self.handle)

    def programs(self):
        """(bank, number, name) of each preset."""
        index = 0
        while found := self.dssi.program(self.handle, index):
            program = found.contents
            yield program.bank, program.number, (program.name or b"").decode(errors="replace").strip()
            index += 1

    def render(self, bank: int, number: int, notes: list, samples: int) -> np.ndarray:
        """Mono samples of a preset, the mean of the channels."""
        self.dssi.select(self.handle, bank, number)
        events = sorted([(int(start * RATE), NOTE_ON, pitch, velocity)
                         for start, _, pitch, velocity in notes] +
                        [(int(end * RATE), NOTE_OFF, pitch, 0) for _, end, pitch, _ in notes])
        out, at, next_event = np.empty(samples, np.float32), 0, 0
        while at < samples:
            length = min(self.BLOCK, samples - at)
            first = next_event
            while next_event < len(events) and events[next_event][0] < at + length:
                next_event += 1
            now = [Event(type=kind, tick=time - at, note=pitch, velocity=velocity)
                   for time, kind, pitch, velocity in events[first:next_event]]
            self.dssi.run(self.handle, length, (Event * max(1, len(now)))(*now), len(now))
            out[at : at + length] = np.mean([port[:length] for port in self.outputs], 0)
            at += length
        # What still rings must not ring in the next part.
        still = [Event(type=NOTE_OFF, note=pitch) for pitch in {note[2] for note in notes}]
        for turn in range(3 * RATE // self.BLOCK):
            count = len(still) if turn == 0 else 0
            self.dssi.run(self.handle, self.BLOCK, (Event * max(1, len(still)))(*still), count)
            if turn and max(np.abs(port).max() for port in self.outputs) < 1e-4:
                break
        return np.nan_to_num(out)


# ---- presets


def sounds(plugin: Plugin, bank: int, number: int) -> bool:
    """Whether a preset sounds an A when it is asked for one, whatever the octave."""
    for pitch in (45, 69):
        sound = plugin.render(bank, number, [(0.0, 1.0, pitch, 100)], int(1.2 * RATE))
        if not 1e-3 < np.abs(sound).max() < 100:
            continue
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        hz = np.fft.rfftfreq(len(sound), 1 / RATE)
        heard = (hz > 80) & (hz < 1500)
        classes = np.round(12 * np.log2(hz[heard] / 440)).astype(int) % 12
        if np.bincount(classes, power[heard], 12).argmax() == 0:
            return True
    return False


def catalogue() -> dict[str, list[tuple[str, int, int]]]:
    """(plug-in, bank, number) of the presets of each instrument; made once, then kept."""
    kept = WORK / "presets.json"
    if not kept.exists():
        folders = sorted(path.name for path in ZYN_BANKS.iterdir())
        found: dict[str, list] = {}
        for name in PLUGINS:
            plugin = Plugin(name)
            for bank, number, preset in list(plugin.programs()):
                folder = folders[bank] if name == "zyn" else ""
                instrument = None if folder in LEFT_OUT else instrument_of(preset, folder)
                if instrument and sounds(plugin, bank, number):
                    found.setdefault(instrument, []).append((name, bank, number))
        kept.write_text(json.dumps(found))
    return json.loads(kept.read_text())


plugin = functools.cache(Plugin)


def play(name: str, bank: int, number: int, notes: list, samples: int) -> np.ndarray:
    return plugin(name).render(bank, number, notes, samples)


class Presets:
    """Plays a part on a preset drawn for it; silence for instruments that no preset is.

    A process of its own plays: now and then a plug-in crashes or hangs, which costs that part only."""

    def __init__(self):
        self.presets = catalogue()
        self.player = self.process()

    @staticmethod
    def process() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def render(self, part: Part, samples: int, rng: random.Random) -> np.ndarray:
        presets = self.presets.get(part.instrument)
        if not presets:
            return np.zeros(samples, np.float32)
        sound = self.player.submit(play, *rng.choice(presets), part.notes, samples)
        try:
            return sound.result(timeout=PATIENCE)
        except (BrokenProcessPool, TimeoutError):
            for process in (self.player._processes or {}).values():  # one that hangs would never end
                process.kill()
            self.player = self.process()
            return np.zeros(samples, np.float32)


if __name__ == "__main__":
    for instrument, presets in sorted(catalogue().items()):
        print(instrument, len(presets))
