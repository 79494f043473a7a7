"""The encoder, the latent's layers and the decoder of a model as graphs of onnxruntime, behind the model's own interface.

    fast = engine_for(model, "onnx-int8")
    decode(fast, fast.memory(z, fast.encode(src, src_mask)), ...)  # as with the model

What lies between them (embedding, posterior, dial) is the model's own, weights included: an engine belongs to the weights
that it was made from, and does not follow when they are trained on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from vaegen.engine.graphs import layers_graph, memory_graph, step_graph
from vaegen.errors import VaegenError
from vaegen.model.layers import EncoderLayer
from vaegen.model.vae_transformer import Memory, VAETransformer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LOG = logging.getLogger(__name__)
TORCH = "torch"
ENGINES = ("onnx", "onnx-int8", TORCH)
REPLACED = ("encoder", "encoder_norm", "latent_layers", "memory_norm")
MOST_UNUSED = 0.75  # a cache is made smaller when fewer of its rows are left: a copy costs as much as some steps of them
MOST_APART = {"onnx": 1e-2, "onnx-int8": 0.5}  # logits of engine and model: more is a mistake, not rounding


def engine_for(model: VAETransformer, engine: str | None = None) -> VAETransformer:
    """Returns what runs a model: an `Engine`, or the model itself where that is asked for or nothing else is possible.

    Args:
        model: In evaluation mode.
        engine: `onnx` (float32, by default), `onnx-int8` (faster, rounds the weights to 7 bits) or `torch`.

    Raises:
        VaegenError: If there is no such engine.
    """
    name = check_engine(engine) or "onnx"
    reason = "" if name == TORCH else _unfit(model)
    if name == TORCH:
        return model
    if not reason:
        try:
            found = Engine(model, name == "onnx-int8")
            reason = _apart(model, found, MOST_APART[name])
        except Exception as error:  # a missing package or instruction, a broken build: each raises its own class
            reason = f"onnxruntime cannot run it ({(str(error).splitlines() or [''])[0][:200] or type(error).__name__})"
    if not reason:
        return found
    LOG.log(logging.INFO if engine is None else logging.WARNING, "This model is decoded by torch: %s.", reason)
    return model


def check_engine(engine: str | None) -> str | None:
    """Returns the name of an engine, or None for the default.

    Raises:
        VaegenError: If there is none of that name.
    """
    if engine is not None and engine not in ENGINES:
        raise VaegenError(
            "There is no engine {engine}; choose one of {engines}.", engine=repr(engine), engines=", ".join(ENGINES)
        )
    return engine


class Engine(VAETransformer):
    """A model whose layers run in onnxruntime. It encodes and decodes; for attention and gradients ask the model.

    Args:
        model: A plain Transformer on the CPU, in evaluation mode.
        is_int8: Whether products are computed in 8 bits.
        n_threads: Of one product; by default as many as torch uses.
    """

    def __init__(self, model: VAETransformer, is_int8: bool = False, n_threads: int | None = None) -> None:
        nn.Module.__init__(self)
        self._parameters, self._buffers = dict(model._parameters), dict(model._buffers)
        # The model's own parts, none of them twice in memory; those that follow are replaced.
        self._modules = {name: part for name, part in model._modules.items() if name not in REPLACED}
        self.config, self.pretrained, self.dial = model.config, None, model.dial
        n_threads = n_threads or torch.get_num_threads()
        layers, unused = cast(Sequence[EncoderLayer], model.encoder), cast(Any, nn.Identity())
        self.encoder = cast(Any, _Encoder(_session(layers_graph(layers, model.encoder_norm, is_int8, True), n_threads)))
        self.encoder_norm = unused  # a part of the graph, as the other one
        if model.config.n_slots:
            graph = layers_graph(model.latent_layers, model.memory_norm, is_int8, False)
            self.latent_layers, self.memory_norm = [cast(Any, _Layers(_session(graph, n_threads)))], unused
        self._memory = _session(memory_graph(model, is_int8), n_threads)
        self._step = _session(step_graph(model, is_int8), n_threads)
        self._words, self._positions = _array(model.embedding.weight), _array(model.positions)
        self._scale = np.float32(model.config.width**0.5)
        self.eval()

    def start(self, memory: Memory, rows: Tensor | None = None, max_length: int | None = None) -> EngineCache:
        """Returns an empty cache for step-by-step decoding; arguments as in `VAETransformer.start`."""
        outputs = [output.name for output in self._memory.get_outputs()]
        found = dict(zip(outputs, self._memory.run(outputs, {"states": _array(memory.states)}), strict=True))
        of = np.arange(len(memory.mask)) if rows is None else rows.numpy()
        most = max_length or self.config.max_length
        self._check_length(most)
        return EngineCache(self._step, found, memory.mask.numpy().astype(np.int32), of, most)

    def step(self, tokens: Tensor, cache: Any) -> Tensor:
        """Feeds one token per row (N,) and returns the logits of the next, (N, V); the next step overwrites them."""
        # As `_embed`, of which torch makes five calls: a quarter of the time of a step.
        np.take(self._words, tokens.numpy(), axis=0, out=cache.x)
        cache.x *= self._scale
        cache.x += self._positions[cache.length]
        return cache.step()


class _Encoder:
    """`TransformerEncoder` with the norm above it."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    def __call__(
        self, slots: Tensor, words: Tensor, mask: Tensor, need_weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        assert not need_weights, "the weights are the model's to give"
        x = torch.cat((slots, words), dim=1)
        mask = nn.functional.pad(mask, (slots.shape[1], 0), value=True)
        return _run(self._session, x=x, mask=mask.int())[0], []


