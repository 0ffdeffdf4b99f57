"""What the scripts that make fixtures of published model families share."""

import math
import pathlib
import zlib

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


def save_half(path, module):
    """Writes a module whose parameters `shake` rounded: those as half precision, buffers as they
    are."""
    target = FIXTURES / path
    target.parent.mkdir(parents=True, exist_ok=True)
    rounded = {name for name, _ in module.named_parameters()}
    save_file(
        {k: (v.half() if k in rounded else v).detach().clone().contiguous()
         for k, v in module.state_dict().items()}, target)
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


def formula(name, shape):
    """Weights that need no file: element i of a tensor is a hash of i and of the name, so that the
    tests make the same ones (`FormulaWeights` in Tests/TestSupport)."""
    import numpy

    seed = zlib.crc32(name.encode())
    with numpy.errstate(over="ignore"):
        h = numpy.arange(math.prod(shape), dtype=numpy.uint32) * numpy.uint32(2654435761)
        h = h + numpy.uint32(seed)
        for _ in range(2):
            h = (h ^ (h >> numpy.uint32(16))) * numpy.uint32(0x45D9F3B)
        h = h ^ (h >> numpy.uint32(16))
    uniform = h.astype(numpy.float64) / 2**32 - 0.5
    if len(shape) == 1:
        values = 0.2 * uniform + (1 if name.endswith("weight") else 0)
    else:
        values = uniform * 2.4 / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def fill(module, published=lambda name: name):
    """Gives a module the weights of `formula` by published names. Returns their shapes."""
    state = {}
    shapes = {}
    for name, value in module.state_dict().items():
        if not value.is_floating_point():
            continue
        shapes[published(name)] = list(value.shape)
        state[name] = formula(published(name), list(value.shape))
    module.load_state_dict(state, strict=False)
    module.eval()
    return shapes
