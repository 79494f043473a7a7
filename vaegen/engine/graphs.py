"""The graphs of a plain Transformer, written from the weights that are in memory: encoder, memory, one step of decoding.

    layers    x (B, S, D), mask (B, S)                    -> states (B, S, D)    the encoder's, and those above a latent
    memory    states (B, K, D)                            -> keys and values of every decoder layer, each (B, H, K, D/H)
    step      x (N, 1, D), caches, keys and values, ...   -> logits (N, 1, V)    one token for every row

The memory is not repeated for the rows that share it: for cross-attention the rows are gathered by memory row, (B, G, D).
What a row has written so far stays where it was written: `origin` (1, N, T) says for each row and step in which row of the
cache that is, and beams change places by changing it.

In int8, weights have a scale per column and 7 bits (two products of 8 bits overflow the 16 bits that AVX2 sums them in), and
activations a scale per row: those beside a sentence change its numbers in the last bit only. The dynamic quantisation that
onnxruntime comes with takes one scale for the whole batch; it would save a tenth of the time of a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor, nn

from vaegen.engine.onnx_format import MICROSOFT, Graph
from vaegen.model.layers import Attention, EncoderLayer
from vaegen.model.vae_transformer import VAETransformer

WEIGHT_LEVELS, ACTIVATION_LEVELS = 63, 127  # the largest numbers of 7 bits and 8 bits
SMALLEST = 1e-9  # a row of zeros has a scale too
MASKED = -1e30


def layers_graph(layers: Iterable[EncoderLayer], norm: nn.LayerNorm, is_int8: bool, has_mask: bool) -> bytes:
    """Returns the graph of layers that look at themselves, with the norm above them."""
    g = Graph()
    width = norm.normalized_shape[0]
    mask = ("", g.input("mask", "int32", "B", "S")) if has_mask else ()  # the bias that is not given comes before it
    stream = _Stream(g, g.input("x", "float32", "B", "S", width), is_int8)
    for layer in layers:
        q, k, v = stream.query_key_value(stream.normed(layer.attention_norm), layer.attention)
        read = g.node("MultiHeadAttention", q, k, v, *mask, **_heads(layer.attention), mask_filter_value=MASKED)
        stream.add(stream.linear(read, layer.attention.out.weight))
        stream.feed_forward(layer.ffn_norm, layer.ffn)
    g.output(stream.normed(norm, "states"), "float32", "B", "S", width)
    return g.to_bytes()


def memory_graph(model: VAETransformer, is_int8: bool) -> bytes:
    """Returns the graph of what every decoder layer reads of a memory: `key_0`, `value_0`, `key_1`, ..."""
    g, width, heads = Graph(), model.config.width, model.config.n_heads
    states = g.input("states", "float32", "B", "K", width)
    weight = np.concatenate([_array(layer.cross_attention.key_value.weight) for layer in model.decoder])
    parts = g.nodes("Split", _Stream(g, states, is_int8).linear(states, weight), n=2 * len(model.decoder), axis=-1,
                    num_outputs=2 * len(model.decoder))  # fmt: skip
    shape = g.constant(np.array([0, 0, heads, width // heads]))
    for name, part in zip(_keys_and_values(len(model.decoder)), parts, strict=True):
        g.node("Transpose", g.node("Reshape", part, shape), named=(name,), perm=(0, 2, 1, 3))
        g.output(name, "float32", "B", heads, "K", width // heads)
    return g.to_bytes()


def step_graph(model: VAETransformer, is_int8: bool) -> bytes:
    """Returns the graph of one step: `x` is the embedded last token of every row.

    Caches `past_key_i`, `past_value_i` (N, H, T, D/H) have room for T tokens, `length` of them are written; the outputs
    `new_key_i`, `new_value_i` must be bound to the same memory. `gather` (B, G, 2) names the rows that read each memory
    row, as [row, 0], filled up with any; `back` (N, 1, 2) says where in that each row is.
    """
    g, width, heads = Graph(), model.config.width, model.config.n_heads
    cache = ("float32", "N", heads, "T", width // heads)
    gather, back = g.input("gather", "int64", "B", "G", 2), g.input("back", "int64", "N", 1, 2)
    mask, origin = g.input("mask", "int32", "B", "K"), g.input("origin", "int32", 1, "N", "T")
    length, n = g.input("length", "int32", 1), g.input("n", "int32", 1)
    stream = _Stream(g, g.input("x", "float32", "N", 1, width), is_int8)
    for i, layer in enumerate(model.decoder):
        q, k, v = stream.query_key_value(stream.normed(layer.self_norm), layer.self_attention)
        past = [g.input(f"past_{part}_{i}", *cache) for part in ("key", "value")]
        new = [f"new_{part}_{i}" for part in ("key", "value")]
        read = f"self_{i}"
        g.nodes("DecoderMaskedMultiHeadAttention", q, k, v, "", "", *past, length, n, origin, n=3, named=(read, *new),
                domain=MICROSOFT, past_present_share_buffer=1, num_heads=heads)  # fmt: skip
        for name in new:
            g.output(name, *cache)
        stream.add(stream.linear(read, layer.self_attention.out.weight))

        attention = layer.cross_attention
        q = g.node("GatherND", stream.linear(stream.normed(layer.cross_norm), attention.query.weight), gather)
        k, v = (g.input(name, "float32", "B", heads, "K", width // heads) for name in _keys_and_values(i + 1)[-2:])
        read = g.node("MultiHeadAttention", q, k, v, "", mask, **_heads(attention), mask_filter_value=MASKED)
        stream.add(stream.linear(g.node("GatherND", read, back), attention.out.weight))
        stream.feed_forward(layer.ffn_norm, layer.ffn)
    stream.linear(stream.normed(model.decoder_norm), model.embedding.weight, named=("logits",))
    g.output("logits", "float32", "N", 1, model.config.vocab_size)
    return g.to_bytes()


class _Stream:
    """The residual stream: what a layer adds to it is added by the norm that comes next, in one operator."""

    def __init__(self, graph: Graph, x: str, is_int8: bool) -> None:
        self._graph, self._x, self._is_int8 = graph, x, is_int8
        self._added: tuple[str, str] | None = None  # what to add, and its bias
        if is_int8:
            self._step = graph.constant(np.float32(1 / ACTIVATION_LEVELS))
            self._zero = graph.constant(np.uint8(ACTIVATION_LEVELS + 1))
            self._smallest = graph.constant(np.float32(SMALLEST))
            self._last_axis = graph.constant(np.array([-1]))

    def add(self, name: str, bias: Tensor | None = None) -> None:
        """Adds something to the stream."""
        self._added = (name, "" if bias is None else self._graph.constant(_array(bias)))

    def normed(self, norm: nn.LayerNorm, name: str = "") -> str:
        """Returns the stream under a norm."""
        g, gamma = self._graph, self._graph.constant(_array(norm.weight))
        if self._added is None:
            return g.node("LayerNormalization", self._x, gamma, named=(name,) if name else (), epsilon=norm.eps)
        added, bias = self._added
        self._added, names = None, [name or g.new_name(), "", "", g.new_name()]
        g.nodes("SkipLayerNormalization", self._x, added, gamma, "", *([bias] if bias else []), n=4, named=names,
                domain=MICROSOFT, epsilon=norm.eps)  # fmt: skip
        self._x = names[3]
        return names[0]

    def query_key_value(self, h: str, attention: Attention) -> list[str]:
        """Returns queries, keys and values of the same states, from one product."""
        weight = np.concatenate([_array(attention.query.weight), _array(attention.key_value.weight)])
        return self._graph.nodes("Split", self.linear(h, weight), n=3, axis=-1, num_outputs=3)

    def feed_forward(self, norm: nn.LayerNorm, ffn: Any) -> None:
        """Adds what the two linear layers make of the stream."""
        g = self._graph
        inner = g.node("Add", self.linear(self.normed(norm), ffn[0].weight), g.constant(_array(ffn[0].bias)))
        self.add(self.linear(g.node("Relu", inner), ffn[2].weight), ffn[2].bias)

    def linear(self, x: str, weight: Tensor | np.ndarray, named: tuple[str, ...] = ()) -> str:
        """Returns x times a weight (out, in), as torch stores it."""
        g, columns = self._graph, np.ascontiguousarray(_array(weight).T)
        if not self._is_int8:
            return g.node("MatMul", x, g.constant(columns), named=named)
        scale = np.maximum(np.abs(columns).max(0), SMALLEST) / WEIGHT_LEVELS
        largest = g.node("ReduceMax", g.node("Abs", x), self._last_axis, keepdims=1)
        largest = g.node("Max", largest, self._smallest)
        small = g.node("QuantizeLinear", g.node("Div", x, largest), self._step, self._zero)
        product = g.node(
            "MatMulIntegerToFloat", small, g.constant(np.round(columns / scale).astype(np.int8)), self._step,
            g.constant(scale.astype(np.float32)), self._zero, domain=MICROSOFT,
        )  # fmt: skip
        return g.node("Mul", product, largest, named=named)


def _heads(attention: Attention) -> dict[str, Any]:
    return {"domain": MICROSOFT, "num_heads": attention.n_heads}


def _keys_and_values(n_layers: int) -> list[str]:
    """The names of what decoder layers read of the memory."""
    return [f"{part}_{i}" for i in range(n_layers) for part in ("key", "value")]


def _array(weight: Tensor | np.ndarray) -> np.ndarray:
    return weight if isinstance(weight, np.ndarray) else weight.detach().numpy()
