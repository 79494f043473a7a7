"""Priors: each draws what it was fitted to, repeats with its seed, scales, and survives its file."""

import math
import sys
from types import SimpleNamespace

import pytest
import torch

from vaegen.errors import VaegenError
from vaegen.latent import prior_kinds
from vaegen.latent.prior_kinds import PRIORS
from vaegen.latent.priors import (
    FILE,
    Flow,
    Gaussian,
    Jitter,
    Material,
    Mixture,
    Normal,
    about_priors,
    load_priors,
    save_priors,
)
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.companions import weights_hash
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.pipeline import load

M, Z = 2, 3


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def two_heaps():
    """Latents in two narrow heaps, correlated within: no single Gaussian, let alone N(0, I), looks like that."""
    g = generator(1)
    side = torch.where(torch.rand(4000, 1, generator=g) < 0.25, -2.0, 2.0)
    shared = torch.randn(4000, 1, generator=g)
    flat = side * torch.tensor([1.0, -1.0, 1.0, 0.0, 0.0, 0.0]) + 0.3 * shared + 0.2 * torch.randn(4000, M * Z, generator=g)
    return flat.view(-1, M, Z)


@pytest.fixture(scope="module")
def fitted(two_heaps):
    g = generator(2)

    def draw():
        return two_heaps[torch.randint(len(two_heaps), (128,), generator=g)]

    return {
        "gaussian": Gaussian.fit(two_heaps),
        "mixture": Mixture.fit(two_heaps, 4),
        "flow": Flow.fit(draw, two_heaps, n_steps=600, lr=3e-3, width=32, n_layers=2, n_heads=2),
        "jitter": Jitter.fit(DiagonalGaussian(two_heaps[:500], torch.full((500, M, Z), -6.0))),
    }


@pytest.mark.parametrize("name", prior_kinds.fitted())
def test_draws_have_the_moments_of_what_was_fitted(name, fitted, two_heaps):
    z = fitted[name].sample(4000, generator()).flatten(1)
    wanted = two_heaps.flatten(1)
    loose = 0.25 if name == "flow" else 0.12  # the flow is learned, and only for seconds here
    torch.testing.assert_close(z.mean(0), wanted.mean(0), atol=loose, rtol=0.0)
    torch.testing.assert_close(torch.cov(z.T), torch.cov(wanted.T), atol=3 * loose, rtol=0.0)


@pytest.mark.parametrize("name", ["mixture", "flow", "jitter"])
def test_what_is_not_gaussian_is_found(name, fitted):
    """Between the heaps there is nothing; a quarter lies in one of them."""
    first = fitted[name].sample(2000, generator())[:, 0, 0]
    between = (first.abs() < 0.75).float().mean().item()
    assert between < 0.05
    assert (first < 0).float().mean().item() == pytest.approx(0.25, abs=0.06)
    assert (fitted["gaussian"].sample(2000, generator())[:, 0, 0].abs() < 0.75).float().mean().item() > 0.15


@pytest.mark.parametrize("name", PRIORS)
def test_a_seed_repeats_and_the_scale_scales_the_noise(name, fitted):
    prior = {"normal": Normal(M, Z), **fitted}[name]
    assert (prior.sample(5, generator(3)) == prior.sample(5, generator(3))).all()
    assert (prior.sample(5, generator(3)) != prior.sample(5, generator(4))).any()
    still = prior.sample(50, generator(3), 0.0)
    assert still.shape == (50, M, Z) and still.unique(dim=0).shape[0] < 50 and still.isfinite().all()
    assert prior.sample(500, generator(3), 0.3).var(0).sum() < prior.sample(500, generator(3)).var(0).sum() * 1.001


def test_a_flow_that_learned_nothing_gives_standardised_noise():
    flow = Flow(M, Z, width=16, n_layers=1, n_heads=2)
    assert (flow.sample(3, generator()) == Normal(M, Z).sample(3, generator())).all()  # its velocity starts at 0


@pytest.mark.parametrize(
    ("velocity", "factor", "shift"),
    [(lambda z, t: -z, math.exp(-1.0), 0.0), (lambda z, t: 0 * z + 3 * t[:, None, None] ** 2, 1.0, 1.0)],
)
def test_a_flow_follows_its_velocity_to_second_order(velocity, factor, shift):
    """Against fields whose end is known: half the step leaves a quarter of the error, of which little is there."""
    errors = []
    for n_steps in (10, 20):
        flow = Flow(M, Z, width=16, n_layers=1, n_heads=2, n_steps=n_steps)
        flow.velocity = velocity
        noise = Normal(M, Z).sample(50, generator())
        errors.append((flow.sample(50, generator()) - (factor * noise + shift)).abs().max().item())
    assert errors[0] < 0.01 and errors[1] < 0.3 * errors[0]


