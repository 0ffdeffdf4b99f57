"""Synthetic speech of any English text: espeak-ng, Festival and Flite. Yields `Utterance`s.

    apt-get install festival festlex-cmu festlex-poslex festvox-kallpc16k festvox-kdlpc16k \
      festvox-us-slt-hts flite

Festival gives exact word times, espeak-ng those of phonemes too.
"""

import random
import re
import subprocess
import tempfile
from pathlib import Path

from .espeak import Espeak, tokens
from .recordings import Utterance, read

#: Voices of espeak-ng by split; a formant synthesizer's variants differ in tract and voice.
ESPEAK = {
    "train": [f"{accent}+{variant}" for accent in ("en-us", "en", "en-gb-scotland")
              for variant in ("m1", "m2", "m3", "m4", "m5", "f1", "f2", "f3", "klatt")],
    "dev": ["en-us+m6", "en-us+f4", "en+klatt2"],
    "validation": ["en-us+m7", "en-us+f5", "en+klatt3"],
}
FESTIVAL = {"ked": "voice_ked_diphone", "kal": "voice_kal_diphone",
            "slt": "voice_cmu_us_slt_arctic_hts"}


def plain(text: str) -> str | None:
    """Text of letters and simple punctuation, so that all synthesizers count the same words."""
    text = re.sub(r"\s+", " ", text.replace("’", "'").replace("...", ", ")).strip(" ,")
    if re.fullmatch(r"[A-Za-z' ,.?!]+", text) and 3 <= len(tokens(text)) <= 30:
        return text
    return None


def espeak(engine: Espeak, voices: list[str], texts: list[str], minutes: float):
    rng = random.Random(7)
    seconds = 0.0
    for text in texts:
        if seconds > 60 * minutes:
            return
        voice = rng.choice(voices)
        sound, words, times = engine.speak(text, voice, rng.randint(130, 210), rng.randint(25, 75),
                                           rng.randint(30, 80))
        seconds += len(sound) / engine.rate
        yield Utterance(f"espeak-{voice}", "en", text, sound, engine.rate, words=words,
                        phone_times=times)


def festival(voice: str, texts: list[str], minutes: float, batch: int = 40):
    """Festival says `batch` texts a process; an utterance whose words it counts otherwise than by
    spaces keeps no times."""
    seconds = 0.0
    for start in range(0, len(texts), batch):
        if seconds > 60 * minutes:
            return
        with tempfile.TemporaryDirectory() as folder:
            lines = [f"({FESTIVAL[voice]})"]
            for index, text in enumerate(texts[start : start + batch]):
                lines.append(
                    f'(set! u (SynthText "{text}"))'
                    f'(utt.save.wave u "{folder}/{index}.wav" \'riff)'
                    f'(format t "utterance {index}\\n")'
                    '(mapcar (lambda (w) (format t "%s %f %f\\n" (item.name w) '
                    '(item.feat w "word_start") (item.feat w "word_end"))) '
                    "(utt.relation.items u 'Word))")
            script = Path(folder, "say.scm")
            script.write_text("\n".join(lines))
            said = subprocess.run(["festival", "-b", script], check=True, capture_output=True,
                                  text=True, encoding="latin-1").stdout
            for part in re.split(r"^utterance ", said, flags=re.M)[1:]:
                head, *rows = part.splitlines()
                times = [tuple(map(float, row.split()[1:])) for row in rows if len(row.split()) == 3]
                text = texts[start + int(head)]
                sound, rate = read(f"{folder}/{head}.wav")
                seconds += len(sound) / rate
                yield Utterance(voice, "en", text, sound, rate,
                                word_times=times if len(times) == len(tokens(text)) else None)


def flite(voice: str, texts: list[str], minutes: float):
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/said.wav"
        for text in texts:
            if seconds > 60 * minutes:
                return
            subprocess.run(["flite", "-voice", voice, "-t", text, path], check=True)
            sound, rate = read(path)
            seconds += len(sound) / rate
            yield Utterance(voice, "en", text, sound, rate)
