"""bfloat16 is used where it is fast, and nowhere else."""

import pytest
import torch

from vaegen import precision


@pytest.mark.parametrize(("fast", "wanted"), [(True, torch.bfloat16), (False, torch.float32)])
def test_products_are_in_bfloat16_only_where_the_processor_has_it(monkeypatch, fast, wanted):
    monkeypatch.setattr(precision, "has_fast_bf16", lambda device: fast)
    x = torch.ones(4, 4)
    with precision.fast_autocast("cpu"):
        assert (x @ x).dtype == wanted
    assert (x @ x).dtype == torch.float32