class _Layers:
    """The layers above a latent with the norm above them, all in one."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    def __call__(self, x: Tensor, mask: None) -> tuple[Tensor, None]:
        return _run(self._session, x=x)[0], None


class EngineCache:
    """Keys and values of everything decoded so far, written by the graph in place; see `vaegen.engine.graphs`.

    Args:
        session: Of the step.
        memory: Keys and values of the memory by name, (B, H, K, D/H).
        mask: (B, K), 1 = real.
        of: Memory row of each row, (N,).
        max_length: Tokens to make room for.

    Attributes:
        x: The embedded last token of each row, (N, D): where the next step looks for it.
        length: Tokens decoded so far.
    """

    def __init__(
        self, session: InferenceSession, memory: dict[str, np.ndarray], mask: np.ndarray, of: np.ndarray, max_length: int
    ) -> None:
        self._session, self._memory, self._mask, self._of = session, memory, mask, of
        self.length = 0
        _, heads, _, size = next(iter(memory.values())).shape
        self._past = {f"{kind}_{i}": np.empty((len(of), heads, max_length, size), np.float32)
                      for kind in ("key", "value") for i in range(len(memory) // 2)}  # fmt: skip
        self._origin = np.zeros((len(of), max_length), np.int32)
        self._width, (*_, self._vocab_size) = heads * size, session.get_outputs()[-1].shape
        self._bind()

    def step(self) -> Tensor:
        """Takes in what lies in `x` and returns the logits of the next token of each row, (N, V)."""
        self._length[0] = self.length
        self._session.run_with_iobinding(self._binding)
        self._origin[:, self.length] = np.arange(len(self._origin))
        self.length += 1
        return self._logits

    def select(self, rows: Tensor, same_memory: bool = False) -> None:
        """Keeps these rows (N',), in this order; with `same_memory` each is of the same memory row as the one before."""
        kept = rows.numpy()
        origin = self._origin[kept, : self.length]
        fits = MOST_UNUSED * len(self._origin) <= len(kept) <= len(self._origin)
        if fits:
            self._origin[: len(kept), : self.length] = origin
        else:
            self._move(origin)
        of = self._of if same_memory else self._of[kept]
        if fits and np.array_equal(of, self._of):
            return
        self._of = of
        live = np.unique(of)
        if 2 * len(live) <= len(self._mask):  # half of the sentences have ended: the others go on without them
            self._memory = {name: value[live] for name, value in self._memory.items()}
            self._mask, self._of = self._mask[live], np.searchsorted(live, of)
        self._bind()

    def _move(self, origin: np.ndarray) -> None:
        """Copies what rows have written, (N', length), into caches of their number."""
        n, steps = len(origin), np.arange(self.length)
        for name, old in self._past.items():
            self._past[name] = np.empty((n, *old.shape[1:]), np.float32)
            self._past[name][:, :, : self.length] = old[origin, :, steps].swapaxes(1, 2)
        self._origin = np.zeros((n, self._origin.shape[1]), np.int32)
        self._origin[:, : self.length] = np.arange(n)[:, None]

    def _bind(self) -> None:
        """Tells onnxruntime where everything lies: it stays there until the rows change."""
        from onnxruntime import OrtValue

        n, room = len(self._of), len(self._origin)  # rows behind the n are computed, and nobody looks at them
        x, self._length = np.zeros((room, 1, self._width), np.float32), np.zeros(1, np.int32)
        logits = np.empty((room, 1, self._vocab_size), np.float32)
        self.x, self._logits = x[:n, 0], torch.from_numpy(logits)[:n, 0]
        gather, back = grouped(self._of, len(self._mask))
        back = np.pad(back, ((0, room - n), (0, 0), (0, 0)))
        pasts = {name: OrtValue.ortvalue_from_numpy(past) for name, past in self._past.items()}
        inputs = {"x": x, "length": self._length, "n": np.full(1, room, np.int32), "origin": self._origin[None],
                  "gather": gather, "back": back, "mask": self._mask, **self._memory}  # fmt: skip
        self._binding = self._session.io_binding()
        for name, value in inputs.items():
            self._binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(value))
        for name, past in pasts.items():
            self._binding.bind_ortvalue_input(f"past_{name}", past)
            self._binding.bind_ortvalue_output(f"new_{name}", past)
        self._binding.bind_ortvalue_output("logits", OrtValue.ortvalue_from_numpy(logits))
        self._kept = inputs, logits  # onnxruntime reads and writes their memory


