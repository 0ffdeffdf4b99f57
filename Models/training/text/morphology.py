"""Verb phrases in other moods: "rip ~ out" as a polite question, a gerund, a participle."""

import re

PAST = dict(pair.split("=") for pair in """beat=beaten begin=begun bid=bidden bind=bound bleed=bled blow=blown
break=broken breathe=breathed bring=brought build=built burn=burnt burst=burst buy=bought cast=cast catch=caught
choose=chosen cleave=cleft come=come cut=cut deal=dealt dig=dug do=done draw=drawn dream=dreamt drive=driven
eat=eaten fall=fallen feed=fed fight=fought find=found fling=flung fly=flown forbid=forbidden forego=foregone
forget=forgotten forgo=forgone forsake=forsaken freeze=frozen get=gotten give=given go=gone grind=ground grow=grown
hang=hung have=had hear=heard hew=hewn hide=hidden hit=hit hold=held hurl=hurled keep=kept knit=knitted know=known
lay=laid lead=led leave=left lend=lent let=let lose=lost make=made melt=melted mow=mown overthrow=overthrown pay=paid
put=put quit=quit read=read rend=rent rid=rid ring=rung run=run saw=sawn say=said see=seen seek=sought sell=sold
send=sent set=set sew=sewn shake=shaken shave=shaven shear=shorn shed=shed shine=shone shoot=shot show=shown
shrink=shrunk shut=shut sing=sung sink=sunk sit=sat slay=slain sling=slung slide=slid smite=smitten sow=sown speak=spoken
spend=spent spin=spun split=split spread=spread stand=stood steal=stolen stick=stuck strike=struck string=strung
sweep=swept swell=swollen swing=swung take=taken teach=taught tear=torn tell=told think=thought throw=thrown
undo=undone unmake=unmade wean=weaned wear=worn weave=woven wed=wed win=won wind=wound withdraw=withdrawn
withhold=withheld wrest=wrested wring=wrung write=written""".split())  # fmt: skip
DOUBLE = set("""drop cut strip rid chop snip clip trim lop hit get put let set shut nab snag skim crop scrap dump-
    chuck- wrap slap strap jam cram pop pin tag plug gut nip zap sip slip slot squat swat dub pad top cap kit
    fit lob bin ban bar rub scrub whip stir sit run win dig spin beg hug jog log mop nag pat rig rip shed shred skip drag annul gun output wrap tug hum strum slap
    slam slim spot step stop stun tap tip wed split flip whet knit grab fan thin ram stab blot pen clap pit bang- bung-
    sign- can ax- pepper- acquit transmit submit commit omit permit admit expel compel propel excel outfit- refer
    transfer prefer deter""".split())  # fmt: skip


def gerund(verb: str) -> str:
    if verb in ("lie", "die", "tie", "vie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "singe":
        return verb[:-1] + "ing"
    return (verb + verb[-1] if verb in DOUBLE else verb) + "ing"


def participle(verb: str) -> str:
    if verb in PAST:
        return PAST[verb]
    for prefix in ("un", "re", "over", "out"):
        if verb.startswith(prefix) and verb[len(prefix) :] in PAST:
            return prefix + PAST[verb[len(prefix) :]]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return (verb + verb[-1] if verb in DOUBLE else verb) + "ed"


def phrase(entry: str, slot: str) -> str:
    """The imperative with `slot` as its object."""
    return entry.replace("~", slot) if "~" in entry else f"{entry} {slot}"


def gerund_phrase(entry: str, slot: str) -> str:
    head, _, rest = entry.partition(" ")
    return phrase(f"{gerund(head)} {rest}".strip(), slot)


def passive(entry: str) -> str | None:
    """What stands after "i want the drums ...": "ripped out"; None where the object is not its own."""
    head, _, rest = entry.partition(" ")
    if not head.isalpha() or head in ("be", "let", "have", "make", "do", "say", "wave", "bid", "see", "get"):
        return None
    before, mark, after = rest.partition("~")
    if mark and before.strip():
        return None
    if not mark and re.search(r"\b(it|me|us|with|from|only|just|to|for|but|except|everything|everyone|all|than)\b", rest):
        return None
    return re.sub(r"  +", " ", f"{participle(head)} {after if mark else rest}").strip()
