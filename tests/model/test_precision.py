"""bfloat16 is used where it is fast, and nowhere else."""

import pytest
import torch

from vaegen.model import precision
from vaegen.training.optimization import take_step


@pytest.mark.parametrize(("fast", "wanted"), [(True, torch.bfloat16), (False, torch.float32)])
def test_products_are_in_bfloat16_only_where_the_processor_has_it(monkeypatch, fast, wanted):
    monkeypatch.setattr(precision, "has_fast_bf16", lambda device: fast)
    x = torch.ones(4, 4)
    with precision.fast_autocast("cpu"):
        assert (x @ x).dtype == wanted
    assert (x @ x).dtype == torch.float32


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch.optim.Muon came with torch 2.9")
def test_muon_rounds_to_bfloat16_only_where_the_processor_has_it(monkeypatch):
    torch.manual_seed(0)
    matrix, gradient = torch.randn(8, 16), torch.randn(8, 16)

    def update(fast):
        monkeypatch.setattr(precision, "has_fast_bf16", lambda device: fast)
        parameter = torch.nn.Parameter(matrix.clone())
        parameter.grad = gradient.clone()
        take_step([torch.optim.Muon([parameter], lr=0.1, weight_decay=0.0, momentum=0.0)], "cpu")
        assert parameter.grad is None
        return (parameter.detach() - matrix) / -0.1

    # Oracle: the polynomial of Newton and Schulz, five times on the singular values, in float64.
    u, s, v = torch.linalg.svd(gradient.double() / gradient.double().norm(), full_matrices=False)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    exact = u @ torch.diag(s) @ v
    assert (update(fast=False) - exact).abs().max() < 1e-4
    assert 1e-4 < (update(fast=True) - exact).abs().max() < 0.1
