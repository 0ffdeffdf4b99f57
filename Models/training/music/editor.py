"""Trains the stem editor: rectified flow in the VAE's latents, conditioned on mixture and text.

    python -m Models.training.music.editor --run editor --vae vae.safetensors \
      --timbre timbre.safetensors --harmony harmony.safetensors --minutes 90

`add X` sees the song without X and makes the stem X; `extract X` sees the song and makes X;
`remove X` sees the song and makes the rest; `replace it with X` sees an extracted stem and makes one
with the same notes (`pairs.py`). A random part of the answer is sometimes given as known
(a prefix, or both ends), which is how long songs are carried from chunk to chunk. Beside the flow's
own loss, the timbre classifier says whether the answer to which the flow leads sounds like what was
asked for.

An item is cut into chunks that overlap as they do at run time. Each is trained with what the network
remembers of the true stem in earlier ones, which is not trained through; and with chords and beats as
the harmony head tells them from the song, or with those that the stem will play: these are what a user
gives.
"""

import random

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from ..loop import Run, options
from ..networks import StemEditor, StemEditorConfig, Timbre, TimbreConfig
from .features import Layout
from .latents import Batches, load_harmony, load_vae
from .mixtures import Mixer
from .pairs import EditMixer, PairMixer
from .phrases import Phrases
from .songs import RATE
from .timbre import timbre_loss

#: The music editor's; that of sound events has neither harmony nor memory.
CONFIG = StemEditorConfig(harmony=27, summary=16)

#: Weight of the timbre classifier's loss beside the flow's.
TIMBRE = 0.03


def load_timbre(path: str) -> Timbre:
    """The frozen classifier."""
    timbre = Timbre(TimbreConfig())
    timbre.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return timbre.eval().requires_grad_(False)


