"""A graph-attention encoder: words are nodes, and a word looks only along its edges.

A word has edges to its neighbours in word order, to the words nearest to it in content (found anew in every layer: by
then the states say more than the words did), to itself and to all slots; a slot to everything. So with slots,
paths between any two words are at most two edges long. What flows along an edge is decided by attention over the neighbours.

Source: graph attention networks (Velickovic et al. 2018, arXiv 1710.10903) with edges from the k nearest neighbours of each
layer (Wang et al. 2019, arXiv 1801.07829). Deviation: an edge is scored by the dot product of a Transformer, not by
LeakyReLU(a [W h_i, W h_j]), which ranks all neighbours alike for every node (Brody et al. 2022, arXiv 2105.14491).

Not `torch_geometric`: its lists of edges pay on large sparse graphs. Ours are dense batches of about 50 nodes, for which
one masked matrix product is simpler, needs no dependency and shares the weights' layout with the Transformer.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from vaegen.config import ModelConfig
from vaegen.model.layers import EncoderLayer, TransformerEncoder


class GraphEncoder(TransformerEncoder):
    """Layers of attention along the edges of a graph over slots and words."""

    def __init__(self, layers: Iterable[EncoderLayer], config: ModelConfig) -> None:
        super().__init__(layers)
        self.window, self.neighbours = config.gat_window, config.gat_neighbours

    def edges(self, x: Tensor, mask: Tensor, n_slots: int) -> Tensor:
        """Returns the adjacency of a layer with input x (B, M+S, D), (B, 1, M+S, M+S); row i looks at column j.

        No edge leads to padding, but for the one of a padded node to itself: attention needs one in every row.
        """
        words, real = x[:, n_slots:].detach(), mask[:, n_slots:]
        position = torch.arange(words.shape[1], device=x.device)
        among = (position[:, None] - position).abs() <= self.window  # (S, S)
        among = among | nearest(words, real, self.neighbours)  # (B, S, S)
        adjacency = F.pad(among, (n_slots, 0, n_slots, 0), value=True) & mask[:, None]
        itself = torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
        return (adjacency | itself)[:, None]


def nearest(words: Tensor, real: Tensor, k: int) -> Tensor:
    """Returns which words (B, S, D) are among the k nearest of one another by cosine, (B, S, S), symmetric, no loops.

    `real` (B, S): padding is nobody's neighbour.
    """
    unit = F.normalize(words.float(), dim=-1)
    similarity = (unit @ unit.transpose(1, 2)).masked_fill(~real[:, None], -torch.inf)
    similarity.diagonal(dim1=1, dim2=2).fill_(-torch.inf)
    best = similarity.topk(min(k, words.shape[1]), dim=-1)
    chosen = torch.zeros_like(similarity, dtype=torch.bool).scatter_(2, best.indices, best.values > -torch.inf)
    chosen &= real[:, :, None]
    return chosen | chosen.transpose(1, 2)
