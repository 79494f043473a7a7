"""Points: what one view hands to another and what a link carries, there and back, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegen.app.questions.points import START, Point, latent_of, point
from vaegen.errors import VaegenError
from vaegen.latent.codes import MAX_CODE, pack, unpack
from vaegen.model.posterior import DiagonalGaussian


@given(st.lists(st.floats(-8, 8, width=16), min_size=12, max_size=12))
def test_a_latent_survives_the_link(values):
    z = np.array(values, dtype=np.float32).reshape(3, 4)
    code = pack(z)
    assert code.replace("-", "").replace("_", "").isalnum()
    assert np.array_equal(unpack(code, (3, 4)), z)


def test_a_latent_of_another_checkpoint_or_a_damaged_one_is_refused():
    code = pack(np.ones((3, 4)))
    with pytest.raises(VaegenError, match="3 x 5"):
        unpack(code, (3, 5))
    for damaged in ("!" * 5, code[:-3], pack(np.full((3, 4), np.inf)), "é"):
        with pytest.raises(VaegenError):
            unpack(damaged, (3, 4))


def test_a_point_is_its_latent_or_the_mode_of_its_sentence():
    import torch

    posterior = DiagonalGaussian(torch.full((1, 3, 4), 0.5), torch.zeros(1, 3, 4))
    model = SimpleNamespace(
        encode=lambda texts, beta=None: posterior, latent_shape=(3, 4)
    )
    assert np.array_equal(latent_of(model, Point("A dog.")), np.full((3, 4), 0.5, np.float32))
    assert np.array_equal(latent_of(model, Point("A dog.", z=pack(np.ones((3, 4))))), np.ones((3, 4), np.float32))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        [],
        {},
        {"text": "  "},
        {"text": "A", "language": "x?"},
        {"z": "A" * (MAX_CODE + 1)}, {"z": 'AA")'},
        {"text": "x" * 9999},
    ],
)
def test_what_is_no_point_is_refused_in_one_sentence(data):
    with pytest.raises(VaegenError) as refusal:
        point(data)
    assert len(str(refusal.value)) < 250


def test_what_a_page_sends_becomes_a_clean_point():
    assert point({"text": " A\0 dog. ", "language": None, "more": 1}) == Point("A dog.")
    assert point({"z": "AAAA"}) == Point(z="AAAA")
    assert all(start.checked() == start for start in START)
