"""Label lists of the heads. Their order is the order of the logits; `model.json` repeats them."""

OPERATIONS = ["none", "add", "remove", "extract", "replace", "remix", "inpaint", "superres"]

# "other" is any sound that is none of these (birds, a siren, ...). "guitar" is one of no named kind,
# "synth" likewise. "vocals" is singing or just "the voice", "speech" a talker.
TARGETS = [
    "none", "drums", "bass", "guitar", "acoustic guitar", "electric guitar", "distorted guitar",
    "piano", "organ", "strings", "brass", "woodwind", "synth", "synth lead", "synth pad",
    "percussion", "choir", "vocals", "speech", "music", "noise", "reverb", "other",
]  # fmt: skip

ATTRIBUTES = [
    "soft", "loud", "distorted", "clean", "fast", "slow", "sparse", "dense", "high", "low",
    "bright", "dark", "rock", "pop", "jazz", "blues", "metal", "funk", "classical", "folk",
    "country", "electronic", "reggae", "latin", "hiphop", "ambient",
]  # fmt: skip

# What the first version of the program can do; the rest is recognised and refused as not yet there.
MUSIC = TARGETS[1:18]
EDITS = ["add", "remove", "extract"]
