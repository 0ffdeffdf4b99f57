"""Sentences that ask for nothing the program does: operation `none`.

Sources: own patterns below; nouns, verbs, glosses and examples of WordNet.
"""

import random
import re
import zlib
from pathlib import Path

from . import chatter, corpus, idioms, lexicon, morphology, troponyms, voices

# Other wishes about sound, that no operation covers.
AUDIO = """transpose [it|the {song}|the {inst}] [up|down|] [a tone|two semitones|to C major|an octave]
change the [key|tempo|pitch|speed|volume|time signature|title|artist|file format|metadata|tuning]
[turn|bring|push] the {inst} [up|down][| a little| a bit| by 3 dB]
turn it [up|down]
make the {inst} [louder|quieter|softer|brighter|slower|faster|wider|punchier|sound better]
make [it|the {song}] [louder|quieter|slower|faster|longer|shorter|better|sadder|happier|wider|mono|stereo]
[slow down|speed up] [the {song}|it|the {inst}]
normalise [it|the {song}|the level|to -1 dB]
master [it|this|the {song}]
[fade in|fade out|fade] [the {song}|at the end|slowly|over 5 seconds|the {inst}]
[trim|crop|cut] the [first|last] [ten|5|30] seconds
cut the {song} [at 1:20|in two|into pieces|after the chorus]
[loop|repeat|double|reverse|mirror] the [chorus|intro|{song}|{inst}|last bar|verse]
[convert|export|save|render|bounce] [it|this|the {song}] [as|to] [mp3|wav|flac|midi|mono|a file]
pan the {inst} [left|right|to the centre|hard left]
[compress|equalise|eq|limit|autotune|quantise|tune|detune|stretch] the {inst}
apply [compression|an equaliser|a limiter|a filter|a low pass|a high pass|autotune|a chorus effect] [to it|to the {inst}|]
add [reverb|delay|chorus|echo|compression|some swing|more gain|2 dB|a limiter|a fade|bass boost|a tag|silence]
boost the [lows|mids|volume|gain|treble by 4 dB]
[detect|find|show|tell me|analyse|display] the [chords|key|tempo|beats|bpm|notes|structure|melody|pitch]
what [key|tempo|chord|scale|time signature|bit rate|sample rate|format|genre] is [it|this|the {song}|this {song} in]
[play|pause|stop|rewind|skip|open|close|load|print|share|upload|download|rename|buy|stream] [it|this|the {song}|the next {song}|that file]
[play|show|find|buy|recommend|list|search for] [songs|records|albums|concerts|videos] with [a |]{inst}
[transcribe|notate|write down|print] the {inst} [part|notes|score|as sheet music]
[write|translate|rhyme|explain|print|show] the lyrics[| in French| for the second verse]
[write|rewrite] a [poem|letter|review|song text|verse] about [the {inst}|{noun}]
separate the channels
split the {song} [into two files|in half|at 2:00|into bars]
set the [tempo|volume|key|sample rate] to [120|90|half|C minor|48 khz]
[burn|copy|move|delete|send|mail] the [file|folder|album|disc|{song} file]
delete [the file|my account|the folder|everything on the disk]
shift the {inst} by [a beat|20 ms|half a bar]
count the {inst} notes
undo [that|the last edit]
[save|quit|exit|cancel|help|restart|redo|zoom in]
mute the [tv|phone|microphone|notifications|radio]
[record|overdub] [my|a] [phone call|meeting|new take of my voice]
[compare|rate|judge|describe|review] the {song}
[measure|show] the [loudness|spectrum|waveform|level]"""

