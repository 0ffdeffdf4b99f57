"""Alignment of phonemes with frames: a path through silence, word, silence, word, …

States are silence (optional) and the phonemes of each word in order; a state lasts one frame or
more. This is CTC's lattice with the blank between words only: the blank inside words makes CTC's
posteriors spikes, which say little of where a phoneme ends (2406.02560).
"""

import numpy as np
import torch

SILENCE = 0
#: What a frame of silence costs Viterbi's path, in nat: else silence, which may follow any word,
#: creeps into words. Chosen on dev among 0, 2, 4, 8, 12, 16. (The same in the loss made training
#: collapse.)
SILENCE_COST = 4.0
LOUD_COST = 8.0  # of silence in a loud frame, in training
#: Frames that a phoneme and the silence between words last: mean and deviation. (Means for each
#: phoneme, or stretched by a talker's own rate, find words in gaps no better on dev.)
PHONEME_FRAMES, SILENCE_FRAMES = (4.7, 2.75), (0.5, 1.8)
GAP_FLOOR = 1.5  # deviation in frames that a gap has in any case
#: A pause that fills a gap costs so much, in nat, and one more each so many frames.
PAUSE_COST, PAUSE_FRAMES = 12.0, 50.0
#: A phoneme that is heard for all but this share of its length is not in the gap beside it.
LEFT_SHARE = 0.4
PLACE_FRAMES, PRIOR_WEIGHT = 7.0, 0.3


