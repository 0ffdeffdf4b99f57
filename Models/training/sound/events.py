"""Sound events by name: recordings out of packages, labelled by what their files are called, and
synthesis (`synthetic_events.py`).

    python -m Models.training.sound.events

decodes the recordings to mono int16 of 44.1 kHz under `$AEDIT_WORK/sound/events/<split>/`; a package
belongs to one split here and in `recordings.py`.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator

import numpy as np
import soxr

from ..music.mixtures import equalised
from ..music.recordings import decoded
from ..music.songs import RATE
from ..work import WORK
from . import synthetic_events
from .recordings import build, found, looped

CLASSES = ["rain", "wind", "thunder", "water", "fire", "birds", "dog", "cat", "cow", "sheep", "horse",
           "frog", "insects", "steps", "door", "bell", "clock", "siren", "alarm", "phone", "horn",
           "engine", "crowd", "applause", "scream", "typing", "beep", "click", "explosion", "gun",
           "glass", "hammer"]
ARCHIVE = "games/0ad/mods/public/public.zip"
#: Split -> package -> class, folder or archive, names. Only packages that the project's list of data
#: names. Games share recordings: what another split has too is left out.
SOURCES = {
    "train": {
        "0ad-data": [  # CC-BY-SA-3.0
            (name, ARCHIVE, names) for name, names in (
                ("rain", "weather/rain_*.ogg"), ("thunder", "weather/thunder_*.ogg"),
                ("wind", "weather/wind*.ogg weather/snowstorm*.ogg"), ("water", "ambient/water/*.ogg"),
                ("fire", "attack/fire/*.ogg"), ("cow", "animal/cattle_*.ogg"),
                ("horse", "animal/horse_*.ogg mounted/movement/*.ogg"), ("sheep", "animal/sheep_*.ogg"),
                ("birds", "animal/chicken_*.ogg animal/flamingo*.ogg animal/peacock*.ogg"
                          " dayscape/day_temperate_1*.ogg"),
                ("steps", "movement/Footsteps/*.ogg singlesteps/*.ogg"), ("door", "gate/*.ogg"),
                ("crowd", "building/amb_trade_*.ogg building/complete_market.ogg"
                          " building/sel_market.ogg"),
                ("applause", "building/complete_greek_theater.ogg building/sel_greek_theater.ogg"),
                ("dog", "building/complete_kennel.ogg building/sel_kennel.ogg"),
                ("hammer", "building/complete_forge.ogg building/sel_forge.ogg"),
                ("scream", "human/death/*.ogg"), ("explosion", "destruction/*.ogg"))],
        "tuxpaint-stamps-default": [  # GPL-2; files named *_desc* speak, the others sound
            (name, "tuxpaint/stamps", names) for name, names in (
                ("thunder", "lightningbolt.ogg"), ("dog", "dog.ogg"), ("cat", "blackcat.ogg"),
                ("cow", "cow.ogg cow_white.ogg bull.ogg"), ("sheep", "sheep.ogg sheep_lamb.ogg ram.ogg"),
                ("horse", "horse.ogg"), ("frog", "frog.ogg"), ("siren", "firetruck.ogg"),
                ("birds", "blackbird.ogg crow.ogg cuckoo.ogg drake.ogg duck.ogg gander.ogg hen.ogg"
                          " lark.ogg owl.ogg quetzal.ogg rooster.ogg seagull.ogg tucan.ogg turkey.ogg"),
                ("insects", "bee.ogg grasshopper.ogg hornet.ogg mosquito.ogg"),
                ("hammer", "hammer.ogg mallet_metal.ogg"))],
        "sonic-pi-samples": [  # CC0
            (name, "sonic-pi/samples", names) for name, names in (
                ("birds", "misc_crow.flac"), ("bell", "perc_bell*.flac"), ("door", "perc_door.flac"))],
        "lmms-common": [  # GPL-2+
            (name, "lmms/samples", names) for name, names in (
                ("crowd", "raving_crowd01.ogg"), ("applause", "applause01.ogg"),
                ("explosion", "explode01.ogg"))],
        "minetest-data": [  # CC-BY-SA-3.0; doors CC-BY-3.0, CC0
            (name, "games/minetest/games/minetest_game/mods", names) for name, names in (
                ("water", "env_sounds_water.*.ogg"), ("fire", "fire_fire.*.ogg fire_large.ogg"
                                                              " fire_small.ogg"),
                ("steps", " ".join(f"default_{floor}_footstep*.ogg" for floor in (
                    "dirt", "grass", "gravel", "ice", "metal", "sand", "snow", "wood"))),
                ("door", "doors_*.ogg xpanes_*door*.ogg"), ("explosion", "tnt_explode.ogg"),
                ("glass", "default_break_glass.*.ogg"))],
    },
    "dev": {
        "supertuxkart-data": [  # CC-BY-SA-3.0, CC-BY-3.0, CC0, as each file says
            (name, "games/supertuxkart/data/sfx", names) for name, names in (
                ("rain", "rain.ogg"), ("thunder", "thunder.ogg"), ("birds", "exotic-birds*.ogg"),
                ("water", "river_loop.ogg splash.ogg waterfall_loop_2.ogg"), ("clock", "clock.ogg"),
                ("engine", "car_*.ogg engine_*.ogg airplane_jetEngine.ogg"), ("horn", "horn.ogg"),
                ("crowd", "lenautile_restaurant.ogg sara_airport_pa.ogg"),
                ("scream", "WilhelmScream.ogg"), ("hammer", "hammer.ogg"),
                ("explosion", "explosion.ogg fireworks_show.ogg"))],
        "hedgewars-data": [  # GFDL-1.3
            (name, "games/hedgewars/Data/Sounds", names) for name, names in (
                ("fire", "flamethrower.ogg"), ("insects", "bee.ogg"), ("steps", "steps.ogg"),
                ("clock", "minetick.ogg"), ("engine", "plane.ogg rcplane.ogg"),
                ("beep", "beep.ogg"), ("explosion", "explosion.ogg"),
                ("gun", "gun.ogg shotgunfire.ogg minigun.ogg"), ("hammer", "*hammer.ogg"))],
    },
    "validation": {
        "wesnoth-1.16-data": [  # GPL-2+
            (name, "games/wesnoth/1.16", names) for name, names in (
                ("thunder", "lightning.ogg"), ("fire", "campfire.ogg"), ("birds", "birds?.ogg"),
                ("horse", "horse*canter.wav"), ("bell", "bell.wav"),
                ("scream", "human-die-?.ogg human-female-die-?.ogg"), ("explosion", "explosion.ogg"),
                ("gun", "gunshot.wav thunderstick.ogg"))],
    },
}
#: What goes on, and the shortest recording of it that may be looped, s.
CONTINUOUS = {"rain": 0.3, "wind": 0.3, "water": 2, "fire": 0.5, "insects": 0.3, "engine": 0.2,
              "crowd": 1.5, "applause": 1.5, "alarm": 1, "siren": 1.5, "typing": 2, "clock": 1}
#: What is heard several times: fewest and most times if it is short, least and greatest gap, s.
REPEATED = {"steps": (3, 14, 0.15, 0.5), "typing": (5, 50, 0.02, 0.2), "clock": (4, 20, 0.2, 0.9),
            "dog": (1, 4, 0.1, 0.8), "birds": (1, 4, 0.1, 2), "frog": (1, 4, 0.1, 1),
            "hammer": (1, 4, 0.2, 0.8), "gun": (1, 4, 0.1, 1), "click": (1, 4, 0.1, 1),
            "beep": (1, 4, 0.1, 1), "horn": (1, 3, 0.1, 0.8), "water": (1, 3, 0.3, 2),
            "cow": (1, 2, 0.5, 2), "sheep": (1, 3, 0.3, 2), "cat": (1, 3, 0.3, 2),
            "door": (1, 2, 0.5, 3), "bell": (1, 3, 0.3, 2), "explosion": (1, 2, 0.2, 2)}
#: A longer recording than this, s, is taken for a whole scene and heard at most twice.
SHORT = 0.7
FRAME = RATE // 100


def trimmed(sound: np.ndarray) -> np.ndarray:
    """Without what is 50 dB under the peak at either end; int16, empty if all is silent."""
    peaks = np.abs(sound[: len(sound) // FRAME * FRAME].astype(np.int32)).reshape(-1, FRAME).max(1)
    loud = np.flatnonzero(peaks > max(50, peaks.max(initial=0) * 10**-2.5))
    return sound[loud[0] * FRAME : (loud[-1] + 1) * FRAME] if len(loud) else sound[:0]


def labelled(sources: list[tuple[str, str, str]]) -> Iterator[tuple[dict, np.ndarray]]:
    for label, place, names in sources:
        for name, file in found(place, names):
            sound = trimmed(decoded(file))
            if len(sound) >= RATE // 20:
                yield {"name": name, "class": label}, sound


def levelled(sound: np.ndarray) -> np.ndarray:
    """At an RMS of 1 over its frames that are at most 30 dB under the loudest."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = (frames**2).mean(1)
    sounding = power[power > power.max() * 1e-3]
    return sound / np.float32(max(1e-6, np.sqrt(sounding.mean()))) if len(sounding) else sound


