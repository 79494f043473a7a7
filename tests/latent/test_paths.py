"""Paths between latents: ends, lengths, angles, and the cases where an arc is not defined."""

import math

import pytest
import torch

from vaegen.errors import VaegenError
from vaegen.latent.paths import first_slots, lerp, path, slerp


def pair(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(16, 32, generator=generator), torch.randn(16, 32, generator=generator)


@pytest.mark.parametrize("method", ["lerp", "slerp"])
def test_a_path_starts_and_ends_exactly(method):
    a, b = pair()
    points = path(a, b, 7, method)
    assert points.shape == (7, 16, 32)
    assert torch.equal(points[0], a) and torch.equal(points[-1], b)
    assert torch.equal(path(a, b, 2, method), torch.stack([a, b]))


def test_lerp_is_the_weighted_mean():
    a, b = pair()
    torch.testing.assert_close(lerp(a, b, 0.25), 0.75 * a + 0.25 * b)
    torch.testing.assert_close(path(a, b, 5, "lerp")[1], 0.75 * a + 0.25 * b)


def test_slerp_of_equal_lengths_stays_on_the_sphere_and_turns_evenly():
    axes = (-2, -1)
    a, b = (x / torch.linalg.vector_norm(x, dim=axes, keepdim=True) for x in pair())
    total = (a * b).sum(axes).acos()
    for t in (0.0, 0.2, 0.5, 0.9, 1.0):
        point = slerp(a, b, t)
        norm = torch.linalg.vector_norm(point, dim=axes)
        torch.testing.assert_close(norm, torch.ones_like(norm))
        torch.testing.assert_close((a * point).sum(axes).clamp(-1, 1).acos(), t * total, atol=2e-3, rtol=0)


def test_slerp_keeps_the_length_that_lerp_loses():
    a, b = pair()
    typical = math.sqrt(16 * 32)
    assert float(slerp(a, b, 0.5).norm()) == pytest.approx(typical, rel=0.05)
    assert float(lerp(a, b, 0.5).norm()) == pytest.approx(typical / math.sqrt(2), rel=0.05)


@pytest.mark.parametrize("factor", [1.0, -1.0, 2.5, 0.0])
def test_slerp_without_an_arc_takes_the_straight_line(factor):
    a, _ = pair()
    torch.testing.assert_close(slerp(a, factor * a, 0.25), lerp(a, factor * a, 0.25), atol=1e-3, rtol=1e-3)
    assert slerp(torch.zeros_like(a), a, 0.25).isfinite().all()


def test_what_has_no_path_is_said():
    a, b = pair()
    with pytest.raises(VaegenError, match="choose 'slerp' or 'lerp'"):
        path(a, b, 3, "zigzag")
    with pytest.raises(VaegenError, match="steps=1"):
        path(a, b, 1)
    with pytest.raises(VaegenError, match="shapes"):
        path(a, b[:3], 3)


def test_the_first_slots_stay_and_the_others_are_zero():
    z = torch.randn(3, 4, 2) + 5.0
    kept = first_slots(z, torch.tensor([1, 4, 2]))
    for row, n in enumerate((1, 4, 2)):
        assert (kept[row, :n] == z[row, :n]).all() and (kept[row, n:] == 0.0).all()
    assert (first_slots(z[0], 3)[:3] == z[0, :3]).all() and (first_slots(z[0], 3)[3] == 0.0).all()
