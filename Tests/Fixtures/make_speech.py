"""Makes Tests/Fixtures/speech/: a Perceiver layer of transformers, the speech models' networks with
small sizes and random weights, an alignment, and phonemes of texts by libespeak-ng.

    python Tests/Fixtures/make_speech.py
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import PerceiverConfig
from transformers.models.perceiver.modeling_perceiver import PerceiverLayer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from Models.training.speech import alignment, networks  # noqa: E402
from Models.training.speech.espeak import Espeak  # noqa: E402
from Models.training.speech.guide import SPEED, STEP, USUAL, WIDTH, Guide, voice  # noqa: E402
from Models.training.music.features import Layout, log_mel, stft  # noqa: E402

FOLDER = ROOT / "Tests" / "Fixtures" / "speech"
torch.manual_seed(0)
out = {}


def randomised(module):
    for p in module.parameters():
        p.data += 0.05 * torch.randn_like(p)
    return module.eval()


@torch.no_grad()
def perceiver():
    """transformers' names without the modules around the parts."""
    plain = {"attention.self.": "", "attention.output.": "", "mlp.": ""}
    for case, cross in (("self", False), ("cross", True)):
        module = randomised(PerceiverLayer(
            PerceiverConfig(hidden_act="gelu", attention_probs_dropout_prob=0.0),
            is_cross_attention=cross, qk_channels=24, v_channels=24, num_heads=3, q_dim=24,
            kv_dim=24, widening_factor=4, use_query_residual=True))
        for name, value in module.state_dict().items():
            for prefix, short in plain.items():
                if name.startswith(prefix):
                    name = short + name.removeprefix(prefix)
                    break
            out[f"perceiver.{case}.weights.{name}"] = value
        x, inputs = torch.randn(2, 7, 24), torch.randn(2, 11, 24)
        present = torch.ones(2, 11, dtype=torch.bool)
        present[1, 6:] = False
        mask = torch.where(present, 0.0, torch.finfo(torch.float32).min)[:, None, None]
        out[f"perceiver.{case}.x"] = x
        if cross:
            out["perceiver.cross.inputs"], out["perceiver.cross.mask"] = inputs, present
            y = module(x, inputs=inputs, inputs_mask=mask)[0]
        else:
            y = module(x)[0]
        out[f"perceiver.{case}.y"] = y


@torch.no_grad()
def painter():
    config = networks.PainterConfig(
        bands=12, frames=40, dim=24, heads=3, latents=10, blocks=2, frequencies=6, phones=9,
        mel_mean=-5.0, mel_std=2.5)
    module = randomised(networks.Painter(config))
    for name, value in module.state_dict().items():
        out[f"painter.weights.{name}"] = value
    # A recording of 55 frames, of which the network's window is the 40 from the tenth on.
    whole = torch.randn(1, 55, 12) * 2 - 5
    heard = torch.ones(1, 55)
    heard[:, 24:32] = 0
    gap = heard[:, 10:50] == 0
    phones = torch.tensor([[2, 3, 5, 1, 8, 2]])
    times = torch.tensor([[[1.5, 8.0], [12.5, 19.0], [19.0, 25.25], [25.25, 28.0], [30.5, 36.0],
                           [36.0, 43.5]]])
    every = torch.ones(1, 6, dtype=torch.bool)
    said = networks.said(torch.arange(55)[None], phones, times, every)
    queries = torch.arange(12, 25)[None]
    guide = torch.randn(1, 55, 12)
    made = module(whole[:, 10:50], gap, phones[:, 1:], times[:, 1:] - 10, every[:, 1:],
                  guide[:, 10:50], queries, networks.Memory(whole, heard, said, guide))
    out.update({"painter.mel": whole[0], "painter.guide": guide[0], "painter.heard": heard > 0, "painter.phones": phones[0],
                "painter.times": times[0], "painter.queries": queries[0], "painter.made": made[0]})


