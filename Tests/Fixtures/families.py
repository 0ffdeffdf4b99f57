"""What the scripts that make fixtures of published model families share."""

import pathlib

import torch
from safetensors.torch import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent


def shake(module, scale=0.05, seed=0):
    """Moves every parameter a little, so that norms, biases and zero-initialised layers count, and
    rounds all to half precision, so that the files can be stored small without a difference."""
    generator = torch.Generator().manual_seed(seed)
    for p in module.parameters():
        noise = torch.randn(p.shape, generator=generator)
        p.data = (p.data + scale * noise).half().float()
    return module.eval()


def save(path, tensors):
    """Writes contiguous f32 (whole numbers as int32) tensors to `Tests/Fixtures/path`."""
    target = FIXTURES / path
    target.parent.mkdir(parents=True, exist_ok=True)
    plain = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    save_file(
        {k: v.float() if v.is_floating_point() else v.int() for k, v in plain.items()}, target)
    print(path, target.stat().st_size, "bytes")


def save_half(path, state):
    """Writes weights that `shake` rounded, as half precision."""
    target = FIXTURES / path
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {k: (v.half() if v.is_floating_point() else v).detach().clone().contiguous()
         for k, v in state.items()}, target)
    print(path, target.stat().st_size, "bytes")


def last(x):
    """Channels from the second to the last dimension."""
    return x.movedim(1, -1)


def roberta_tokenizer(folder):
    """A small RoBERTa tokenizer, trained on a few captions."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaTokenizer

    captions = ["a dog barking in the rain", "a bell rings while birds sing", "thunder and wind",
                "an engine starts and a crowd applauds", "water running over stones"] * 3
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        captions, vocab_size=300, min_frequency=2,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    bpe.save_model(str(folder))
    return RobertaTokenizer.from_pretrained(str(folder), model_max_length=40)
