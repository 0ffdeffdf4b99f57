"""More verbs of the operations from WordNet: the kinds of removing, adding and so on."""

import re
from pathlib import Path

# Senses whose kinds (troponyms, one level) count for an operation: lemma and sense number.
ROOTS = {
    "remove": ["remove 1", "remove 2", "get_rid_of 1", "eliminate 1", "eject 1", "expel 1", "expel 2",
               "destroy 1", "destroy 2", "discard 1", "delete 1", "erase 2", "discontinue 1", "kill 1", "reject 1",
               "exclude 1", "exclude 2", "silence 1", "conceal 1", "abolish 1", "end 2", "dismiss 4", "forbid 1",
               "suppress 1", "detach 1", "cut_off 1", "deduct 1", "withdraw 4", "refuse 1", "prevent 1",
               "oust 1", "banish 1", "drop 6", "omit 1", "abandon 1", "abandon 3", "forsake 1", "cancel 1", "stop 5"],
    "add": ["add 1", "insert 1", "insert 2", "supply 1", "supply 2", "attach 1", "attach 2", "introduce 2",
            "introduce 4", "create 2", "create_by_mental_act 1", "compose 2", "enrich 1", "decorate 1", "include 1",
            "include 2", "join 1", "mix 1", "mix 2", "bring 1", "install 1", "play 3", "perform 2", "append 1", "invite 1",
            "spread 2", "increase 2", "enhance 1", "accompany 1", "accompany 3", "put 1", "embed 1", "connect 1"],
    "extract": ["extract 1", "extract 5", "isolate 1", "isolate 4", "retrieve 1", "salvage 1"],
}  # fmt: skip


def _read(folder: Path) -> tuple[dict, dict]:
    """Synsets by offset (lemmas, offsets of kinds) and offsets by lemma in order of senses."""
    synsets, senses = {}, {}
    for line in (folder / "data.verb").read_text().splitlines():
        if line.startswith("  "):
            continue
        fields = line.partition(" | ")[0].split()
        count = int(fields[3], 16)
        lemmas = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
        pointers = fields[5 + 2 * count :]
        kinds = [pointers[i + 1] for i in range(len(pointers) - 1) if pointers[i] == "~"]
        synsets[fields[0]] = (lemmas, kinds)
    for line in (folder / "index.verb").read_text().splitlines():
        if not line.startswith("  "):
            fields = line.split()
            senses[fields[0]] = fields[-int(fields[2]) :]
    return synsets, senses


def verbs(folder: Path) -> dict[str, list[str]]:
    """Verbs by operation; a verb of two operations is dropped from both."""
    synsets, senses = _read(folder)
    found: dict[str, dict] = {o: {} for o in ROOTS}
    for operation, roots in ROOTS.items():
        for root in roots:
            lemma, number = root.split()
            if lemma not in senses or int(number) > len(senses[lemma]):
                continue
            first = senses[lemma][int(number) - 1]
            level = [first]
            for _ in range(2):
                for offset in level:
                    for verb in synsets[offset][0]:
                        if re.fullmatch(r"[a-z][a-z -]{2,20}", verb):
                            found[operation].setdefault(verb)
                level = [kind for offset in level for kind in synsets[offset][1]]
    return {
        o: [v for v in f if not any(v in other for p, other in found.items() if p != o)]
        for o, f in found.items()
    }