@torch.no_grad()
def guide():
    """Words of noise in frames of a recording, and how espeak-ng says some."""
    layout = Layout(rate=16000, n_fft=512, hop=128, bands=20)
    made = Guide(layout)
    noise = torch.randn(2, 3000) * 0.1
    out["guide.noise"] = noise
    spans = [[(2.0, 9.5), (9.5, 15.0), (15.0, 21.25)], [(1.0, 20.0)]]
    own = [[(3.25, 7.0), (7.0, 16.5), (16.5, 22.0)], [(27.5, 30.0), (30.0, 44.0)]]
    for index, sound in enumerate(noise):
        mel = log_mel(stft(sound[None], layout), made.bank)[0]
        made.words[str(index), "", STEP * round(USUAL / STEP)] = mel, spans[index]
    out["guide.frames"] = made.frames(40, [("0", "", own[0]), ("1", "", own[1])])
    words = []
    for text, hz in (("Thanksgiving,", 82), ("twenty five", 300), ("NOT!", 110), ("isn't", 200)):
        variant, pitch = voice(hz)
        sound, _, times = made.engine.speak(text, "en-us" + variant, SPEED, pitch, WIDTH)
        words.append({"text": text, "hz": hz, "samples": len(sound), "energy": float((sound / 32768.0) @ (
            sound / 32768.0)), "phonemes": [span for word in times for span in word]})
    (FOLDER / "guide.json").write_text(
        json.dumps({"spans": spans, "own": own, "words": words}) + "\n")


@torch.no_grad()
def tempo():
    module = randomised(networks.Tempo(
        networks.TempoConfig(dim=24, hidden=40, blocks=2, phones=9)))
    for name, value in module.state_dict().items():
        out[f"tempo.weights.{name}"] = value
    classes = torch.randint(0, 9, (1, 20))
    heard = torch.rand(1, 20) * 0.2
    known = torch.ones(1, 20, dtype=torch.bool)
    known[:, 8:13] = False
    heard[:, 9:12] = 0
    clause = torch.zeros(1, 20, dtype=torch.bool)
    clause[:, 10] = True
    out.update({"tempo.classes": classes[0], "tempo.heard": heard[0], "tempo.known": known,
                "tempo.clause": clause, "tempo.logs": module(classes, heard, known, clause)[0]})


@torch.no_grad()
def aligner():
    config = networks.AlignerConfig(
        bands=12, dim=24, hidden=40, heads=3, blocks=2, phones=9, mel_mean=-5.0, mel_std=2.5)
    module = randomised(networks.Aligner(config))
    for name, value in module.state_dict().items():
        out[f"aligner.weights.{name}"] = value
    mel = torch.randn(2, 45, 12) * 2 - 5
    out.update({"aligner.mel": mel, "aligner.logits": module(mel)})


def path():
    rng = np.random.default_rng(5)
    cases = []
    for frames, words, unheard in (
            (60, [[1, 2, 3], [4], [2, 2, 5]], []), (400, [[3, 1]] * 12, []), (9, [[1, 2, 3, 4]], []),
            (60, [[1, 2, 3], [4], [2, 2, 5]], [(20, 35)]), (400, [[3, 1]] * 40, [(90, 115), (300, 310)]),
            (90, [[1, 2], [3, 4]], [(0, 12), (30, 80)]), (40, [[1, 2, 3, 4], [5, 1]], [(25, 40)])):
        logits = torch.tensor(4 * rng.standard_normal((frames, 6)), dtype=torch.float32)
        logits[:, 0] += 6
        out[f"path.{len(cases)}.logits"] = logits
        spans = alignment.viterbi(logits.log_softmax(-1).numpy(), words, unheard)
        cases.append({"words": words, "unheard": unheard, "spans": spans})
    (FOLDER / "paths.json").write_text(json.dumps(cases) + "\n")


def phonemes():
    """Texts of words that stand for themselves, as the recipe and the runtime both say them."""
    engine = Espeak()
    texts = {
        "en": ["I would like to order a pizza, please.", "Don't you see it? The quick brown fox!",
               "Of the three of them, one was in the house.", "Read what he read yesterday.",
               "It is, after all, a well-known thing - isn't it?", "Call NASA or the BBC now.",
               "“Quoted words” sit here; colons: too…", "A naïve café owner said résumé."],
        "es": ["Buenos días, ¿cómo está usted?"], "it": ["Il gatto è sul tavolo."],
    }
    rows = [{"language": language, "text": text, "words": engine.words(text, language)}
            for language, items in texts.items() for text in items]
    (FOLDER / "phonemes.json").write_text(
        json.dumps(rows, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


FOLDER.mkdir(exist_ok=True)
for make in (perceiver, painter, guide, tempo, aligner, path, phonemes):
    make()
save_file({name: (value.float() if value.dtype != torch.float32 else value).contiguous()
           for name, value in out.items()}, FOLDER / "speech.safetensors")
