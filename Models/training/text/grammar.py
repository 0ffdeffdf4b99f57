"""Draws labelled instructions from the templates and the lexicon.

An example is a dict: text, operation, target, second, attributes. The grammar of one split draws
only that split's entries; a dev example has at least one template, name or adjective that training
never sees.
"""

import random
import re

from . import frames, idioms, lexicon, morphology, names, templates, voices
from .heldout import Kept
from .negatives import Negatives
from .typos import misspell

SHARES = {"add": 0.2, "remove": 0.2, "extract": 0.2, "replace": 0.06, "remix": 0.03,
          "inpaint": 0.015, "superres": 0.015, "none": 0.28}  # fmt: skip
TARGET_WEIGHT = {"none": 0, "other": 1.4, "noise": 0.8, "reverb": 0.5, "music": 0.6, "speech": 0.7}
NEVER_MADE = ("reverb", "noise", "music", "speech")
PREFIX = ["", "", "", "", "", "please ", "now ", "ok, ", "hey, ", "well, ", "and then ", "first ",
          "so ", "could you please ", "i want you to ", "go ahead and ", "try to ", "now please ",
          "kindly ", "next, ", "just ", "let's ", "we should ", "you should ", "try: ", "hi, "]  # fmt: skip
SUFFIX = ["", "", "", "", "", "", " please", " thanks", ", thank you", " now", " for me", " ok?",
          ", would you", " again", " if you can", " this time", " right away", " pls", " for my band",
          " so i can practise", ", it sounds better", " completely", " mate", " here"]  # fmt: skip


PLACES = lexicon.words("""under the singer, behind the voice, over the verse, at the chorus, below everything,
    alongside the band, next to the vocals, under the melody, behind the lead, over the beat, for the refrain,
    in the quiet part, on the left side, far away in the background, right in front, between the verses,
    over the drums, on top of the bass, behind the guitar, under the piano, to the last bit, during the break""")
REASONS = {o: [r for r in t.splitlines() if lexicon.allowed(r)] for o, t in {
    "add": """it sounds so empty, {}
the verse is boring, {}
{} because it feels bare
{} to make it more lively
my song needs more power: {}
for the party, {}
{} like on the old records
{} so it gets bigger
we have only a singer so far, {}
the drums alone are not enough, {}
{} to support the voice
{} and make it fit the rest""",
    "remove": """{} because it annoys me
{} so i can sing along
{} so that my brother can play it live
it is too busy, {}
my neighbours complain, {}
{} for the rehearsal
{}, it covers the voice
{}, it is out of tune
the singer should be heard better, {}
{} and keep the rest
{} and leave everything else as it is
{}, the other instruments may stay""",
    "extract": """{} because i want to learn it
{} for my sample library
{} so i can write down the notes
i am making a cover, {}
for study, {}
{}, i don't need the others
{} and forget the band
{} for a remix
{}, i want to hear the details
the rest is not important, {}""",
}.items()}  # fmt: skip


class Pool:
    """A list with its dev part; `pick` reports whether the choice was a dev entry."""

    def __init__(self, entries: list[str], core: int = 3):
        self.train, self.dev = lexicon.split(entries, core)
        self.usual = self.train[:3] if core else []

    def pick(self, rng: random.Random, dev: bool) -> tuple[str, bool]:
        if dev and self.dev and rng.random() < 0.5:
            return rng.choice(self.dev), True
        if not dev and self.usual and rng.random() < 0.3:
            return rng.choice(self.usual), False
        return rng.choice(self.train or self.dev), False


# Forms of a verb phrase and their shares.
FORMS = {"IMPERATIVE": 0.6, "GERUND": 0.15, "PASSIVE": 0.25}
# Genres and tempers that a name itself may say ("rock drums").
SAID = {w: w for w in ("rock", "pop", "jazz", "blues", "funk", "folk", "country", "reggae", "latin", "ambient",
                       "soft", "dark", "distorted")} | {"jazzy": "jazz", "funky": "funk"}  # fmt: skip