def test_the_scale_of_a_mixture_is_that_of_its_noise_and_its_heaps_stay():
    rotation = torch.linalg.qr(torch.randn(M * Z, M * Z, generator=generator()))[0]
    means = 5.0 * torch.randn(3, M * Z, generator=generator(1))
    mixture = Mixture(torch.ones(3) / 3, means, torch.ones(3, M * Z), rotation, (M, Z))
    for scale in (0.0, 0.5):
        nearest = torch.cdist(mixture.sample(3000, generator(), scale).flatten(1), means @ rotation.T).min(1).values
        assert nearest.square().mean().item() == pytest.approx(scale**2 * M * Z, rel=0.05, abs=1e-6)


def test_the_file_holds_them_all_and_says_how_they_were_made(fitted, tmp_path):
    save_priors(tmp_path, fitted, {"weights": "abc", "seed": 3})
    restored = load_priors(tmp_path, M, Z)
    assert tuple(restored) == tuple(PRIORS) and about_priors(tmp_path) == {"weights": "abc", "seed": 3}
    for name in prior_kinds.fitted():  # half precision
        torch.testing.assert_close(
            restored[name].sample(8, generator()), fitted[name].sample(8, generator()), atol=0.05, rtol=0.01
        )


def test_a_file_of_another_model_or_a_damaged_one_is_told(fitted, tmp_path):
    save_priors(tmp_path, fitted, {})
    with pytest.raises(VaegenError, match="vaegen prior"):
        load_priors(tmp_path, M + 1, Z)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(VaegenError, match="vaegen prior"):
        load_priors(tmp_path, M, Z)


def test_a_pipeline_draws_from_what_lies_beside_its_weights(tiny_model, tokenizer, tmp_path):
    config = tiny_model.config
    shape = (config.n_slots, config.latent_dim)
    save_checkpoint(tmp_path / "own", tiny_model, tokenizer)
    pipeline = load(tmp_path / "own")
    assert pipeline.priors == ("normal",)
    with pytest.raises(VaegenError, match="vaegen prior"):
        pipeline.draw(1, prior="flow")
    gaussian = Gaussian(torch.full(shape, 7.0), torch.eye(shape[0] * shape[1]))
    save_priors(tmp_path / "own", {"gaussian": gaussian}, {"weights": weights_hash(tmp_path / "own")})
    pipeline = load(tmp_path / "own")
    assert pipeline.priors == ("normal", "gaussian")
    z = pipeline.draw(50, seed=1, prior="gaussian", n_slots=1)
    assert z.shape == (50, *shape) and abs(z[:, 0].mean() - 7.0) < 0.2 and (z[:, 1:] == 0.0).all()
    assert pipeline.sample(2, "de", prior="gaussian") == pipeline.decode(pipeline.draw(2, prior="gaussian"), "de")
    for wrong, told in (({"prior": "moon"}, "normal, gaussian"), ({"n_slots": 99}, f"1 to {shape[0]}")):
        with pytest.raises(VaegenError, match=told):
            pipeline.draw(1, **wrong)


class Toy:
    """A prior that somebody adds: every latent is one number."""

    def __init__(self, value):
        self.value = value

    @classmethod
    def fit_to(cls, material):
        return cls(material.z.mean())

    @classmethod
    def restore(cls, tensors):
        return cls(tensors["value"])

    def sample(self, n, generator, scale=1.0):
        return self.value.expand(n, *Toy.shape)

    def tensors(self):
        return {"value": self.value}


def test_a_prior_that_is_listed_in_one_place_shows_up_everywhere(tiny_model, tokenizer, tmp_path, monkeypatch):
    """The recipe of docs/architecture.md, "Where to put a new prior", followed for real."""
    from vaegen.app.questions.points import START
    from vaegen.app.questions.sample import Move
    from vaegen.evaluation.reports.latent_space import sample_rows

    monkeypatch.setitem(PRIORS, "toy", prior_kinds.PriorKind("a toy", f"{__name__}:Toy"))
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or SimpleNamespace(Toy=Toy))
    monkeypatch.setattr(Toy, "shape", (tiny_model.config.n_slots, tiny_model.config.latent_dim), raising=False)
    assert prior_kinds.fitted()[-1] == "toy"  # what the command fits, and may be told to fit
    folder = tmp_path / "own"
    save_checkpoint(folder, tiny_model, tokenizer)
    z = torch.full((4, *Toy.shape), 0.5)
    made = PRIORS["toy"].cls.fit_to(Material(DiagonalGaussian(z, z), z, lambda: DiagonalGaussian(z, z), generator()))
    save_priors(folder, {"toy": made}, {"weights": weights_hash(folder)})
    pipeline = load(folder)
    assert pipeline.priors == ("normal", "toy") and (pipeline.draw(2, prior="toy") == 0.5).all()
    asked = Move(START[0], START[1], start="prior", prior="toy", languages=("en",)).checked(["own"])  # the page's question
    (answer,) = asked.answers(pipeline)
    assert answer.priors == ("normal", "toy")  # the page's options
    row = {"prior": "toy", "scale": 1.0, "slots": None, "mean": {"mauve": 0.5}, "spread": {"mauve": 0.0}}
    assert sample_rows({"rows": [row]})[1][0][0] == "a toy"