def known_part(answer: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """A mask [B, N, 1] that is one where the answer is given."""
    mask = torch.zeros(*answer.shape[:2], 1)
    steps = answer.shape[1]
    for row in mask:
        draw = rng.random()
        if draw < 0.4:
            row[: int(rng.uniform(0.05, 0.5) * steps)] = 1
        if draw < 0.1:
            row[int(rng.uniform(0.6, 0.95) * steps):] = 1
    return mask


#: Latents of a chunk, and of the step from one to the next: `MusicGenerator` and `LatentTrack`.
CHUNK, STEP = 128, 96
CHUNKS = 3  # of a training item
ITEM_FRAMES = 4 * (CHUNK + (CHUNKS - 1) * STEP)
ITEM_SECONDS = ITEM_FRAMES * Layout.hop / RATE
#: Shares of items without memory, without harmony, with the harmony that is played.
FORGETFUL, DEAF, TOLD = 0.25, 0.2, 0.5


def chunks(x: torch.Tensor) -> torch.Tensor:
    """[S, N, C] -> [S, chunks, CHUNK, C]."""
    return x.unfold(1, CHUNK, STEP).transpose(2, 3)


class Flow:
    """What a stem editor is trained for, whatever its stems are."""

    def __init__(self, config: StemEditorConfig, phrases: Phrases, rng: random.Random,
                 timbre: Timbre | None):
        self.config, self.phrases, self.rng, self.timbre = config, phrases, rng, timbre

    def parts(self, module, batch: dict) -> dict:
        """A batch of chunks, for a network with a memory with what it remembers before each."""
        if not self.config.summary:
            return batch | {"harmony": None, "memory": None}
        cut = {name: chunks(batch[name]) for name in ("answer", "context", "harmony")}
        songs, count = cut["answer"].shape[:2]
        out = {name: value.flatten(0, 1) for name, value in cut.items()}
        for name in ("texts", "operations", "targets"):
            out[name] = [value for value in batch[name] for _ in range(count)]
        known, text = torch.ones(songs * count, CHUNK, 1), self.phrases(out["texts"])
        each: list[torch.Tensor] = []
        with torch.no_grad():
            module(out["answer"], torch.ones(songs * count), out["context"], out["answer"], known,
                   *text, out["harmony"], None, each)
        length = each[0].shape[1]
        # [chunk, summary]: a chunk remembers those before it.
        before = torch.arange(count)[:, None] > torch.arange(count * length) // length
        out["memory"] = (
            [x.view(songs, count * length, -1).repeat_interleave(count, 0) for x in each],
            before.repeat(songs, 1))
        return out

    def led(self, module, batch, noise, t, known_mask, texts) -> tuple[torch.Tensor, torch.Tensor]:
        """The flow's loss of each item, and the answers that it leads to, straight from here."""
        answer = batch["answer"]
        text, text_mask = self.phrases(texts)
        at = t[:, None, None]
        noisy = (1 - at) * noise + at * answer
        velocity = module(noisy, t, batch["context"], answer * known_mask, known_mask, text,
                          text_mask, batch["harmony"], batch["memory"])
        velocity = velocity.float()
        error = (velocity - (answer - noise)).square().mean(-1, keepdim=True)
        wanted = 1 - known_mask
        led = torch.where(known_mask > 0, answer, noisy + (1 - at) * velocity)
        return (error * wanted).sum((1, 2)) / wanted.sum((1, 2)), led

    def chosen_harmony(self, batch: dict) -> torch.Tensor:
        """[S, N, 27]: of some items none, of some what is played, its chords for certain."""
        rows = []
        for heard, played in zip(batch["harmony"], batch["played"]):
            draw = self.rng.random()
            if draw < TOLD:
                chords = heard.shape[-1] - 2
                sure = F.one_hot(played[:, :chords].argmax(1), chords).float()
                heard = torch.cat([sure, heard[:, chords:]], 1)
            rows.append(heard * float(draw < 1 - DEAF))
        return torch.stack(rows)

    def losses(self, module, batch: dict) -> dict:
        if self.config.harmony:
            batch["harmony"] = self.chosen_harmony(batch)
        batch = self.parts(module, batch)
        count = len(batch["answer"])
        t = torch.randn(count).sigmoid()
        # What guidance leads away from: another sound than the asked one, to another song.
        texts, heard = list(batch["texts"]), torch.ones(count, 1, 1)
        remembers = torch.ones(count, 1, dtype=torch.bool)
        for row in range(count):
            draw = self.rng.random()
            if draw < 0.15:
                texts[row] = ""
            if 0.1 < draw < 0.35:
                heard[row] = 0
            if 0.1 < draw < 0.35 or self.rng.random() < FORGETFUL:
                remembers[row] = False
        batch["context"] = batch["context"] * heard
        if batch["memory"] is not None:
            batch["harmony"] = batch["harmony"] * heard
            batch["memory"] = batch["memory"][0], batch["memory"][1] & remembers
        noise = torch.randn_like(batch["answer"])
        known = known_part(batch["answer"], self.rng)
        own, led = self.led(module, batch, noise, t, known, texts)
        if not self.timbre:
            return {"loss": own.mean()}
        # What is led to from far is a mean of all answers, which sounds like nothing: less weight.
        made = torch.tensor([float(operation != "remove" and text != "")
                             for operation, text in zip(batch["operations"], texts)])
        sounds = timbre_loss(self.timbre(led), batch["targets"]) * t * made
        return {"loss": own.mean() + TIMBRE * sounds.mean(), "flow": own.mean(),
                "timbre": sounds.sum() / (t * made).sum().clamp_min(1e-6)}

    def evaluate(self, module, dev: list[tuple[dict, torch.Tensor]]) -> dict:
        """Losses by operation on batches with their noise; of chunks after the first also with a known
        beginning, with and without what is remembered."""
        sums: dict[str, list[float]] = {}

        def take(name: str, values: torch.Tensor) -> None:
            sums.setdefault("dev_" + name, []).extend(values.tolist())

        for batch, noise in dev:
            batch = self.parts(module, batch)
            t = torch.linspace(0.05, 0.95, len(noise))[torch.randperm(
                len(noise), generator=torch.Generator().manual_seed(5))]
            none = torch.zeros(*noise.shape[:2], 1)
            own, led = self.led(module, batch, noise, t, none, batch["texts"])
            operation = batch["operations"][0]
            take(operation, own)
            if self.timbre and operation in ("add", "replace"):
                take(operation + "_timbre", timbre_loss(self.timbre(led), batch["targets"]))
            if batch["memory"] is not None and operation == "add":
                later = torch.arange(len(noise)) % CHUNKS > 0
                none[:, : CHUNK - STEP] = 1
                for name, memory in (("later", batch["memory"]), ("later_alone", None)):
                    own, _ = self.led(module, batch | {"memory": memory}, noise, t, none,
                                      batch["texts"])
                    take(f"{operation}_{name}", own[later])
        return {name: round(sum(rows) / len(rows), 4) for name, rows in sums.items()}


def with_noise(batches: list[dict]) -> list[tuple[dict, torch.Tensor]]:
    """Batches, each with the noise of its chunks."""
    generator = torch.Generator().manual_seed(7)

    def noise(answer: torch.Tensor) -> torch.Tensor:
        shape = chunks(answer).flatten(0, 1).shape
        return torch.randn(shape, generator=generator)

    return [(batch, noise(batch["answer"])) for batch in batches]


def main() -> None:
    parser = options(__doc__.splitlines()[0], 90)
    parser.add_argument("--vae", required=True, help="safetensors of the mel VAE")
    parser.add_argument("--timbre", required=True, help="safetensors of the timbre classifier")
    parser.add_argument("--harmony", required=True, help="safetensors of the harmony head")
    flags = parser.parse_args()
    run = Run(StemEditor(CONFIG), flags)
    vae, timbre = load_vae(flags.vae), load_timbre(flags.timbre)
    shape = {"frames": ITEM_FRAMES, "head": load_harmony(flags.harmony)}

    def dev_batches(mixer, operations: list[str], count: int) -> list[dict]:
        held = Batches(vae, mixer, 1, **shape)
        return [held.draw(8, [operation]) for operation in operations for _ in range(count)]

    train = Batches(vae, EditMixer("train", ITEM_SECONDS, run.step, augment=True), run.step,
                    reuse=8, describes=True, **shape)
    dev = with_noise(
        dev_batches(Mixer("dev", ITEM_SECONDS, 1, augment=False), ["add", "extract", "remove"], 3)
        + dev_batches(PairMixer("dev", ITEM_SECONDS, 1, augment=False), ["replace"], 3))
    flow = Flow(CONFIG, Phrases(describes=True), train.rng, timbre)
    songs = max(1, flags.batch // CHUNKS)
    run.train(lambda module: flow.losses(module, train.draw(songs)),
              lambda module: flow.evaluate(module, dev))


if __name__ == "__main__":
    main()
