"""From a latent or a source to words: greedy, beam search, sampling.

`search` is all three, `options` what can be asked of them; `avoidance` keeps forbidden words out, sub-words and bytes
included. `loops` finds text that goes round in circles; it and `options` run without torch.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    search="DecodingState Hypothesis decode greedy",
    options="DecodingOptions",
)
