"""A plain Transformer run by onnxruntime: the same answers as torch in a fraction of the time, on a CPU, without gradients.

`engine` is what encoding and decoding see in place of the model, `graphs` writes its graphs from the weights in memory,
`onnx_format` puts them into bytes. Nothing is stored: graphs are made when they are first needed.
"""

from vaegen import lazily

__getattr__ = lazily(__name__, engine="ENGINES Engine engine_for")
