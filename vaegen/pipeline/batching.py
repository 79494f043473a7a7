"""Between texts and the model: ids, batches of similar length, draws of z. `vaegen.pipeline` is the door to it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from vaegen.data.batches import pad
from vaegen.decoding import loops
from vaegen.decoding.avoidance import Allowed
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.decoding.search import Hypothesis
from vaegen.decoding.tasks import Task, decode_tasks
from vaegen.engine.engine import TORCH, check_engine, engine_for
from vaegen.errors import TextTooLong, VaegenError, whole
from vaegen.latent.refinement import refine
from vaegen.model.likelihood import token_log_probs
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.pretrained import SourceTokenizer
from vaegen.model.rate_dial import check_beta
from vaegen.model.vae_transformer import CONTEXTS, Encoding, Memory, VAETransformer
from vaegen.pipeline.batches import batches, make_generator, mode, without_repeats
from vaegen.pipeline.outputs import ProgressCallback, Translation
from vaegen.text.as_typed import fold_capitals
from vaegen.text.chinese import simplified
from vaegen.text.cleaning import check_text
from vaegen.text.sensitive import WordList
from vaegen.text.tokenizer import Tokenizer
from vaegen.turns import pause, together

TOO_LONG = "The text has {n} tokens; this model takes up to {most}. Please split it."
ONE_TOO_LONG = "Text {number} has {n} tokens; this model takes up to {most}. Please split it."
LATENT_MAX_LENGTH = 100  # tokens decoded from a latent alone, where no source says how long a sentence may be
MAX_SHARED_TOKENS = 1024  # the same, where sentences share a batch with what others want: none waits for a long one


class Inference:
    """A model and its tokenizer at work on lists of texts. It only counts; languages and shapes were checked before.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        engine: What encodes and decodes in its place (`vaegen.engine`): made when it is first asked for, and again when the
            weights have changed.
        n_masked: Words that got past that and were masked in the finished text: none, or there is a mistake.
    """

    def __init__(
        self, model: VAETransformer, tokenizer: Tokenizer, avoid: WordList | bool | None = None, engine: str | None = TORCH
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self._engine_name, self._engine_lock = check_engine(engine), threading.Lock()
        self._engine: tuple[Any, VAETransformer] | None = None
        self.source_tokenizer: Tokenizer | SourceTokenizer = model.source_tokenizer or tokenizer
        self._counts, self.n_masked = threading.local(), 0
        self._avoid: WordList | None = None
        self._avoid = self._words(avoid)
        # Tags and fillers are input only; no sentence contains them.
        self._banned = (tokenizer.pad_id, tokenizer.mask_id, *tokenizer.language_ids.values())
        self._pieces: dict[int, str] = {}

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.model.embedding.weight.device

    @property
    def n_avoided(self) -> int:
        """Sentences that were led around a word of a list so far, in this thread: others may serve other people."""
        return getattr(self._counts, "avoided", 0)

    @property
    def engine(self) -> VAETransformer:
        if self._engine_name == TORCH:
            return self.model
        now = (self.device, sum(weight._version for weight in self.model.parameters()))
        with self._engine_lock:
            if self._engine is None or self._engine[0] != now:
                self._engine = (now, engine_for(self.model, self._engine_name))
            return self._engine[1]

    def ids(self, texts: Sequence[str], as_targets: bool = False) -> list[list[int]]:
        """Returns the ids of each text with the end token; a blank text gives an empty list.

        They are the encoder's or, where a pre-trained one has others, on request the decoder's (`as_targets`).

        Raises:
            VaegenError: If a text is longer than the model can read, or no text at all.
        """
        for i, text in enumerate(texts):
            if not isinstance(text, str):
                raise VaegenError("Text {number} is of type {kind}; give strings.", number=i + 1, kind=type(text).__name__)
        clean = [check_text(text) for text in texts]
        if not as_targets:
            clean = [fold_capitals(text) for text in clean]
        if "zh" in self.model.config.languages:  # such a model has learned simplified characters only
            clean = [simplified(text) for text in clean]
        limit, tokenizer = self.model.config.max_length, self.tokenizer if as_targets else self.source_tokenizer
        results = []
        for i, (text, ids) in enumerate(zip(clean, tokenizer.encode_batch(clean), strict=True)):
            if len(ids) > limit:
                said = ONE_TOO_LONG if len(texts) > 1 else TOO_LONG
                raise TextTooLong(said, number=i + 1, n=len(ids), most=limit)
            results.append([*ids, tokenizer.eos_id] if text else [])
        return results

    def pad(self, sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Returns padded ids and their mask on the model's device."""
        ids, mask = pad(sequences, self.tokenizer.pad_id)
        return ids.to(self.device), mask.to(self.device)

    def encode(self, sources: Sequence[Sequence[int]], beta: float | None = None) -> Encoding:
        """Returns the encoding of some sources, none of them empty, at a rate of the dial (None: the usual one).

        Sources that are the same are encoded once.
        """
        pause()
        distinct, rows = without_repeats([tuple(source) for source in sources])
        encoding = self.engine.encode(*self.pad(distinct), self.rates(beta, len(distinct)))
        return encoding if len(distinct) == len(sources) else encoding.select(torch.tensor(rows, device=self.device))

    def rates(self, beta: float | None, n: int) -> Tensor | None:
        """Returns what the model is told of n sentences, (n,): log beta; None for its usual rate.

        Raises:
            VaegenError: If the model has no dial, or beta is out of its range.
        """
        if beta is None:
            return None
        if self.model.dial is None:
            raise VaegenError("This checkpoint has one rate only; leave beta out, or choose a checkpoint with a dial.")
        return torch.full((n,), math.log(check_beta(beta)), device=self.device)

    def hypotheses(
        self,
        texts: Sequence[str],
        languages: Sequence[str],
        *,
        context: str | Sequence[str] = CONTEXT,
        n_draws: int = 0,
        seed: int = 0,
        beta: float | None = None,
        batch_size: int = 32,
        progress: ProgressCallback | None = None,
        avoid: WordList | bool | None = None,
        **options: Any,
    ) -> list[list[Hypothesis]]:
        """Returns the hypotheses of each text in its language, those of its first draw first; none for a blank text."""
        contexts = [context] * len(texts) if isinstance(context, str) else list(context)
        for name in dict.fromkeys(contexts):
            if name not in CONTEXTS:
                raise VaegenError("There is no context {context}; choose 'latent' or 'source'.", context=repr(name))
        n_draws = whole("n_draws", n_draws, 0)
        chosen = DecodingOptions.of(options)
        sources = self.ids(texts)
        results: list[list[Hypothesis]] = [[] for _ in texts]
        width = {"beam": chosen.num_beams, "greedy": 1, "sample": chosen.n_best}[chosen.method]
        draws = max(1, n_draws)
        for batch, done in batches(sources, batch_size, width * draws):
            ids = [sources[i] for i in batch]
            generators = [make_generator(seed, i) for i in batch]
            with torch.inference_mode():
                memory, rows = self._memory(ids, [contexts[i] for i in batch], n_draws, generators, beta)
                limits = [2 * len(source) + 20 for source in ids for _ in range(draws)]
                each = [generator for generator in generators for _ in range(draws)]
                tags = [languages[i] for i in batch for _ in range(draws)]
                found = self.decode(memory, tags, chosen, limits, each, avoid, rows=rows)
            for row, i in enumerate(batch):
                results[i] = [h for hypotheses in found[row * draws : (row + 1) * draws] for h in hypotheses]
            if progress is not None:
                progress(done, len(texts))
        return results

    def exact(
        self,
        posterior: DiagonalGaussian,
        ids: Sequence[Sequence[int]],
        tags: Sequence[int],
        batch_size: int,
        beta: float | None = None,
    ) -> tuple[Tensor, list[bool]]:
        """Returns refined latents (B, M, Z) on the CPU, and which of them read back as their ids; see `refine`."""
        latents, reached = [], []
        for start in range(0, len(ids), whole("batch_size", batch_size, 1)):
            rows = slice(start, start + batch_size)
            forced = self.forced(ids[rows], tags[rows])
            z, done = refine(self.model, posterior[rows], *forced, log_beta=self.rates(beta, len(forced[0])))
            latents.append(z.cpu())
            reached += done.tolist()
        return torch.cat(latents), reached

    def forced(self, targets: Sequence[Sequence[int]], tags: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Returns what a decoder reads that is led along given targets, what it should write, and the mask of that, (B, T).

        It reads the language's tag and then the target, one step behind.
        """
        tgt_out, tgt_mask = self.pad(targets)
        tgt_in = tgt_out.roll(1, dims=1)
        tgt_in[:, 0] = torch.tensor(tags, device=self.device)
        return tgt_in, tgt_out, tgt_mask

    @torch.inference_mode()
    def score(
        self,
        texts: Sequence[str],
        targets: Sequence[str],
        tag: int,
        context: str,
        batch_size: int,
        z: Tensor | None = None,
        beta: float | None = None,
    ) -> list[list[float]]:
        """Returns log p(target | text) token by token; see `Pipeline.score`."""
        wanted = [ids or [self.tokenizer.eos_id] for ids in self.ids(targets, as_targets=True)]
        is_read = z is None or context != "latent"  # else the latent alone decides, and nobody asks for the words
        sources = [ids or [self.source_tokenizer.eos_id] for ids in self.ids(texts)] if is_read else wanted
        results: list[list[float]] = [[] for _ in targets]
        # Logits of all positions at once are large: count each text eightfold.
        for batch, _ in batches([max(pair, key=len) for pair in zip(sources, wanted, strict=True)], batch_size, 8):
            encoding = self.encode([sources[i] for i in batch], beta) if is_read else None
            latent = z[batch].to(self.device) if z is not None else mode(encoding) if encoding is not None else None
            tgt_in, tgt_out, tgt_mask = self.forced([wanted[i] for i in batch], [tag] * len(batch))
            memory = self.model.memory(latent, encoding, context, self.rates(beta, len(batch)))
            logits = self.model.decode_logits(tgt_in, memory)
            for i, row, real in zip(batch, token_log_probs(logits, tgt_out), tgt_mask, strict=True):
                results[i] = row[real].tolist()
        return results

    def decode_latents(
        self,
        z: Tensor,
        languages: Sequence[str],
        seed: int,
        batch_size: int,
        avoid: WordList | bool | None = None,
        avoid_loops: bool = False,
        beta: float | None = None,
        **options: Any,
    ) -> list[str]:
        """Returns the best sentence for each latent, (B, M, Z), in its language; see `Pipeline.decode`."""
        chosen = DecodingOptions.of(options)
        results: list[list[int]] = []
        with torch.inference_mode():
            for start in range(0, len(z), whole("batch_size", batch_size, 1)):
                n = len(z[start : start + batch_size])
                memory = self.engine.memory(z[start : start + n], None, "latent", self.rates(beta, n))
                generators = [make_generator(seed, start + i) for i in range(n)]
                tags = languages[start : start + n]
                found = self.decode(memory, tags, chosen, [LATENT_MAX_LENGTH] * n, generators, avoid, avoid_loops)
                results += [hypotheses[0].ids for hypotheses in found]
        return self.texts(results, languages, avoid)

    def decode(
        self,
        memory: Memory,
        languages: Sequence[str],
        options: DecodingOptions,
        limits: list[int],
        generators: list[torch.Generator],
        avoid: WordList | bool | None = None,
        avoid_loops: bool = False,
        rows: Sequence[int] | None = None,
    ) -> list[list[Hypothesis]]:
        """Returns the hypotheses for each language, without listed words and, if so asked, loops.

        Sentence i reads memory row i, or `rows[i]` where some share one.
        """
        tags = torch.tensor([self.tokenizer.language_id(language) for language in languages], device=self.device)
        words, led_around = self.allowed(languages, avoid), set()

        def allowed(row: int, ids: Sequence[int], watched: bool) -> bool:
            if avoid_loops and loops.loops(loops.words(self.texts([ids])[0])):
                return False
            if words is None or words(row, ids, watched):
                return True
            led_around.add(row)
            return False

        engine = self.engine
        task = Task(memory, tags, limits, generators, allowed if words or avoid_loops else None, rows)
        width = options.num_beams if options.method == "beam" else options.n_best
        is_small = len(limits) * width * memory.mask.shape[1] <= MAX_SHARED_TOKENS
        found = together(
            (id(self), options) if is_small else None,
            task,
            lambda tasks: decode_tasks(engine, tasks, self.tokenizer.eos_id, options, self._banned),
        )
        self._counts.avoided = self.n_avoided + len(led_around)
        return found

    def allowed(self, languages: Sequence[str], avoid: WordList | bool | None) -> Allowed | None:
        """Returns what says whether ids may be written: words of a row's language may not, under watch those of none."""
        words = self._words(avoid)
        if words is None:
            return None
        return lambda row, ids, watched: words.allows(self.texts([ids])[0], None if watched else languages[row])

    def texts(
        self, list_of_ids: Sequence[Sequence[int]], languages: Sequence[str] = (), avoid: WordList | bool | None = False
    ) -> list[str]:
        """Returns clean lines: a newline or a control character that a model spells in bytes goes no further.

        With their languages, words to avoid are masked: the last guard, which decoding leaves nothing to do.
        """
        texts = [check_text(text) for text in self.tokenizer.decode_batch(list_of_ids)]
        words = self._words(avoid)
        if words is None:
            return texts
        masked = [words.mask(text, language) for text, language in zip(texts, languages, strict=True)]
        self.n_masked += sum(before != after for before, after in zip(texts, masked, strict=True))
        return masked

    def translation(
        self, h: Hypothesis, language: str, source_language: str, context: str, avoid: WordList | bool | None
    ) -> Translation:
        """Returns a hypothesis as text with everything that is known about it; alternatives to avoid are left out."""
        ((raw,), (text,)) = self.texts([h.ids]), self.texts([h.ids], [language], avoid)
        tokens = tuple(self.tokenizer.pieces(h.ids)) if text == raw else (text, *[""] * (len(h.ids) - 1))
        alternatives = None
        if h.alternatives is not None:
            allowed = self.allowed([language], avoid)
            steps = enumerate(h.alternatives)
            kept = ([(t, p) for t, p in step if allowed is None or allowed(0, [*h.ids[:i], t], False)] for i, step in steps)
            alternatives = tuple(tuple(self._named(step)) for step in kept)
        return Translation(
            text, language, tokens, tuple(h.token_log_probs), alternatives, h.log_prob, h.score, source_language, context,
            h.avoided,
        )  # fmt: skip

    def _named(self, step: list[tuple[int, float]]) -> Iterator[tuple[str, float]]:
        """Alternatives as pieces of text; a single byte of a longer character is none and is left out."""
        for token, log_prob in step:
            if token not in self._pieces:
                self._pieces[token] = self.tokenizer.pieces([token])[0]
            piece = self._pieces[token]
            if piece != "\ufffd":
                yield piece, math.exp(min(0.0, log_prob))

    def _words(self, avoid: WordList | bool | None) -> WordList | None:
        """What to avoid: None is the usual, True at least the short lists that vaegen ships, False nothing."""
        if avoid is not None and not isinstance(avoid, (bool, WordList)):
            raise VaegenError(
                "avoid={avoid}: give True, False or a WordList, as WordList.load(path) returns.", avoid=f"{avoid!r:.80}"
            )
        return self._avoid if avoid is None else (self._avoid or WordList.load()) if avoid is True else avoid or None

    def _memory(
        self,
        sources: list[list[int]],
        contexts: list[str],
        n_draws: int,
        generators: list[torch.Generator],
        beta: float | None = None,
    ) -> tuple[Memory, list[int] | None]:
        """What the decoder sees of the sources, each in its context, and the row of each; with draws, `n_draws` for each."""
        pairs: list[tuple[tuple[int, ...], str]] = [(tuple(ids), c) for ids, c in zip(sources, contexts, strict=True)]
        if not n_draws:
            distinct, rows = without_repeats(pairs)
            encoding = self.encode([ids for ids, _ in distinct], beta)
            return self.memory(mode(encoding), encoding, [context for _, context in distinct]), rows
        encoding = self.encode(sources, beta)
        posterior = encoding.posterior
        assert posterior is not None, "whoever draws has a latent"
        mu, logvar = (posterior.mu.cpu(), posterior.logvar.cpu())  # drawn on the CPU: one seed, one result, on any device
        repeated = torch.arange(len(sources)).repeat_interleave(n_draws)
        parts = zip(mu[repeated].split(n_draws), logvar[repeated].split(n_draws), generators, strict=True)
        z = torch.cat([DiagonalGaussian(m, v).sample(generator) for m, v, generator in parts])
        drawn = encoding.select(repeated.to(self.device))
        return self.memory(z.to(self.device), drawn, [contexts[i] for i in repeated.tolist()]), None

    def memory(self, z: Tensor | None, encoding: Encoding, contexts: Sequence[str]) -> Memory:
        """Returns what the decoder sees of each sentence in its context; with several, a mask hides words from a latent."""
        if len(set(contexts)) == 1 or z is None:
            return self.engine.memory(z, encoding, min(contexts))  # "latent" first: it may be refused
        whole = self.engine.memory(z, encoding, "source")
        is_slot = torch.arange(whole.mask.shape[1], device=self.device) < z.shape[1]
        is_latent = torch.tensor([context == "latent" for context in contexts], device=self.device)
        return Memory(whole.states, whole.mask & (is_slot | ~is_latent[:, None]))