# Talk about music without a request.
TALK = """{handle} the {inst}
{handle} [a|my|that|your] {inst}
the {inst} [is|was] [lovely|out of tune|too loud|late|on stage|broken|expensive|in the van|great]
[i|we|they|she|he|my brother] [play|played|plays|bought|sold|loves|love|practise|learned] [the |a |]{inst}[| at school| every day| last year| in a band]
[who|where|when|why|how] [plays|played|is|was|invented|bought|broke] the {inst}
[what|which] {inst} [is the best|should i buy|did they use|is this|was used here]
[what is|who invented|how do you hold|how do i clean|how much is|where can i buy|how do you tune|what does one pay for] a {inst}
how do [i|you|they] [record|mic|play|learn|mix|tune] [a |the |]{inst}
how [many|old|loud|long|big|heavy] is the {inst}
do you [like|know|have|play|hear] [the |a |]{inst}
is [that|this|it] a {inst}
[can|could] [you|i] [play|learn|buy|tune|repair|borrow|carry] [the|a] {inst}
is there a {inst} in this {song}
does the {song} have {inst}
did you hear the {inst} [at 0:40|in the second verse|last night]
i [love|like|hate|enjoy|remember] the {inst} [in this {song}|on that album|so much]
the {inst} [player|part|solo] was [amazing|boring|too long|recorded in one take|on the radio]
the {inst} was [added|removed|extracted|replaced|deleted|mixed] [yesterday|by mistake|by the producer|in the studio]
they [added|removed|replaced|isolated|muted|cut] the {inst} [in 1975|later|for the album|without asking]
why did [they|you|he] [add|remove|cut|replace|mute|isolate] the {inst}
who [added|removed|replaced|muted] the {inst}
what happens if one [adds|removes|replaces] the {inst}
should [i|we|one] [add|remove|keep|replace|mute] the {inst}, what do you think
a {inst} is [made of wood|an instrument|hard to learn|a lovely gift|in the corner]
the difference between a {inst} and a {inst2}
{inst} lessons for beginners
the history of the {inst}
a book about {inst}
{inst} shop near me
tune the {inst}
[repair|clean|sell|buy|carry|pack|paint|dust|unpack|lend me|bring me|move|tune|restring|insure] [the|my|a|your] {inst}
the {inst} and the {inst2} were [friends|on the truck|lost|in the same room]
[jazz|rock|folk|classical music|techno|reggae] is [my favourite|boring|from the last century|popular]
this {song} is [great|terrible|from 1982|too long|my favourite|by Bach]
nobody asked for {inst}
i [am|was] a {inst} [player|teacher|student]
my {inst} [is|was] [broken|new|old|out of tune|in the car|gone|too loud|a present from my uncle]
the {inst} [plays|played|sang|sings|starts|started|stopped|entered] [on sunday|too early|in the morning|without the band|at the wedding|after the break]
the {inst} [in this {song}|on that record|on stage] [gives me joy|makes me cry|reminds me of home|is by a friend of mine|sounds real|sounds like a toy]
[he|she|they|we] [removed|added|took|put|dropped|lost|found|isolated] [his|her|a|the] {noun} [and sat down at the {inst}|before playing the {inst}|near the {inst}|and left]
[what|such] a [lovely|great|terrible|big|strange|loud] {inst}
is the {inst} [real|sampled|yours|louder than the {inst2}|in tune|made of metal]
the {inst} has [four|six|many|no] [keys|valves|players|knobs|strings]
add a {inst} to my [cart|wish list|collection|luggage|insurance]
[replace|change|oil|check|order] the [strings|reeds|keys|skins|valves|pedals|cable|batteries] [of|on|for] my {inst}
get me [a ticket for|a teacher for|a case for|a stand for|the price of] the {inst}
[delay|shift|tighten|humanise|sync|shorten|lengthen|retune|double] [the timing of |]the {inst}
[raise|lower|reduce by half|adjust|set|automate] the [gain|volume|level|pitch|tempo|attack|pan] [of|on] the {inst}
give me the [chords|notes|lyrics|title|score|tabs|tuning] of [this {song}|the {inst}]
i {inst2} therefore i am
[all|some|most|few] {inst} players are [nice|tired|rich|late]
[loud|soft|fast] {inst} [music|playing] is [bad for the ears|hard|my thing]
[we|they] [had|have] [a|one|two|three] {inst} [at home|in school|in the shop|for sale]
this is [a|the|my] {inst}
that was [a|the|my] {inst}
{inst} and {inst2} are [instruments|friends|loud|different things]
i wonder [who plays|how old is|how to play|who made] the {inst}"""

# Not to do it.
NOT = """[don't|do not|never|please don't|please do not|dont|you must not|by no means] {act}
[i|we] [don't|do not|didn't|never] want you to {act}
it is not necessary to {act}
there is no need to {act}
[leave|keep] the {inst} as [it is|they are]
[leave|keep] everything as it is
do not change anything
[i|we|they|she|he] [wanted|tried|failed|refused|used|forgot] to {act}
[how|when|why] [do people|did he|does one|would anybody] {act}
is it [hard|legal|possible in audacity|expensive] to {act}"""

