"""How words sound in libespeak-ng's voice: what the painter goes by.

A formant synthesizer says any word clearly, if not in anybody's voice. Each frame of a recording gets
the synthesizer's frame of the same place in the same phoneme; the painter learns how a speaker's
frames differ from it. It speaks at the speaker's pitch: mel bands tell harmonics apart, and at its
own pitch more of the words in gaps were missed (Benchmarks/speech/RESULTS.md).
"""

import numpy as np
import soxr
import torch

from ..music.features import Layout, filters, log_mel, stft
from .espeak import LANGUAGES, Espeak

SPEED, WIDTH = 160, 50  # words a minute; of 100
PAUSE = 0.05  # seconds of silence around a word
#: espeak-ng's settings of the pitch (of 100), and the median pitch in Hz that a man's and a woman's
#: voice have with them (espeak-ng 1.51), and where the woman's begins.
SETTINGS = (0, 20, 40, 50, 60, 80, 99)
MAN, WOMAN = (56, 62, 73, 82, 93, 119, 151), (90, 116, 143, 163, 183, 227, 287)
BORDER = 145
USUAL = 120  # Hz, of a speaker who shows none
STEP = 4  # Hz, to which pitches are rounded


def voice(hz: float) -> tuple[str, int]:
    """The variant of a voice, and its setting, that come nearest to a pitch."""
    variant, reached = ("", MAN) if hz < BORDER else ("+f2", WOMAN)
    return variant, int(np.interp(hz, reached, SETTINGS) + 0.5)


class Guide:
    def __init__(self, layout: Layout):
        self.engine = Espeak()
        self.layout, self.bank = layout, filters(layout)
        self.words: dict = {}

    def word(self, text: str, language: str, hz: float = USUAL):
        """Log-mel [frames, bands] of a word, and its phonemes' times as (start, end) in frames."""
        key = text, language, STEP * round(hz / STEP)
        if key not in self.words:
            variant, pitch = voice(key[2])
            sound, _, times = self.engine.speak(
                text, LANGUAGES.get(language, language) + variant, SPEED, pitch, WIDTH)
            pause = np.zeros(int(PAUSE * self.engine.rate), np.float32)
            sound = np.concatenate([pause, sound.astype(np.float32) / 32768, pause])
            sound = soxr.resample(sound, self.engine.rate, self.layout.rate)
            mel = log_mel(stft(torch.from_numpy(sound)[None], self.layout), self.bank)[0]
            scale = self.layout.rate / self.layout.hop
            spans = [((a + PAUSE) * scale, (b + PAUSE) * scale) for word in times for a, b in word]
            self.words[key] = mel, spans
        return self.words[key]

    def frames(self, count: int, words: list, hz: float = USUAL) -> torch.Tensor:
        """The guide [count, bands], relative to its mean; zeros where nothing is said. words: (text,
        language, its phonemes' times in frames); hz: the speaker's pitch."""
        out = torch.zeros(count, self.layout.bands)
        there = torch.zeros(count, dtype=torch.bool)
        for text, language, times in words:
            first = max(0, int(np.ceil(times[0][0] - 0.5)))
            last = min(count, int(np.ceil(times[-1][1] - 0.5)))
            if first >= last:
                continue
            mel, spans = self.word(text, language, hz)
            if not spans:
                continue
            if len(spans) == len(times):
                own, theirs = np.ravel(times), np.ravel(spans)
            else:
                own, theirs = (times[0][0], times[-1][1]), (spans[0][0], spans[-1][1])
            # The middle of a frame of ours is that of a frame of the guide.
            at = np.interp(np.arange(first, last) + 0.5, own, theirs) - 0.5
            at = torch.from_numpy(np.clip(at, 0, len(mel) - 1.001)).float()
            left = at.long()
            part = (at - left)[:, None]
            out[first:last] = mel[left] * (1 - part) + mel[left + 1] * part
            there[first:last] = True
        if there.any():
            out[there] -= out[there].mean(0)
        return out
