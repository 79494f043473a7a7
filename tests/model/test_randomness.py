"""A seed of a library's own: the same numbers again, and the caller's stream goes on as if nothing had been drawn."""

import torch

from vaegen.evaluation.language_model import new_language_model, train_language_model
from vaegen.latent.priors import Flow
from vaegen.model.randomness import own_randomness

SENTENCES = [[3, 5, 6, 1], [3, 7, 8, 9, 1], [3, 5, 9, 1]]


def test_a_seed_gives_the_same_numbers_and_leaves_the_callers():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    with own_randomness(3):
        first = torch.rand(4)
    assert torch.equal(torch.get_rng_state(), before)
    with own_randomness(3):
        assert torch.equal(torch.rand(4), first)
    with own_randomness(4):
        assert not torch.equal(torch.rand(4), first)


def test_what_is_fitted_follows_from_its_seed_and_touches_no_global_one():
    def language_model(seed):
        model = new_language_model(20, width=16, n_layers=1, n_heads=2, seed=seed)
        return train_language_model(model, SENTENCES, 3, seed=seed)

    def flow(seed):
        draws = torch.Generator().manual_seed(0)
        return Flow.fit(lambda: torch.randn(4, 2, 3, generator=draws), torch.randn(8, 2, 3, generator=draws), 2, seed=seed,
                        width=8, n_layers=1, n_heads=2)  # fmt: skip

    for fit in (language_model, flow):
        torch.manual_seed(7)
        before = torch.get_rng_state()
        first = fit(1).state_dict()
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(8)
        again, other = fit(1).state_dict(), fit(2).state_dict()
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert any(not torch.equal(first[name], other[name]) for name in first)
