"""The Gaussian: against torch.distributions, and its sampling."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vaegen.errors import VaegenError
from vaegen.model.posterior import DiagonalGaussian, gaussian_log_prob


@pytest.fixture
def posterior():
    generator = torch.Generator().manual_seed(0)
    mu = torch.randn(5, 3, 4, dtype=torch.float64, generator=generator)
    logvar = torch.randn(5, 3, 4, dtype=torch.float64, generator=generator)
    return DiagonalGaussian(mu, logvar)


def reference(posterior):
    return Independent(Normal(posterior.mu, posterior.std), 2)


def test_kl_is_that_of_torch_distributions(posterior):
    prior = Independent(Normal(torch.zeros_like(posterior.mu), torch.ones_like(posterior.mu)), 2)
    torch.testing.assert_close(posterior.kl(), kl_divergence(reference(posterior), prior))
    torch.testing.assert_close(posterior.kl_per_dim().sum((1, 2)), posterior.kl())


def test_kl_between_posteriors_is_that_of_torch_distributions(posterior):
    other = DiagonalGaussian(posterior.mu.flip(0), posterior.logvar.flip(0) - 0.5)
    torch.testing.assert_close(posterior.kl_from(other), kl_divergence(reference(posterior), reference(other)))


def test_kl_is_zero_for_the_prior_and_positive_elsewhere(posterior):
    prior = DiagonalGaussian(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))
    assert prior.kl().item() == 0.0
    assert (posterior.kl_per_dim() > 0).all()
    near = torch.linspace(-1e-3, 1e-3, 2001)[:, None, None]  # exp(x) - 1 - x would round to below 0 here
    assert (DiagonalGaussian(torch.zeros_like(near), near).kl_per_dim() >= 0).all()


def test_log_prob_is_that_of_torch_distributions(posterior):
    z = torch.randn(7, 5, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(posterior.log_prob(z), reference(posterior).log_prob(z))
    torch.testing.assert_close(gaussian_log_prob(z), Independent(Normal(0.0, torch.ones_like(z)), 2).log_prob(z))


def test_kl_is_the_expected_log_ratio(posterior):
    generator = torch.Generator().manual_seed(2)
    draws = torch.stack([posterior.sample(generator) for _ in range(20_000)])
    estimate = (posterior.log_prob(draws) - gaussian_log_prob(draws)).mean(0)
    torch.testing.assert_close(estimate, posterior.kl(), rtol=0.02, atol=0.05)


def test_samples_have_the_moments_and_repeat_with_the_generator(posterior):
    generator = torch.Generator().manual_seed(3)
    draws = torch.stack([posterior.sample(generator) for _ in range(20_000)])
    torch.testing.assert_close(draws.mean(0), posterior.mu, rtol=0, atol=0.1)
    torch.testing.assert_close(draws.std(0), posterior.std, rtol=0.05, atol=0)
    again = posterior.sample(torch.Generator().manual_seed(3))
    assert torch.equal(draws[0], again)
    assert torch.equal(posterior.mode, posterior.mu)


def test_gradients_flow_through_a_sample():
    mu = torch.zeros(1, 1, 1, requires_grad=True)
    logvar = torch.zeros(1, 1, 1, requires_grad=True)
    z = DiagonalGaussian(mu, logvar).sample(torch.Generator().manual_seed(0))
    z.sum().backward()
    assert mu.grad.item() == 1.0
    assert logvar.grad.item() == pytest.approx(0.5 * z.item())  # dz/dlogvar = eps * std / 2


def test_some_of_a_batch(posterior):
    part = posterior[torch.tensor([3, 1])]
    torch.testing.assert_close(part.kl(), posterior.kl()[[3, 1]])


def test_it_is_a_sequence_of_posteriors(posterior):
    assert len(posterior) == 5 and len(list(posterior)) == 5
    for one, kl in zip(posterior, posterior.kl(), strict=True):
        assert len(one) == 1 and one.kl().item() == kl.item()
    torch.testing.assert_close(posterior[-1].mu, posterior.mu[4:])
    torch.testing.assert_close(posterior[[0, 3]].logvar, posterior.logvar[[0, 3]])
    assert len(posterior[1:3]) == 2 and len(posterior[torch.tensor([True, False, False, True, True])]) == 3
    for index in (5, -6):
        with pytest.raises(IndexError, match="There are 5 posteriors"):
            posterior[index]


def test_moments_entropy_and_other_forms_are_those_of_torch_distributions(posterior):
    torch.testing.assert_close(posterior.mean, reference(posterior).mean)
    torch.testing.assert_close(posterior.variance, reference(posterior).variance)
    torch.testing.assert_close(posterior.entropy(), reference(posterior).entropy())
    mean, variance = posterior.numpy()
    assert mean.shape == variance.shape == (5, 3, 4) and (variance == posterior.variance.numpy()).all()
    assert posterior.to(torch.float32).mu.dtype == torch.float32 and posterior.mu.dtype == torch.float64


def test_several_draws_are_independent(posterior):
    draws = posterior.sample(torch.Generator().manual_seed(5), n=4)
    assert draws.shape == (4, 5, 3, 4) and len({float(one.sum()) for one in draws}) == 4
    once, alone = (posterior.sample(torch.Generator().manual_seed(5), n=n) for n in (1, None))
    assert torch.equal(once[0], alone)
    for n in (0, -1, 1.5, True):
        with pytest.raises(VaegenError, match="whole number of draws"):
            posterior.sample(n=n)