def grouped(of: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns which rows are in each group, (B, G, 2) as [row, 0], and where in that each row is, (N, 1, 2).

    Args:
        of: Group of each row, (N,); a group that is not full is filled up with row 0.
        n_groups: B.
    """
    n = len(of)
    counts = np.bincount(of, minlength=n_groups)
    place = np.empty(n, np.int64)
    place[np.argsort(of, kind="stable")] = np.arange(n) - np.repeat(counts.cumsum() - counts, counts)
    gather = np.zeros((n_groups, int(counts.max()), 2), np.int64)
    gather[of, place, 0] = np.arange(n)
    return gather, np.stack((of, place), axis=-1).astype(np.int64)[:, None]


def _unfit(model: VAETransformer) -> str:
    """Why a model is not one that an engine can run; "" where it is."""
    config = model.config
    for part, plain in (("encoder", "transformer"), ("decoder", "transformer"), ("attention", "full")):
        if getattr(config, part) != plain:
            return f"its {part} is {getattr(config, part)!r}"
    if model.embedding.weight.device.type != "cpu":
        return f"it is on {model.embedding.weight.device}"
    return ""


def _apart(model: VAETransformer, engine: Engine, most: float) -> str:
    """Whether an engine says something else than its model of a made-up sentence: why not to use it, or ""."""
    ids = torch.arange(2, 8)[None] % model.config.vocab_size
    results = []
    with torch.inference_mode():
        for runner in (model, engine):
            encoding = runner.encode(ids, torch.ones_like(ids, dtype=torch.bool))
            z = encoding.posterior.mode if encoding.posterior is not None else None
            cache = runner.start(runner.memory(z, encoding), torch.zeros(2, dtype=torch.long), 3)
            steps = [runner.step(ids[0, i : i + 2], cache).clone() for i in range(3)]
            results.append(torch.stack(steps).log_softmax(-1).exp())
    apart = float((results[0] - results[1]).abs().max())
    return "" if apart <= most else f"onnxruntime is wrong on this processor (by {apart:.2g} in a probability)"


def _session(graph: bytes, n_threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # nothing is left to fuse
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _run(session: InferenceSession, **inputs: Tensor) -> Sequence[Tensor]:
    return [torch.from_numpy(x) for x in session.run(None, {name: _array(value) for name, value in inputs.items()})]


def _array(x: Tensor) -> np.ndarray:
    return x.detach().contiguous().numpy()