class Grammar:
    """Instructions of one split; `dev` chooses which.

    `kept` are words and patterns that none may hold.
    """

    def __init__(self, dev: bool = False, negatives: Negatives | None = None, kept: Kept | None = None):
        self.dev, self.kept = dev, kept
        self.negatives = negatives
        self.templates = {o: [Pool(t) for t in groups] for o, groups in templates.GROUPS.items()}
        if negatives:
            for operation, patterns in templates.from_verbs(negatives.edit_verbs).items():
                self.templates[operation].append(Pool(patterns, 0))
        for operation in self.templates:
            for source in (frames, voices):
                self.templates[operation].append(Pool(getattr(source, operation.upper()).splitlines(), 0))
        self.acts = {o: Pool(getattr(idioms, o.upper()), 0) for o in ("add", "remove", "extract")}
        self.forms = {f: Pool(getattr(frames, f).splitlines(), 0) for f in FORMS}
        self.region_share = 0.22  # of the sentences, before a region in words
        self.usual = False  # only the usual patterns and names
        self.nouns = {t: Pool(w, 4) for t, w in lexicon.TARGET_NOUNS.items()}
        self.rarer = {t: Pool(w, 0) for t, w in names.NOUNS.items()}
        self.rarer_players = {t: Pool(w, 0) for t, w in names.PLAYERS.items()}
        self.players = {t: Pool(w, 2) for t, w in lexicon.PLAYERS.items()}
        self.adjectives = {a: Pool(w) for a, w in lexicon.ATTRIBUTE_WORDS.items()}
        self.songs, self.regions = Pool(lexicon.SONG, 4), Pool(lexicon.REGION, 6)
        fixed = [i for i in templates.IDIOMS if lexicon.allowed(i[2])]
        self.idioms = [i for i in fixed if (i[2] in self.idiom_dev(fixed)) == dev]
        self.targets = list(lexicon.TARGET_NOUNS)
        self.weights = [TARGET_WEIGHT.get(t, 1.0) for t in self.targets]

    @staticmethod
    def idiom_dev(idioms) -> set[str]:
        return set(lexicon.split([i[2] for i in idioms], 0)[1])

    def example(self, rng: random.Random, operation=None, target=None, noisy=True) -> dict:
        """One labelled instruction; operation and target may be prescribed."""
        operation = operation or rng.choices(list(SHARES), list(SHARES.values()))[0]
        for _ in range(200):
            made, fresh = self.draw(rng, operation, target)
            if lexicon.allowed(made["text"]) and (fresh or not self.dev):
                if self.kept is None or self.kept.free(made["text"]):
                    break
        else:
            raise ValueError(f"no sentence of {operation} {target} is free of what is kept")
        if noisy:
            made["text"] = misspell(self.dress(made["text"], rng, made["operation"]), rng)
        return made

    def draw(self, rng: random.Random, operation: str, target: str | None) -> tuple[dict, bool]:
        if operation == "none":
            text = self.negatives.example(rng, self)
            return {"text": text, "operation": "none", "target": "none", "second": "none",
                    "attributes": []}, True  # fmt: skip
        if target is None and operation in ("remove", "extract") and rng.random() < 0.04:
            o, t, text = rng.choice(self.idioms)
            text = self.choose(text, rng).replace("{song}", self.songs.pick(rng, self.dev)[0])
            return {"text": text, "operation": o, "target": t, "second": "none",
                    "attributes": []}, True  # fmt: skip
        filler = Filler(self, rng, operation, target)
        groups = self.templates[operation][: 1 if self.usual else None]
        if operation in self.acts and not self.usual and rng.random() < 0.35:
            form = rng.choices(list(FORMS), list(FORMS.values()))[0]
            pool = self.forms[form]
        else:
            if operation in self.acts:
                shares = templates.GROUP_SHARES[: len(groups)]
            else:
                shares = [1.0] * len(groups)
            pool = rng.choices(groups, shares)[0]
        template, fresh = pool.pick(rng, self.dev)
        text = filler(self.choose(template, rng))
        return {"text": text, "operation": operation, "target": filler.target,
                "second": filler.second, "attributes": sorted(filler.attributes)}, (
            fresh or filler.fresh)  # fmt: skip

    @staticmethod
    def choose(template: str, rng: random.Random) -> str:
        pattern = re.compile(r"\[([^\[\]]*)\]")
        while match := pattern.search(template):
            option = rng.choice(match[1].split("|"))
            template = template[: match.start()] + option + template[match.end() :]
        return template

    @staticmethod
    def surround(text: str, rng: random.Random, operation: str) -> str:
        """A place or a reason around a wish; it names things that are not its target."""
        if operation == "add" and rng.random() < 0.5:
            return f"{text} {rng.choice(PLACES)}"
        if operation in REASONS:
            return rng.choice(REASONS[operation]).replace("{}", text)
        return text

    def dress(self, text: str, rng: random.Random, operation: str) -> str:
        """Politeness, a region in words, capitals and a full stop around a sentence."""
        if not self.usual and rng.random() < 0.2:
            text = self.surround(text, rng, operation)
        if operation != "none" or rng.random() < 0.3:
            if rng.random() < 0.3:
                prefix = rng.choice(PREFIX)
                text = text if text.startswith(prefix) else prefix + text
            if rng.random() < self.region_share:
                region = self.regions.pick(rng, self.dev)[0]
                text = f"{text} {region}" if rng.random() < 0.8 else f"{region}, {text}"
            if rng.random() < 0.25:
                text += rng.choice(SUFFIX)
        roll = rng.random()
        if roll < 0.25:
            text = text[:1].upper() + text[1:]
        elif roll < 0.28:
            text = text.upper()
        if rng.random() < 0.2:
            text = text.rstrip(".?!") + rng.choice([".", "!", ".", "?", "..", "!!"])
        return re.sub(r"  +", " ", text).strip()