# Everyday wishes.
DAILY = """book a [table|room|flight|hotel|taxi|ticket] for [two|tonight|monday|my mother]
make me a [sandwich|coffee|cake|cup of tea|drink]
[order|buy|get|bring] [me |][a |some ]{noun}
what is [the weather|the time|the capital of France|the news|for dinner|your name|a {noun}]
what time is it
[set|cancel|start] [an alarm|a timer|a reminder] for [six|ten minutes|tomorrow]
remind me to [call|visit|pay|feed|{verb}] [the dentist|mum|the {noun}|the rent]
[call|phone|text|email|write to] [my boss|mum|the {noun}|Peter|the bank]
[book|reserve|find|cancel] the [meeting|flight|appointment|restaurant|{noun}]
[open|close|lock|clean|paint|wash|repair|fix|sell|burn] the [door|window|car|kitchen|{noun}]
[turn|switch] [on|off] the [light|heating|oven|computer|television|{noun}]
put the {noun} [on|in|under|behind|over] the {noun2}
add {noun} to the [list|soup|basket|calendar|report|{noun2}]
add [salt|sugar|a contact|two numbers|a row|a comment|water|my friend|pepper and stir]
add a {noun} to the [picture|document|map|shopping list|website|photo|page|{noun2}]
remove the {noun} from the [car|list|picture|kitchen|document|wall|table|{noun2}]
[get rid of|take out|take away|throw out|throw away|cut] the [rubbish|stain|trash|weeds|old {noun}|dishes|{noun} on the {noun2}]
extract the [juice|tooth|data|zip file|text from the pdf|oil|{noun} from the {noun2}]
isolate the [patient|cable|wire|suspect|{noun} with tape]
replace the [battery|light bulb|tyre|filter|window|{noun} in the {noun2}] [with a new one|]
swap [seats|shifts|phones|the {noun} for the {noun2}]
[only|just] [a minute|kidding|looking|the best {noun}|one more day]
keep [the change|calm|your hands clean|only the best {noun}|the {noun} in the {noun2}]
fill [the bottle|the tank|in the form|the {noun}]
restore [the backup|the painting|the factory settings|the old {noun}]
[i want|i need|i would like|give me|can i have|could i get] [a |some |]{noun}[| please]
[i want|i need|i have|i would like] to {verb}[| the {noun}| today| again]
[can|could|will|would] you {verb} [the {noun}|me|it|that]
{verb} the {noun}
{verb} the {noun} [and|with|under|near|for] the {noun2}
[please |]{verb} [it|them|me|us|him]
[how|why|when|where] [do|did|should|can] [i|we|you|they] {verb} [the {noun}|it|]
[who|what] is [the {noun}|a {noun}|{noun}]
the {noun} is [in|near|behind|on] the {noun2}
the {noun} [is|was|will be] [late|broken|closed|new|green|too small|very old|gone]
[he|she|they|we|nobody] [saw|found|lost|liked|bought|carried|opened] the {noun}
a {noun} is a kind of {noun2}
[translate|spell|define|pronounce|explain] {noun}
[tell|show|teach|read] me [a joke|a story|the news|the way|about the {noun}]
my {noun} [hurts|is broken|is lost|is blue]
[hello|hi|good evening|thanks a lot|see you later|how are you|sorry|yes|no|ok|maybe|why not|bye|sure|cool]
[i am|you are|she is] [tired|hungry|late|happy|busy|cold|ready|{noun}]
what [is|was] [two|seven] [plus|times|minus] [nine|four]
how [far|big|old|tall|expensive|deep] is the {noun}
[who|what] [are you|can you do|are you for|do you know]
[sing|dance|whistle|talk|listen|wait|stop|go|run|hurry|continue]
[good|bad|nice|great|awful|strange|interesting] {noun}
[take|bring|carry|throw] out the [trash|rubbish|garbage|bins|chairs|old {noun}]
get rid of the [mice|rats|ants|moths|mould|rust|smell|spam|old {noun}] [in the {noun2}|]
[i|we] only want to [rest|eat|live|know|{verb}]
leave [me|us|him|her|the {noun}] [alone|here|at home]
[add|remove|delete|insert|extract|replace|copy|move] [an event|a file|a page|a column|a cell|my name|the photo|the archive|a link|the {noun}] [to my calendar|from the list|in the table|on the desktop|to the {noun2}|]
[stop|cancel|end|pause] my [subscription|order|trip|lease|download|{noun}]
[drop|come|stop|pass] by [tomorrow|on your way|for tea|when you can]
[switch|change] to [dark mode|english|the next page|full screen|winter time]
add more [light|sugar|time|people|colour|words|{noun}] to the [room|dough|plan|party|{noun2}|text]
[only|just] [you|time|god|fools|the {noun}] [know|knows|will tell|can help|matters]
[isolate|extract|remove|replace|add|mute] [yourself|him|the variable|the virus|the {noun}|the root cause|the user|the substring]
[he|she|they|we|i] [removed|replaced|added|extracted|dropped|cut|muted|isolated] [the {noun}|a {noun}|his hat|the old {noun}|it]
the {noun} was [removed|replaced|added|extracted|dropped|cut|isolated] [by the {noun2}|yesterday|again|]
happy [birthday|easter|new year|holidays] [to you|everyone|]
{noun} {noun2}
{noun}
{verb}"""

