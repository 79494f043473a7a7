"""From a memory to sentences: greedy, beam search and sampling, all batched and cached.

Probabilities are always the model's own: a banned token is never chosen, but its share is not given to the others, and
`temperature`, `top_k` and `top_p` change what is drawn, not what is reported. What must not be written at all is led around
(`vaegen.decoding.avoidance`). A sentence that reaches its length limit is
ended there, with the probability that the model gave to the end. So every hypothesis ends with the end token, and its
log-probability is what a pass over the whole sentence would say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NamedTuple

import torch
from torch import Tensor

from vaegen.decoding.avoidance import NEVER, Allowed, choose_allowed, redrawn, top_allowed
from vaegen.decoding.options import DecodingOptions
from vaegen.model.vae_transformer import Memory, VAETransformer
from vaegen.turns import pause

Scored = tuple[int, float]  # a token and its log-probability


@dataclass(frozen=True)
class Hypothesis:
    """One decoded sentence.

    Attributes:
        ids: Its tokens, without language tag and end.
        score: `log_prob` after the length penalty.
        log_prob: Log-probability of all tokens and the end, in nats.
        token_log_probs: Its parts, one per token and one for the end.
        alternatives: On request, for each of these steps, the most probable tokens with their log-probabilities, best
            first; the chosen one is usually among them.
        avoided: Whether something forbidden was led around on the way.
    """

    ids: list[int]
    score: float
    log_prob: float
    token_log_probs: list[float]
    alternatives: list[list[Scored]] | None = None
    avoided: bool = False


class DecodingState:
    """All that the search sees of a model: next-token log-probabilities for a set of rows, and a change of rows."""

    def __init__(
        self, model: VAETransformer, memory: Memory, rows: Tensor | None, max_length: int, banned_ids: Iterable[int]
    ) -> None:
        """Starts at the beginning of a sentence; `rows` (N,) are memory rows, None is one each in order."""
        self._model = model
        self._cache = model.start(memory, rows, max_length)
        self._banned = torch.tensor(sorted(banned_ids), dtype=torch.long, device=memory.states.device)

    def step(self, tokens: Tensor) -> Tensor:
        """Takes the last token of each row (N,) and returns the log-probabilities of the next, (N, V); banned: -inf."""
        pause()
        log_probs = self._model.step(tokens, self._cache).float().log_softmax(dim=-1)
        return log_probs.index_fill_(1, self._banned, NEVER) if len(self._banned) else log_probs

    def select(self, rows: Tensor, same_memory: bool = False) -> None:
        """Keeps these rows, in this order; `same_memory`: each new row belongs to the sentence of the old one there."""
        self._cache.select(rows, same_memory)


def decode(
    model: VAETransformer,
    memory: Memory,
    language_ids: Tensor,
    eos_id: int,
    options: DecodingOptions | None = None,
    *,
    banned_ids: Iterable[int] = (),
    max_lengths: Sequence[int] | None = None,
    generators: Sequence[torch.Generator] | None = None,
    allowed: Allowed | None = None,
    memory_rows: Sequence[int] | None = None,
) -> list[list[Hypothesis]]:
    """Returns `n_best` hypotheses for each sentence, best first (samples: in the order drawn).

    A beam has fewer where so many different sentences cannot be written: within a limit of one token, or under `allowed`.

    Args:
        model: In evaluation mode.
        memory: One row per sentence, or fewer that they share.
        language_ids: First decoder input of each sentence, (B,).
        eos_id: The token that ends a sentence.
        options: How to choose.
        banned_ids: Tokens that are never chosen.
        max_lengths: Most tokens of each sentence, the end included; by default the most that the model can.
        generators: For sampling, one per sentence, on the CPU: what is drawn for a sentence does not depend on the
            others in the batch. By default torch's global generator is used.
        allowed: Says for a sentence and some ids whether they may be written: of a whole sentence first, then, under
            watch, of every beginning; the empty one must be allowed. A sentence that is refused is decoded again: greedily,
            the best allowed token; in a beam, the best allowed ones; in sampling, the allowed ones renormalised, with the
            same random numbers up to where it has to swerve.
        memory_rows: Memory row of each sentence; None where they are one to one.
    """
    options = options or DecodingOptions()
    most = min(options.max_length or model.config.max_length + 1, model.config.max_length + 1)
    limits = [min(most, limit) for limit in max_lengths] if max_lengths is not None else [most] * len(language_ids)
    if not limits:
        return []
    beam = options.method == "beam" and options.num_beams > 1
    n = 1 if beam else options.n_best
    choose = _sampler(limits, options, generators) if options.method == "sample" else _most_probable

    def search(paths: Sequence[int], allowed: Allowed | None = None) -> list[list[Hypothesis]]:
        rows = torch.tensor([path // n for path in paths], device=language_ids.device)
        ends = [limits[path // n] for path in paths]
        of = rows if memory_rows is None else torch.tensor(memory_rows, device=rows.device)[rows]
        all_in_order = of.tolist() == list(range(len(memory.mask)))
        decoder = DecodingState(model, memory, None if all_in_order else of, max(ends), banned_ids)
        may_be = None if allowed is None else lambda i, ids: allowed(paths[i] // n, ids, True)
        if beam:
            return _beam(decoder, language_ids[rows], eos_id, ends, options, may_be)
        return _one_path(decoder, language_ids[rows], eos_id, ends, choose, options, paths, may_be)

    with torch.inference_mode():
        paths = range(len(limits) * n)
        found = search(paths)
        if allowed is not None:
            refused = [path for path in paths if not all(allowed(path // n, h.ids, False) for h in found[path])]
            for path, hypotheses in zip(refused, search(refused, allowed) if refused else [], strict=True):
                found[path] = [replace(h, avoided=True) for h in hypotheses]
    return [[h for hypotheses in found[start : start + n] for h in hypotheses] for start in range(0, len(found), n)]


def greedy(
    model: VAETransformer,
    memory: Memory,
    language_ids: Tensor,
    eos_id: int,
    max_length: int | None = None,
    banned_ids: Iterable[int] = (),
) -> list[list[int]]:
    """Returns the ids that the most probable token at each step gives, for each memory row; see `decode`."""
    options = DecodingOptions("greedy", max_length=max_length)
    return [best.ids for (best,) in decode(model, memory, language_ids, eos_id, options, banned_ids=banned_ids)]


# log_probs (N, V), step, original row of each (N,), choices that failed -> tokens (N,)
Chooser = Callable[[Tensor, int, Tensor, int], Tensor]
MayBe = Callable[[int, Sequence[int]], bool]  # path, the ids of its beginning -> whether it may begin so


def _one_path(
    decoder: DecodingState, tokens: Tensor, eos_id: int, limits: list[int], choose: Chooser, options: DecodingOptions,
    paths: Sequence[int], may_be: MayBe | None,
) -> list[list[Hypothesis]]:  # fmt: skip
    """Greedy decoding and sampling: one token at a time per row; a row that has ended leaves the batch."""
    ids: list[list[int]] = [[] for _ in limits]
    log_probs: list[list[float]] = [[] for _ in limits]
    tops: list[list[list[Scored]]] = [[] for _ in limits]
    alive = list(range(len(limits)))
    index = torch.tensor(paths, device=tokens.device)
    for step in range(max(limits)):
        scores = decoder.step(tokens)
        tokens = choose(scores, step, index, 0)
        last = [step + 1 == limits[row] for row in alive]
        if any(last):
            tokens = tokens.masked_fill(torch.tensor(last, device=tokens.device), eos_id)
        if may_be is not None:
            tokens = choose_allowed(
                scores, tokens, eos_id,
                lambda i, token: may_be(alive[i], [*ids[alive[i]], token]),  # noqa: B023  called before the next step
                lambda rows, attempt: choose(scores[rows], step, index[rows], attempt),  # noqa: B023
            )  # fmt: skip
        chosen = scores.gather(1, tokens[:, None]).squeeze(1).tolist()
        top = _top(scores, options.n_alternatives) if options.n_alternatives else None
        kept = []
        for i, (row, token) in enumerate(zip(alive, tokens.tolist(), strict=True)):
            log_probs[row].append(chosen[i])
            if top is not None:
                tops[row].append(top[i])
            if token != eos_id:
                ids[row].append(token)
                kept.append(i)
        if not kept:
            break
        if len(kept) < len(alive):
            rows = torch.tensor(kept, device=tokens.device)
            decoder.select(rows)
            tokens, index, alive = tokens[rows], index[rows], [alive[i] for i in kept]
    return [
        [_hypothesis(ids[i], log_probs[i], tops[i] if options.n_alternatives else None, options)] for i in range(len(limits))
    ]


def _most_probable(log_probs: Tensor, step: int, rows: Tensor, attempt: int) -> Tensor:
    return log_probs.argmax(dim=-1)


def _sampler(limits: list[int], options: DecodingOptions, generators: Sequence[torch.Generator] | None) -> Chooser:
    """Returns a chooser whose noise is fixed beforehand for every sentence, draw and step."""
    noise = torch.zeros(len(limits), options.n_best, max(limits), dtype=torch.float64)
    for i, limit in enumerate(limits):
        generator = generators[i] if generators is not None else None
        noise[i, :, :limit] = torch.rand(options.n_best, limit, dtype=torch.float64, generator=generator)
    flat = noise.flatten(0, 1)

    def choose(log_probs: Tensor, step: int, rows: Tensor, attempt: int) -> Tensor:
        uniform = flat[:, step].to(rows.device)[rows]
        return sample_tokens(log_probs, redrawn(uniform, attempt) if attempt else uniform, options)

    return choose


def sample_tokens(log_probs: Tensor, noise: Tensor, options: DecodingOptions) -> Tensor:
    """Returns one token per row (N,) by inverting the distribution function at `noise` (N,), uniform in [0, 1).

    `temperature` is applied first, then `top_k`, then `top_p` on what top-k left, renormalised.
    """
    # float64: noise times the total must stay under the total, or a token of probability 0 could be drawn
    probs = (log_probs.double() / options.temperature).softmax(dim=-1)
    ids: Tensor | None = None
    if options.top_k or options.top_p < 1.0:
        probs, ids = _most_likely(probs, options)
    summed = probs.cumsum(dim=-1)
    pick = torch.searchsorted(summed, noise[:, None] * summed[:, -1:], right=True)
    return (pick if ids is None else ids.gather(1, pick)).squeeze(1)


def _most_likely(probs: Tensor, options: DecodingOptions) -> tuple[Tensor, Tensor]:
    """Returns the probabilities that `top_k` and `top_p` leave, most probable first (the others 0), and their ids."""
    size = probs.shape[-1]
    best, ids = probs.topk(min(options.top_k or 256, size))
    if not options.top_k and bool((best.sum(dim=-1) < options.top_p).any()):
        best, ids = probs.topk(size)  # a flat distribution; sorting all of it takes ten times longer
    total = best.sum(dim=-1, keepdim=True) if options.top_k else 1.0
    before = best.cumsum(dim=-1) - best
    return best.masked_fill(before >= options.top_p * total, 0.0), ids


class _Node(NamedTuple):
    """A token at the end of an open or finished hypothesis; the rest of it hangs on `parent`."""

    token: int
    log_prob: float
    total: float  # log-probability of everything up to here
    top: tuple[list[int], list[float]]  # the most probable tokens of this step
    parent: _Node | None


class _Search:
    """The beam of one sentence."""

    def __init__(self, limit: int, eos_id: int, options: DecodingOptions) -> None:
        self.limit, self.eos_id, self.options = limit, eos_id, options
        self.open = [_Node(-1, 0.0, 0.0, ([], []), None)]  # the language tag, which is no part of the sentence
        self.finished: list[tuple[float, _Node]] = []

    def advance(self, step: int, ids: list[list[int]], log_probs: list[list[float]], ends: list[float]) -> list[int]:
        """Takes each open hypothesis one token further and returns, for each that is open now, which one it came from.

        Args:
            step: Tokens decoded so far.
            ids: Most probable tokens for each open hypothesis.
            log_probs: Their log-probabilities.
            ends: Log-probability of the end for each.
        """
        candidates: list[tuple[float, int, int, float]] = []  # total, parent, token, its own log-probability
        for i, parent in enumerate(self.open):
            base = parent.total
            # A sentence at its limit can only end.
            pairs = [(self.eos_id, ends[i])] if step + 1 == self.limit else zip(ids[i], log_probs[i], strict=True)
            candidates += [(base + p, i, t, p) for t, p in pairs if p > NEVER]
        candidates.sort(key=_total, reverse=True)
        width, before, length = self.options.num_beams, [], step + 1
        parents, self.open = self.open, []
        for rank, (total, i, token, log_prob) in enumerate(candidates):
            if token == self.eos_id and rank >= width:
                continue
            node = _Node(token, log_prob, total, (ids[i], log_probs[i]), parents[i])
            if token == self.eos_id:
                self.finished.append((self.options.score(total, length), node))
            else:
                self.open.append(node)
                before.append(i)
            if len(self.open) == width:
                break
        self.finished = sorted(self.finished, key=lambda pair: -pair[0])[:width]
        if len(self.finished) == width:
            worst = self.finished[-1][0]
            keep = [j for j, node in enumerate(self.open) if self.options.score(node.total, length) > worst]
            self.open, before = [self.open[j] for j in keep], [before[j] for j in keep]
        return before

    def beginnings(self) -> list[list[int]]:
        """Returns the ids of each open hypothesis."""
        return [[node.token for node in _chain(node)] for node in self.open]

    def best(self) -> list[Hypothesis]:
        """Returns the finished hypotheses, best first."""
        return [self._hypothesis(node) for _, node in self.finished[: self.options.n_best]]

    def _hypothesis(self, node: _Node) -> Hypothesis:
        nodes = _chain(node)
        n = self.options.n_alternatives
        tops = [[(t, p) for t, p in zip(a.top[0][:n], a.top[1][:n], strict=True) if p > NEVER] for a in nodes]
        return _hypothesis([a.token for a in nodes[:-1]], [a.log_prob for a in nodes], tops if n else None, self.options)


_total = itemgetter(0)


def _chain(node: _Node) -> list[_Node]:
    """The nodes up to this one, without the language tag."""
    nodes = [node]
    while node.parent is not None:
        node = node.parent
        nodes.append(node)
    return nodes[-2::-1]


def _beam(
    decoder: DecodingState, tokens: Tensor, eos_id: int, limits: list[int], options: DecodingOptions,
    may_be: MayBe | None = None,
) -> list[list[Hypothesis]]:  # fmt: skip
    """Beam search over all sentences at once.

    Of the `2 * num_beams` best continuations of a sentence, the best `num_beams` that do not end stay open; one that ends
    is finished if it is among the best `num_beams`. Once `num_beams` are finished, an open hypothesis whose score at its
    present length is under the worst of them is given up: exact for length_penalty 0, the usual approximation otherwise
    (a longer one could still raise its mean). A sentence with nothing open leaves the batch.
    """
    searches = [_Search(limit, eos_id, options) for limit in limits]
    alive = list(searches)
    for step in range(max(limits)):
        log_probs = decoder.step(tokens)
        width = min(max(2 * options.num_beams, options.n_alternatives), log_probs.shape[1])
        if may_be is None:
            best, top = log_probs.topk(width)
        else:
            begun = [(searches.index(search), ids) for search in alive for ids in search.beginnings()]
            best, top = top_allowed(
                log_probs,
                width,
                eos_id,
                lambda i, token: may_be(begun[i][0], [*begun[i][1], token]),  # noqa: B023
            )
        values, ids, ends = best.tolist(), top.tolist(), log_probs[:, eos_id].tolist()
        rows: list[int] = []
        start, same_sentences = 0, True
        for search in alive:
            stop = start + len(search.open)
            before = search.advance(step, ids[start:stop], values[start:stop], ends[start:stop])
            rows += [start + i for i in before]
            same_sentences &= len(before) == stop - start
            start = stop
        alive = [search for search in alive if search.open]
        if not alive:
            break
        if rows != list(range(start)):
            decoder.select(torch.tensor(rows, device=tokens.device), same_memory=same_sentences)
        tokens = torch.tensor([node.token for search in alive for node in search.open], device=tokens.device)
    return [search.best() for search in searches]


def _top(log_probs: Tensor, n: int) -> list[list[Scored]]:
    best = log_probs.topk(min(n, log_probs.shape[1]))
    rows = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return [[(t, p) for t, p in zip(ids, values, strict=True) if p > NEVER] for ids, values in rows]


def _hypothesis(
    ids: list[int], log_probs: list[float], tops: list[list[Scored]] | None, options: DecodingOptions
) -> Hypothesis:
    total = sum(log_probs)
    return Hypothesis(ids, options.score(total, len(log_probs)), total, log_probs, tops)
