"""What changes in a translation when a source word is taken away: nearer to an explanation than attention is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from vaegen.decoding.options import DecodingOptions
from vaegen.errors import VaegenError
from vaegen.pipeline.attention_weights import groups, labels
from vaegen.text.words import END

if TYPE_CHECKING:
    from vaegen.pipeline.batching import Inference
    from vaegen.text.sensitive import WordList

WAYS = ("drop", "mask")
N_BEAMS = DecodingOptions.num_beams  # as in the translation view, so that both show the same sentence


@dataclass(frozen=True)
class Without:
    """What changes when a source word is taken away.

    Attributes:
        word: The word.
        index: Its index.
        how: "drop" or "mask".
        text: The sentence that is left; a masked word is written "[mask]".
        before: Words of the old translation with the share that each has in the change.
        after: The new translation.
        changed: Which of the words of `after` are new.
        log_prob_before: Of the old translation given the whole sentence (nats, the end included).
        log_prob_after: Of the old translation given what is left.
    """

    word: str
    index: int
    how: str
    text: str
    before: tuple[Shift, ...]
    after: tuple[str, ...]
    changed: tuple[bool, ...]
    log_prob_before: float
    log_prob_after: float


@dataclass(frozen=True)
class Shift:
    """One word of the old translation.

    Attributes:
        text: The word.
        is_kept: Whether the new translation has it too.
        kl: KL(whole sentence, what is left) of the next-token distributions, summed over its sub-words (nats, >= 0).
        log_prob_change: What its log-probability gains (nats).
    """

    text: str
    is_kept: bool
    kl: float
    log_prob_change: float


def occlude(
    run: Inference,
    text: str,
    index: int,
    language: str,
    context: str,
    target_text: str,
    how: str = "drop",
    by_word: bool = True,
    avoid: WordList | bool | None = None,
    beta: float | None = None,
) -> Without:
    """Returns what changes in a translation when one source word is dropped or masked; see `Pipeline.occlude`."""
    if how not in WAYS:
        raise VaegenError("There is no way {how} to take a word away; choose 'drop' or 'mask'.", how=f"{how!r:.80}")
    source_tokenizer, tokenizer = run.source_tokenizer, run.tokenizer
    whole = run.ids([text])[0] or [source_tokenizer.eos_id]
    pieces = source_tokenizer.pieces(whole[:-1])
    words = groups([*pieces, END], by_word)[:-1]
    if not 0 <= index < len(words):
        raise VaegenError(
            "There is no word {index} to take away; the sentence has {n}, the first is 0.", index=index, n=len(words)
        )
    start, stop = words[index][0], words[index][-1] + 1
    left = whole[:start] + [source_tokenizer.mask_id] * (stop - start if how == "mask" else 0) + whole[stop:]
    if len(left) == 1:
        raise VaegenError("Nothing is left without this word; put the mask token in its place.")
    old = run.ids([target_text], as_targets=True)[0] or [tokenizer.eos_id]
    before, after, kl = _read_again(run, whole, left, old, language, context, beta)
    new = _translate(run, left, language, context, avoid, beta)
    old_pieces, new_pieces = [*tokenizer.pieces(old[:-1]), END], [*tokenizer.pieces(new), END]
    old_groups, new_groups = groups(old_pieces, True), groups(new_pieces, True)
    kept_old, kept_new = _common(labels(old_pieces, old_groups), labels(new_pieces, new_groups))
    shifts = [
        Shift(word, i in kept_old, sum(kl[p] for p in group), sum(after[p] - before[p] for p in group))
        for i, (word, group) in enumerate(zip(labels(old_pieces, old_groups), old_groups, strict=True))
    ]
    return Without(
        "".join(pieces[start:stop]).strip(),
        index,
        how,
        "".join([*pieces[:start], *([" [mask]"] if how == "mask" else []), *pieces[stop:]]).strip(),
        tuple(shifts),
        tuple("".join(new_pieces[p] for p in group) for group in new_groups[:-1]),
        tuple(i not in kept_new for i in range(len(new_groups) - 1)),
        sum(before),
        sum(after),
    )


def _translate(
    run: Inference, source: list[int], language: str, context: str, avoid: WordList | bool | None, beta: float | None
) -> list[int]:
    """The ids of the translation of some ids, led around listed words as every translation is."""
    import torch

    from vaegen.pipeline.batches import make_generator, mode

    with torch.inference_mode():
        encoding = run.encode([source], beta)
        memory = run.engine.memory(mode(encoding), encoding, context)
        limit, generators = [2 * len(source) + 20], [make_generator(0, 0)]
        options = DecodingOptions(num_beams=N_BEAMS)
        ((best, *_),) = run.decode(memory, [language], options, limit, generators, avoid)
    return list(best.ids)


def _read_again(
    run: Inference,
    whole: list[int],
    left: list[int],
    target: list[int],
    language: str,
    context: str,
    beta: float | None,
) -> tuple[list[float], list[float], list[float]]:
    """Log p of each target token given either source, and KL(whole, left) of the distributions there; in nats."""
    import torch

    from vaegen.model.likelihood import token_log_probs
    from vaegen.pipeline.batches import mode

    with torch.inference_mode():
        encoding = run.encode([whole, left], beta)
        memory = run.model.memory(mode(encoding), encoding, context)
        tgt_in, tgt_out, _ = run.forced([target] * 2, [run.tokenizer.language_id(language)] * 2)
        logits = run.model.decode_logits(tgt_in, memory)
        before, after = token_log_probs(logits, tgt_out).tolist()
        p, q = logits.float().log_softmax(-1)
        return before, after, (p.exp() * (p - q)).sum(-1).clamp_min(0.0).tolist()


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[set[int], set[int]]:
    """Which words of two sentences both have, in the same order."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {b.a + i for b in blocks for i in range(b.size)}, {b.b + i for b in blocks for i in range(b.size)}