# WordNet lexicographer files whose nouns are everyday things (artifact, food, person, animal, ...).
NOUN_FILES = {"05", "06", "08", "13", "15", "18", "20", "17", "21", "27"}
SOUNDING = re.compile(
    r"music|instrument|sound|nois|sing|song|voice|drum|horn|bell|string|bass|brass|organ|guitar|"
    r"piano|flute|pipe|choir|chorus|record|audio|track|speech|bird|dog|cat|cry|ring|engine|siren|"
    r"keyboard|rhythm|harp|violin|percuss|play|beat|tone|whistle|rain|wind|alarm|rattle"
)
# A verb phrase that speaks of music whatever its object.
MUSICAL = re.compile(r"mix|track|solo|band|stem|mute|song|hear|play|listen|sing|record|unaccomp|instrument|sampl")
# A statement, not a wish: it starts with a subject.
STATES = re.compile(r"(the|a|an|his|her|my|their|our|he|she|they|we|i|it|you|this|that|there|what|who) ", re.I)
SINGULAR = {"music", "speech", "noise", "reverb", "other"}


class Negatives:
    """Draws sentences of operation `none`; WordNet entries are split by hash like all else."""

    def __init__(self, wordnet: Path, dev: bool = False):
        self.dev = dev
        phrases = corpus.phrases(wordnet)
        self.examples = [e for e in phrases["examples"] if self.ours(e)]
        self.sounding = [e for e in self.examples if SOUNDING.search(e) and STATES.match(e)]
        self.examples = [e for e in self.examples if not SOUNDING.search(e)]
        self.glosses = [g for g in phrases["glosses"] if self.ours(g)]
        self.nouns = [n for n in nouns(wordnet) if self.ours(n)]
        self.verbs = [v for v in VERBS if lexicon.allowed(v)]
        self.edit_verbs = {o: [v for v in found if v not in VERBS]
                           for o, found in troponyms.verbs(wordnet).items()}  # fmt: skip
        self.handles = [v for v in self.verbs if v not in AMBIGUOUS]
        self.sets = {
            name: [t for t in lexicon.split(text.splitlines())[dev] if t]
            for name, text in (
                ("audio", AUDIO), ("talk", TALK), ("not", NOT), ("daily", DAILY), ("more audio", chatter.AUDIO),
                ("more talk", chatter.TALK), ("more not", chatter.NOT), ("more daily", chatter.DAILY),
                ("near", voices.NEAR))
        }  # fmt: skip
        acts = [a for o in ("ADD", "REMOVE", "EXTRACT") for a in lexicon.split(getattr(idioms, o), 0)[dev]]
        self.acts = [a for a in acts if not re.search(r"\b(it|this|there|song|them)\b", a)]
        self.plain_acts = [a for a in self.acts if not MUSICAL.search(a)]

    def ours(self, text: str) -> bool:
        return (zlib.crc32(text.encode()) % 8 == 0) == self.dev and lexicon.allowed(text)

    def example(self, rng: random.Random, grammar) -> str:
        kind = rng.choices(
            ["audio", "talk", "not", "daily", "examples", "sounding", "glosses", "letters",
             "more audio", "more talk", "more not", "more daily", "near"],
            [0.06, 0.09, 0.02, 0.11, 0.09, 0.06, 0.05, 0.01, 0.1, 0.1, 0.06, 0.11, 0.14],
        )[0]
        if kind == "examples":
            return rng.choice(self.examples)
        if kind == "sounding":
            return rng.choice(self.sounding)
        if kind == "glosses":
            return rng.choice(self.glosses)
        if kind == "letters":
            letters = "abcdefghijklmnopqrstuvwxyz" if rng.random() < 0.7 else "0123456789?!.- "
            size = rng.randint(1, 9)
            return " ".join("".join(rng.choices(letters, k=size)) for _ in range(rng.randint(1, 3)))
        text = grammar.choose(rng.choice(self.sets[kind]), rng)
        return re.sub(r"\{(\w+)\}", lambda m: self.slot(m[1], rng, grammar), text)

    def slot(self, name: str, rng: random.Random, grammar) -> str:
        if name in ("noun", "noun2"):
            return rng.choice(self.nouns)
        if name == "verb":
            return rng.choice(self.verbs)
        if name == "handle":
            return rng.choice(self.handles)
        if name in ("thing", "thing2"):
            return rng.choice(self.nouns)
        if name in ("vthing", "vthinging"):
            form = morphology.phrase if name == "vthing" else morphology.gerund_phrase
            return form(rng.choice(self.plain_acts), rng.choice(["the ", "a ", "some ", "my "]) + rng.choice(self.nouns))
        if name == "thinged":
            return next(filter(None, (morphology.passive(rng.choice(self.plain_acts)) for _ in range(50))), "gone")
        if name == "acted" or name == "act" and rng.random() < 0.7:
            entry = rng.choice(self.acts)
            head, _, rest = entry.partition(" ")
            head = morphology.participle(head) if name == "acted" else head
            article = rng.choice(["the ", "the ", "a ", "any ", "some "])
            return morphology.phrase(f"{head} {rest}".strip(), article + self.instrument(rng, grammar))
        if name == "song":
            return grammar.songs.pick(rng, self.dev)[0]
        if name == "act":
            operation = rng.choice(["add", "remove", "extract", "replace", "remove", "add"])
            verb = {"add": ["add", "put in", "bring in", "include", "insert"],
                    "remove": ["remove", "delete", "take out", "mute", "touch", "cut", "drop", "change"],
                    "extract": ["isolate", "extract", "solo", "separate"],
                    "replace": ["replace", "swap", "change"]}[operation]  # fmt: skip
            return f"{rng.choice(verb)} {rng.choice(['the', 'any', 'a', 'more'])} {self.instrument(rng, grammar)}"
        return self.instrument(rng, grammar)

    def instrument(self, rng: random.Random, grammar) -> str:
        target = rng.choice([t for t in grammar.targets if t not in SINGULAR])
        if target in grammar.players and rng.random() < 0.15:
            return grammar.players[target].pick(rng, self.dev)[0]
        pools = grammar.rarer if target in grammar.rarer and rng.random() < 0.4 else grammar.nouns
        return pools[target].pick(rng, self.dev)[0]


