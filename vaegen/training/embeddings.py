"""Word2Vec: where the embeddings of a new model can begin."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vaegen.errors import VaegenError


def skip_gram(sentences: Sequence[Sequence[int]], start: Tensor, seed: int = 1, epochs: int = 5) -> Tensor:
    """Returns skip-gram vectors of all ids in some sentences, (V, D), with the standard deviation of `start`.

    Args:
        sentences: Training text as ids.
        start: Fresh embeddings (V, D); ids that the sentences lack keep their row.
        seed: Of the vectors' own start and of the negative samples.
        epochs: Passes over the sentences.

    Raises:
        VaegenError: If gensim is not installed.

    Source: Mikolov et al. 2013, arXiv 1310.4546 (5 negative samples, window 5), in gensim.
    """
    try:
        from gensim.models import Word2Vec
    except ImportError:
        raise VaegenError("--embeddings word2vec needs gensim; `pip install gensim`, or choose random.") from None
    words = [[str(i) for i in sentence] for sentence in sentences]
    model = Word2Vec(
        words, vector_size=start.shape[1], sg=1, negative=5, window=5, min_count=1, epochs=epochs, seed=seed,
        workers=1,  # more would make it a matter of chance which comes first
    )  # fmt: skip
    vectors = torch.from_numpy(model.wv.vectors)
    result = start.clone()
    result[[int(word) for word in model.wv.index_to_key]] = vectors * (start.std() / vectors.std())
    return result