class Filler:
    """Fills one template's slots and remembers the labels they bring."""

    def __init__(self, grammar: Grammar, rng: random.Random, operation: str, target: str | None):
        self.g, self.rng, self.operation = grammar, rng, operation
        self.asked = target
        self.target, self.second, self.attributes = "none", "none", set()
        self.fresh = False

    def __call__(self, template: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: getattr(self, m[1])(), template)

    def entry(self, pool: Pool) -> str:
        text, fresh = pool.pick(self.rng, self.g.dev)
        self.fresh |= fresh
        return text

    def name(self, target: str) -> str:
        """A name of the target, with the labels that it brings."""
        if not self.g.usual and target in self.g.rarer_players and self.rng.random() < 0.07:
            return self.entry((self.g.rarer_players if self.rng.random() < 0.5 else self.g.players)[target])
        rarer = not self.g.usual and self.rng.random() < 0.45 and target in self.g.rarer
        name = self.entry((self.g.rarer if rarer else self.g.nouns)[target])
        if target == "distorted guitar":
            self.attributes.add("distorted")
        if "clean" in name.split() and target == "electric guitar":
            self.attributes.add("clean")
        if not self.g.usual:
            self.attributes |= {SAID[w] for w in name.split() if w in SAID}
        return name

    def act(self, form) -> str:
        """A verb phrase of the operation in a form of `morphology`, its object in it."""
        made = form(self.verb(), self.o())
        return re.sub(r"\bit\b", lambda _: self.rng.choice(["it", "it", "this", "the " + self.song()]), made, count=1)

    def verb(self) -> str:
        """A verb phrase of the operation."""
        return self.entry(self.g.acts[self.operation])

    def o(self) -> str:
        return self.np() if self.operation == "add" else self.nps()

    def v(self) -> str:
        return self.act(morphology.phrase)

    def ving(self) -> str:
        return self.act(morphology.gerund_phrase)

    def ved(self) -> str:
        for _ in range(50):
            made = morphology.passive(self.verb())
            if made:
                return made
        return {"add": "added", "remove": "removed", "extract": "isolated"}[self.operation]

    def named(self, players=False) -> str:
        """The target, drawn once."""
        if self.target == "none":
            names = [t for t in self.g.targets if not players or t in self.g.players]
            made = self.operation in ("add", "replace", "remix")
            weights = [0 if made and t in NEVER_MADE else TARGET_WEIGHT.get(t, 1.0) for t in names]
            self.target = self.asked or self.rng.choices(names, weights)[0]
        return self.target

    def adjective(self, share: float) -> str:
        """Adjectives before a name; their labels count."""
        if self.rng.random() > share or self.target in ("noise", "reverb", "music", "speech"):
            return ""
        label = self.rng.choice(list(self.g.adjectives))
        if label in ("rock", "pop", "jazz", "metal", "funk", "folk") and "guitar" in self.target:
            label = "soft"  # "a metal guitar" is a kind of guitar in the lexicon
        if label in ("distorted", "clean") and self.target in ("guitar", "electric guitar"):
            return ""
        self.attributes.add(label)
        return self.entry(self.g.adjectives[label]) + " "

    def phrase(self, target: str, share: float, article: bool) -> str:
        name = self.name(target)
        before = self.adjective(share) if article is not None else ""
        whole = before + name
        if name.startswith("the "):
            return whole
        many = (name.endswith("s") and not name.endswith(("ss", "bass"))) or name in lexicon.MASS or name in names.PLURAL_MASS
        roll = self.rng.random()
        if roll < 0.2:
            return whole
        if many:
            return self.rng.choice(["some ", "some ", "a bit of ", "more ", ""]) + whole
        if roll < 0.3:
            return self.rng.choice(["some ", "another ", "one ", "my "]) + whole
        return ("an " if whole[0] in "aeiou" else "a ") + whole

    def np(self) -> str:
        text = self.phrase(self.named(), 0.3, True)
        roll = self.rng.random()
        if self.operation == "add" and roll < 0.12 and not self.attributes:
            genre = self.rng.choice(lexicon.GENRES)
            word = self.entry(self.g.adjectives[genre])
            self.attributes.add(genre)
            text += self.rng.choice([" in {} style", " with a {} feel", ", {} style", " like in {}"])
            text = text.replace("{}", word)
        elif self.operation == "add" and roll < 0.2:
            label = self.rng.choice(list(self.g.adjectives)[:12])
            if label in ("distorted", "clean") and "guitar" in self.target:
                label = "soft"
            word = self.entry(self.g.adjectives[label])
            self.attributes.add(label)
            text += self.rng.choice([", {}", " that is {}", " which sounds {}", ", but {}", ", nice and {}",
                                     " played in a {} way", ", make it {}"]).replace("{}", word)  # fmt: skip
        elif roll < 0.25 and self.operation != "replace" and self.second == "none":
            self.second = self.other()
            text += " and " + self.phrase(self.second, 0.0, True)
        return text

    def nps(self) -> str:
        text = self.definite(self.named(), 0.12)
        roll = self.rng.random()
        if roll < 0.07 and self.operation != "replace":
            self.second = self.other()
            joint = " and " if self.rng.random() < 0.85 else " as well as "
            text += joint + self.definite(self.second, 0.0)
        return text

    def definite(self, target: str, share: float) -> str:
        before = self.adjective(share)
        name = self.name(target)
        roll = self.rng.random()
        if name.startswith("the ") or roll < 0.25:
            return before + name
        article = "the " if roll < 0.85 else self.rng.choice(["that ", "this ", "all the ", "those "])
        return article + before + name

    def other(self) -> str:
        never = NEVER_MADE + (self.target,)
        return self.rng.choice([t for t in self.g.targets if t not in never])

    def b(self) -> str:
        if self.second == "none":
            self.named()
            self.second = self.other()
        return self.phrase(self.second, 0.2, True)

    def noun(self) -> str:
        return self.name(self.named())

    def player(self) -> str:
        self.named(players=True)
        if self.target not in self.g.players:
            return self.nps()
        if self.target == "distorted guitar":
            self.attributes.add("distorted")
        article = self.rng.choice(["a ", "some "]) if self.operation == "add" else "the "
        rarer = not self.g.usual and self.rng.random() < 0.5
        return article + self.entry((self.g.rarer_players if rarer else self.g.players)[self.target])

    def song(self) -> str:
        return self.entry(self.g.songs)

    def genre(self) -> str:
        genre = self.rng.choice(lexicon.GENRES)
        self.attributes.add(genre)
        return self.entry(self.g.adjectives[genre])

    def adj(self) -> str:
        label = self.rng.choice(list(self.g.adjectives)[:12])
        self.attributes.add(label)
        return self.entry(self.g.adjectives[label])
