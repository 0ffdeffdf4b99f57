"""libespeak-ng through ctypes: phonemes of text, and synthetic speech with exact times.

    apt-get install libespeak-ng1

Phonemes are IPA symbols as espeak-ng divides them (`aɪ`, `oːɹ`), without stress marks.
"""

import ctypes
import re

import numpy as np

SYNCHRONOUS, PHONEME_EVENTS, IPA_EVENTS = 2, 1, 2
CHARACTERS, UTF8 = 1, 1
END_OF_LIST, WORD, PHONEME = 0, 1, 7
RATE, PITCH, RANGE = 1, 3, 4  # parameters of the voice
MARKS = "ˈˌ"
PUNCTUATION = ".,;:!?…\"“”„«»()¡¿-–"
LANGUAGES = {"en": "en-us", "es": "es-419", "pt_BR": "pt-br"}  # those that espeak names otherwise


class _Identity(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("position", ctypes.c_int),
                ("length", ctypes.c_int), ("milliseconds", ctypes.c_int), ("sample", ctypes.c_int),
                ("user", ctypes.c_void_p), ("id", _Identity)]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int,
                             ctypes.POINTER(_Event))


def tokens(text: str) -> list[str]:
    """Words of a text as espeak counts them: what is between spaces and has a letter or digit."""
    return [token for token in text.split() if any(letter.isalnum() for letter in token)]


class Espeak:
    """One engine a process; `rate` is that of its sound in Hz."""

    def __init__(self):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self.rate = self.library.espeak_Initialize(SYNCHRONOUS, 0, None,
                                                   PHONEME_EVENTS | IPA_EVENTS)
        if self.rate < 8000:
            raise SystemExit("espeak-ng does not start: is espeak-ng-data installed?")
        self.events, self.parts = [], []
        self.callback = _Callback(self._receive)
        self.library.espeak_SetSynthCallback(self.callback)

    def _receive(self, wave, samples, events) -> int:
        if samples > 0:
            self.parts.append(np.ctypeslib.as_array(wave, (samples,)).copy())
        index = 0
        while events[index].type != END_OF_LIST:
            event = events[index]
            symbol = ""
            if event.type == PHONEME:
                symbol = ctypes.string_at(ctypes.addressof(event.id), 8).split(b"\0")[0]
                symbol = symbol.decode(errors="ignore").strip(MARKS)
            self.events.append((event.type, event.position, event.length, event.sample, symbol))
            index += 1
        return 0

    def select(self, voice: str) -> None:
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")

    def _groups(self, text: str) -> list[list[str]]:
        """Phonemes of the words of a text, as espeak joins or divides them."""
        buffer = ctypes.create_string_buffer(text.encode())
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        groups = []
        while at.value:
            clause = self.library.espeak_TextToPhonemes(ctypes.byref(at), UTF8, 2 | ord("_") << 8)
            clause = re.sub(r"\([a-z-]+\)", "", (clause or b"").decode())  # changes of language
            for group in clause.split():
                phones = [phone.strip(MARKS + "-") for phone in group.split("_")]
                if any(phones):
                    groups.append([phone for phone in phones if phone])
        return groups

    def words(self, text: str, language: str) -> list[tuple[str, list[str]]]:
        """Words with phonemes. Where espeak joins words ("of the") or may divide them ("25"), each
        word is pronounced alone."""
        self.select(LANGUAGES.get(language, language))
        names, groups = tokens(text), self._groups(text)
        simple = all(name.strip(PUNCTUATION).replace("'", "").isalpha() for name in names)
        if len(names) != len(groups) or not simple:
            groups = [sum(self._groups(name), []) for name in names]
        return [(name, phones) for name, phones in zip(names, groups) if phones]

    def speak(self, text: str, voice: str, speed: int = 170, pitch: int = 50, width: int = 50):
        """Sound [samples] int16, words with phonemes, and the phonemes' times: for each word a list
        of (start, end) in seconds."""
        self.select(voice)
        for parameter, value in ((RATE, speed), (PITCH, pitch), (RANGE, width)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.events, self.parts = [], []
        data = text.encode()
        self.library.espeak_Synth(data, len(data) + 1, 0, CHARACTERS, 0, UTF8, None, None)
        self.library.espeak_Synchronize()
        words, times = [], []
        ends = [event[3] for event in self.events[1:]] + [sum(map(len, self.parts))]
        for (kind, position, length, sample, symbol), end in zip(self.events, ends):
            if kind == WORD:
                words.append((text[position - 1 : position - 1 + length], []))
                times.append([])
            elif kind == PHONEME and symbol and words:
                words[-1][1].append(symbol)
                times[-1].append((sample / self.rate, end / self.rate))
        kept = [index for index, word in enumerate(words) if word[1]]
        sound = np.concatenate(self.parts) if self.parts else np.zeros(0, np.int16)
        return sound, [words[index] for index in kept], [times[index] for index in kept]
