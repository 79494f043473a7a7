"""A trained model as people use it: sentences in, sentences out.

`pipeline` is the Python API, on top of `latents`, its half about the latent space, and of `base`, which both stand on;
`ensemble` is the same for several models at once. `batching` works between texts and tensors, and for nobody else; `outputs`
is what comes back, `bounds` what sentences cost. `map` puts sentences on the map of the latent space, `attention_weights`
says where a model looks while it translates, `occlusion` what changes when a word is taken away, `replies` ranks replies.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    pipeline="Pipeline load",
    outputs="Attention Translation",
    bounds="SentenceBounds importance_weighted_nll",
    map="Map Neighbour",
    attention_weights="WordAttention",
    occlusion="Without",
    ensemble="Ensemble",
)