def nouns(folder: Path) -> list[str]:
    """Names of everyday things, without what sounds."""
    found = {}
    for part in ("noun",):
        with open(folder / f"data.{part}", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("  ") or SOUNDING.search(line.lower()):
                    continue
                fields = line.split()
                if fields[1] in NOUN_FILES and re.fullmatch(r"[a-z]{3,12}", fields[4]):
                    found[fields[4]] = found.get(fields[4], 0) + 1
    # One of many senses is a common one: up to three count.
    return [noun for noun, count in found.items() for _ in range(min(count, 3))]


# Verbs that ask for no edit of ours, whatever their object.
VERBS = lexicon.words("""buy, sell, paint, wash, cook, read, write, visit, call, carry, push, kick, hug,
    bake, boil, burn, build, draw, drive, eat, drink, feed, find, follow, guess, guard, heat, help, hit,
    hold, hunt, iron, invite, know, learn, like, list, lock, love, measure, meet, need, open, order, pack,
    park, pay, plant, polish, praise, print, promise, protect, prove, publish, punish, ride, roast, rob,
    sail, scare, see, sew, shake, share, shave, ship, show, sign, smell, spell, spend, squash, steal,
    stir, stretch, study, teach, thank, tickle, touch, translate, trust, understand, warn, watch, water,
    weigh, win, worship, wrap, admire, answer, ask, borrow, break, brush, chase, check, climb, comb,
    count, cross, describe, discuss, dry, earn, elect, explain, explore, fly, fold, forgive, freeze, greet,
    grow, hide from, identify, imagine, improve, insult, interview, judge, kiss, knit, lead, marry, memorise,
    milk, name, negotiate, obey, pick up, photograph, pronounce, quote, recognise, repair, respect, review,
    run, salute, search, send, sketch, sort, supervise, support a charity for, surprise, swallow, taste,
    tidy, train, treat, underline, vote for, wait for, walk, wear, whisper to, yell at, book, email, plan,
    sing to, dance with, argue about, worry about, think about, compare, calculate, summarise""")

# Of those, the verbs that with an instrument could mean an edit.
AMBIGUOUS = set(lexicon.words("""need, show, find, hold, push, kick, burn, squash, help, follow, like, know, open,
    send, run, shake, pick up, hit, cross, break, sort, train, support a charity for, guard, lock, draw, build,
    lead, list, share, shave, ship, rob, roast, steal, hide from, freeze, punish, see, watch, sign, plant"""))