class Events:
    """Draws events of a split; half are synthetic where both are there."""

    def __init__(self, split: str, rng: random.Random):
        self.split, self.rng = split, rng
        self.pieces: dict[str, list] = {}
        for path in sorted((WORK / "sound" / "events" / split).glob("*.jsonl")):
            sound = np.memmap(path.with_suffix(".i16"), np.int16, "r")
            for row in map(json.loads, path.read_text().splitlines()):
                family = path.stem, row["name"].strip("0123456789")
                self.pieces.setdefault(row["class"], []).append((family, sound, row))
        if not self.pieces:
            raise SystemExit(f"no events of {split}: run Models.training.sound.events")
        self.names = [name for name in CLASSES
                      if name in self.pieces or name in synthetic_events.KINDS]

    def draw(self, name: str, samples: int) -> np.ndarray:
        """float32 [samples] of a class of `names`; it may begin late or end early."""
        synthetic = name in synthetic_events.KINDS
        if synthetic and (name not in self.pieces or self.rng.random() < 0.5):
            return levelled(self.synthetic(name, samples))
        return levelled(self.recorded(name, samples))

    def synthetic(self, name: str, samples: int) -> np.ndarray:
        make = synthetic_events.KINDS[name]
        if name not in synthetic_events.SECONDS:
            return make(samples, self.rng, self.split)
        length = int(RATE * self.rng.uniform(*synthetic_events.SECONDS[name]))
        return self.placed(name, [make(length, self.rng, self.split)], samples)

    def recorded(self, name: str, samples: int) -> np.ndarray:
        rng = self.rng
        family, _, row = rng.choice(self.pieces[name])
        # Steps and keys sound alike but never the same: the same series is used for all of them.
        series = [piece for piece in self.pieces[name] if piece[0] == family and (
            name in ("steps", "typing") or piece[2] is row)]
        ratio = 2 ** rng.uniform(-0.2, 0.2) if self.split == "train" and rng.random() < 0.5 else 1
        sounds = [self.read(piece, ratio) for piece in rng.sample(series, min(6, len(series)))]
        if self.split == "train" and rng.random() < 0.5:
            state = rng.getstate()
            for i, sound in enumerate(sounds):  # all through the same curve
                rng.setstate(state)
                sounds[i] = equalised(sound, rng, 4)
        if len(sounds[0]) >= RATE * CONTINUOUS.get(name, np.inf):
            if len(sounds[0]) < samples:
                return looped(sounds[0], samples, rng)
            start = rng.randrange(len(sounds[0]) - samples + 1)
            return sounds[0][start : start + samples]
        return self.placed(name, sounds, samples)

    def read(self, piece: tuple, ratio: float) -> np.ndarray:
        _, sound, row = piece
        sound = sound[row["offset"] : row["offset"] + row["samples"]].astype(np.float32) / 32768
        return soxr.resample(sound, RATE, RATE * ratio, "MQ") if ratio != 1 else sound

    def placed(self, name: str, sounds: list[np.ndarray], samples: int) -> np.ndarray:
        """The sounds at a random place, several times if that fits the class and the length."""
        rng = self.rng
        fewest, most, low, high = REPEATED.get(name, (1, 1, 0, 0))
        if len(sounds[0]) > SHORT * RATE:
            fewest, most = 1, min(2, most)
        gap = rng.uniform(low, high)
        out = np.zeros(samples, np.float32)
        at = rng.randrange(max(1, samples - len(sounds[0]) + 1))
        if most > 3:  # or else a row would always be short of room
            at = rng.randrange(at + 1)
        for _ in range(rng.randint(fewest, most)):
            sound = rng.choice(sounds)
            length = min(len(sound), samples - at)
            if length < len(sound) and at and out.any():
                break
            fade = min(length, FRAME)
            heard = sound[:length] * np.float32(rng.uniform(0.7, 1))
            if length < len(sound):
                heard[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
            out[at : at + length] += heard
            at += length + int(RATE * gap * rng.uniform(0.9, 1.1))
            if at >= samples:
                break
        return out


def summary() -> None:
    """Files and minutes of each class and split, as a table."""
    counts, lengths = Counter(), Counter()
    for path in (WORK / "sound" / "events").glob("*/*.jsonl"):
        for row in map(json.loads, path.read_text().splitlines()):
            counts[row["class"], path.parent.name] += 1
            lengths[row["class"], path.parent.name] += row["samples"] / RATE / 60
    print("|", " | ".join(["class", *SOURCES, "synthesis"]), "|")
    for name in CLASSES:
        cells = [f"{counts[name, split]}: {lengths[name, split]:.2f}" for split in SOURCES]
        print("|", " | ".join([name, *cells, "yes" if name in synthetic_events.KINDS else ""]), "|")


def main() -> None:
    build("events", SOURCES, labelled)
    summary()


if __name__ == "__main__":
    main()
