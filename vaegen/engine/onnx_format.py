"""The few messages of the ONNX file format that a graph needs, as bytes.

The package `onnx` does this too, but takes half a second to import and 30 MB; of its format, six messages are used here.

Source: onnx/onnx.proto (the field numbers); protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

IR_VERSION, OPSET = 10, 21
MICROSOFT = "com.microsoft"  # onnxruntime's own operators, version 1
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
Attribute = float | int | str | Sequence[int]


class Graph:
    """A graph that grows: what adds a node returns the name of what it computes."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._n_names = 0

    def input(self, name: str, dtype: str, *shape: int | str) -> str:
        """Declares an input; a name in its shape is an axis of any length."""
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(self, name: str, dtype: str, *shape: int | str) -> None:
        """Declares that a name is an output."""
        self._outputs.append(_value(name, dtype, shape))

    def constant(self, array: np.ndarray | np.generic) -> str:
        """Adds weights and returns their name."""
        name = f"w{len(self._weights)}"
        dims = b"".join(_message(1, int(n)) for n in array.shape)
        raw = array.tobytes()
        self._weights.append(dims + _message(2, TYPES[str(array.dtype)]) + _message(8, name) + _message(9, raw))
        return name

    def new_name(self) -> str:
        """Returns a name that nothing has yet."""
        self._n_names += 1
        return f"t{self._n_names}"

    def node(self, operator: str, *inputs: str, named: Sequence[str] = (), domain: str = "", **attributes: Attribute) -> str:
        """Adds an operator with one output and returns its name; an empty name is an input that is not given."""
        return self.nodes(operator, *inputs, n=1, named=named, domain=domain, **attributes)[0]

    def nodes(
        self, operator: str, *inputs: str, n: int, named: Sequence[str] = (), domain: str = "", **attributes: Attribute
    ) -> list[str]:
        """Adds an operator with n outputs and returns their names: those that are given, or new ones."""
        outputs = list(named) or [self.new_name() for _ in range(n)]
        parts = [_message(1, name) for name in inputs] + [_message(2, name) for name in outputs]
        parts += [_message(4, operator), _message(7, domain)]
        parts += [_message(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(b"".join(parts))
        return outputs

    def to_bytes(self) -> bytes:
        """Returns the model file."""
        parts = ((1, self._nodes), (5, self._weights), (11, self._inputs), (12, self._outputs))
        graph = _message(2, "graph") + b"".join(_message(number, item) for number, items in parts for item in items)
        opsets = ((b"", OPSET), (MICROSOFT.encode(), 1))
        imports = b"".join(_message(8, _message(1, domain) + _message(2, version)) for domain, version in opsets)
        return _message(1, IR_VERSION) + _message(7, graph) + imports


def _varint(n: int) -> bytes:
    n &= (1 << 64) - 1  # negative numbers are those of 64 bits
    digits = bytearray()
    while n > 0x7F:
        digits.append(n & 0x7F | 0x80)
        n >>= 7
    digits.append(n)
    return bytes(digits)


def _message(number: int, value: float | int | str | bytes) -> bytes:
    """A field: a number as it is, a text or a message with its length before it."""
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        content, kind = _message(2, value), 1
    elif isinstance(value, int):
        content, kind = _message(3, value), 2
    elif isinstance(value, str):
        content, kind = _message(4, value), 3
    else:
        content, kind = b"".join(_message(8, number) for number in value), 7
    return _message(1, name) + content + _message(20, kind)


def _value(name: str, dtype: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_message(1, _message(1 if isinstance(n, int) else 2, n)) for n in shape)
    return _message(1, name) + _message(2, _message(1, _message(1, TYPES[dtype]) + _message(2, dims)))