def lattice(words: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Classes of the states [S], and whether a state may be entered from the last but one [S]."""
    states = [SILENCE]
    for phones in words:
        states += [*phones, SILENCE]
    states = np.array(states)
    skip = np.zeros(len(states), bool)
    skip[2:] = states[1:-1] == SILENCE
    return states, skip


def jumps(states: np.ndarray, frames: int) -> np.ndarray:
    """Log-likelihood [from, to] that a gap of so many frames leads from one state to another: both are
    heard beside it, and what lies between has its usual length. (A path through frames that cost nothing
    says where the gap's phonemes begin only by what is heard; it puts too many into it. Aligners
    trained with gaps, with and without the sum over paths there, lost their way more often on dev.)"""
    spoken = states != SILENCE
    mean, deviation = np.where(spoken[:, None], PHONEME_FRAMES, SILENCE_FRAMES).T

    def between(values):  # half of both ends, and all in the middle
        ends = np.cumsum(values)
        return (ends - values / 2) - (ends - values / 2)[:, None]

    length, spread = between(mean), between(deviation**2) + GAP_FLOOR**2
    gain = -0.5 * (frames - length) ** 2 / spread.clip(GAP_FLOOR**2) - 0.5 * np.log(
        spread.clip(GAP_FLOOR**2))
    silences, phonemes = np.cumsum(~spoken), np.cumsum(spoken)
    pausing = silences - (silences - ~spoken)[:, None] > 0
    pause = -PAUSE_COST - (frames - length).clip(0) / PAUSE_FRAMES
    gain = np.where(pausing, np.maximum(gain, pause), gain)
    inside = (phonemes - spoken) - phonemes[:, None]
    at = np.arange(len(states))
    return np.where((at >= at[:, None]) & (inside <= frames), gain, -np.inf)


def shared(path: np.ndarray, gap: tuple[int, int], states: np.ndarray) -> None:
    """Gives the frames of a gap to the states that the path jumps over there, by their usual lengths;
    each phoneme gets one or more, and a silence what is left over."""
    start, end = gap
    first = path[start - 1] if start else 0
    last = path[end] if end < len(path) else path[end - 1]
    if first == last:
        path[start:end] = first
        return
    inner = np.arange(first, last + 1)
    wanted = np.where(states[inner] != SILENCE, PHONEME_FRAMES[0], 0.0)
    for place, heard in ((0, (path[:start] == first).sum()), (-1, (path[end:] == last).sum())):
        left = max(0.0, wanted[place] - heard)
        wanted[place] = left if left >= LEFT_SHARE * PHONEME_FRAMES[0] else 0
    silences = np.flatnonzero(states[inner] == SILENCE)
    usual = len(inner) * GAP_FLOOR + wanted.sum()
    if len(silences) and end - start > usual:
        wanted[silences[0]] = end - start - wanted.sum()
    if not wanted.any():
        wanted[0] = 1
    least = ((states[inner] != SILENCE) & (inner > first) & (inner < last)).astype(int)
    edges = np.floor(np.cumsum(wanted) / wanted.sum() * (end - start) + 0.5).astype(int)
    after = np.cumsum(least[::-1])[::-1] - least  # frames that later phonemes need
    at = 0
    for state, edge, need, later in zip(inner, edges, least, after):
        edge = min(max(edge, at + need), end - start - later)
        path[start + at : start + edge] = state
        at = max(at, edge)
    path[start + at : end] = last


def viterbi(log_probabilities: np.ndarray, words: list[list[int]],
            unheard: list[tuple[int, int]] = ()) -> list[list[tuple[int, int]]]:
    """The best path through [T, classes]: for each phoneme of each word its first frame and the one
    after its last. `unheard`: runs of frames (first, after the last) in which nothing is heard, in
    their order and apart. Raises ValueError if there are fewer frames than phonemes."""
    states, skip = lattice(words)
    frames = len(log_probabilities)
    if frames < sum(map(len, words)):
        raise ValueError(f"{frames} frames for {sum(map(len, words))} phonemes")
    emitted = log_probabilities[:, states] - SILENCE_COST * (states == SILENCE)
    gaps = dict(unheard)
    score = np.full(len(states), -np.inf)
    score[:2] = 0
    back = np.zeros((frames, len(states)), int)
    inside = 0  # frames before this one are in a gap
    for t in range(frames):
        if t in gaps:
            inside = gaps[t]
            if t == 0:
                score[1] = -np.inf
            options = score[:, None] + jumps(states, inside - t)
            back[t] = np.arange(len(states)) - options.argmax(0)
            score = options.max(0)
        elif t >= inside:
            if t > 0:
                options = np.full((3, len(states)), -np.inf)
                options[0] = score
                options[1, 1:] = score[:-1]
                options[2, 2:] = np.where(skip[2:], score[:-2], -np.inf)
                back[t] = options.argmax(0)
                score = options.max(0)
            score = score + emitted[t]
    state = len(states) - 1 - int(score[-2] > score[-1])
    path = np.zeros(frames, int)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        state -= int(back[t, state])
    for gap in unheard:
        shared(path, gap, states)
    first = np.searchsorted(path, np.arange(len(states)))
    last = np.searchsorted(path, np.arange(len(states)), "right")
    spans, state = [], 1
    for phones in words:
        spans.append([(int(first[k]), int(last[k])) for k in range(state, state + len(phones))])
        state += len(phones) + 1
    return spans


def path_loss(logits: torch.Tensor, words: list[list[list[int]]],
              loud: torch.Tensor | None = None, places: list[np.ndarray] | None = None,
              prior: torch.Tensor | None = None) -> torch.Tensor:
    """-log of the sum over all paths, a frame, of [B, T, classes]; the frames after an utterance's
    end must be silence, as they are counted as such.

    Alone, this sum is smallest when one class (silence, or a common phoneme, which may last as long
    as it likes) takes nearly all frames. What holds it, in training:
    loud [B, T]: frames that are hardly silence;
    places: for each phoneme its (middle, half length) in frames as a flat start guesses them, from
    which it may stray by some PLACE_FRAMES;
    prior [classes]: how often a class is said to be, which counts against it (2406.02560).
    """
    batch, frames, _ = logits.shape
    lattices = [lattice(item) for item in words]
    size = max(len(states) for states, _ in lattices)
    states = torch.zeros(batch, size, dtype=torch.long)
    skip = torch.zeros(batch, size, dtype=torch.bool)
    for index, (own, leaps) in enumerate(lattices):
        states[index, : len(own)] = torch.from_numpy(own)
        skip[index, : len(own)] = torch.from_numpy(leaps)
    ends = torch.tensor([len(own) - 1 for own, _ in lattices])
    emitted = logits.float().log_softmax(-1)
    if prior is not None:
        emitted = emitted - PRIOR_WEIGHT * prior.clamp_min(1e-4).log()
    emitted = emitted.gather(2, states[:, None].expand(-1, frames, -1))
    if loud is not None:
        silent = (states == SILENCE)[:, None].expand(-1, frames, -1)
        emitted = emitted - LOUD_COST * (silent & loud[..., None])
    if places is not None:
        cost = torch.zeros(batch, frames, size)
        at = torch.arange(frames)[:, None]
        for index, (own, _) in enumerate(lattices):
            middle, half = torch.from_numpy(places[index]).float().unbind(1)
            away = ((at - middle).abs() - half - 2).clamp_min(0) / PLACE_FRAMES
            spoken = torch.from_numpy(np.flatnonzero(own != SILENCE))
            cost[index][:, spoken] = (0.5 * away**2).clamp_max(15)
        emitted = emitted - cost
    low = -1e4
    score = torch.full((batch, size), low)
    score[:, :2] = 0
    score = score + emitted[:, 0]
    bars = torch.where(skip, 0.0, low)[:, 2:]
    edge = torch.full((batch, 2), low)
    for t in range(1, frames):
        one = torch.cat([edge[:, :1], score[:, :-1]], 1)
        two = torch.cat([edge, score[:, :-2] + bars], 1)
        score = torch.logsumexp(torch.stack([score, one, two]), 0) + emitted[:, t]
    last = torch.stack([score.gather(1, ends[:, None]), score.gather(1, ends[:, None] - 1)])
    return -torch.logsumexp(last, 0).mean() / frames


def flat_start(words: list[list[int]], durations: np.ndarray, spoken: np.ndarray,
               word_frames: list | None = None) -> np.ndarray:
    """Guesses (middle, half length) in frames of each phoneme: they share the frames that are
    `spoken` [T] by their mean durations, or those of their own word where these are known."""
    if word_frames:
        parts = [(phones, np.arange(start, max(end, start + 1), dtype=float))
                 for phones, (start, end) in zip(words, word_frames)]
    else:
        frames = np.flatnonzero(spoken)
        frames = frames if len(frames) else np.arange(len(spoken))
        parts = [(sum(words, []), frames.astype(float))]
    rows = []
    for phones, frames in parts:
        edges = np.r_[0, np.cumsum(durations[phones])]
        edges = edges / edges[-1] * (len(frames) - 1)
        real = np.interp(edges, np.arange(len(frames)), frames)
        rows += [((a + b) / 2, (b - a) / 2) for a, b in zip(real[:-1], real[1:])]
    return np.array(rows)
