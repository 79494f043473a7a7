"""A trained model as people use it: sentences in, sentences out.

`pipeline` is the Python API and `ensemble` the same for several models at once. `batching` works between texts and
tensors, `outputs` is what comes back. `attention_weights` says where a model looks while it translates, `occlusion` what
changes when a word is taken away.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    pipeline="Pipeline load",
    outputs="Attention Translation",
    ensemble="Ensemble",
)
