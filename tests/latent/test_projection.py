"""Projections against their definitions."""

import time

import numpy as np
import pytest

from vaegen.errors import VaegenError
from vaegen.latent.projection import FEW, N_NEAREST, cosines, fit_pca, fit_umap, place, unplace


@pytest.fixture
def cloud():
    return np.random.default_rng(0).normal(size=(60, 12)) * np.linspace(3, 0.5, 12)


def test_pca_is_that_of_scikit_learn(cloud):
    from sklearn.decomposition import PCA as Oracle

    oracle, ours = Oracle(3).fit(cloud), fit_pca(cloud)
    np.testing.assert_allclose(np.abs(ours.components @ oracle.components_.T), np.eye(3), atol=1e-8)
    np.testing.assert_allclose(ours.shares, oracle.explained_variance_ratio_)
    assert all(row[np.abs(row).argmax()] > 0 for row in ours.components)


def test_a_place_of_the_plane_is_read_exactly_and_nothing_else_moves(cloud):
    pca = fit_pca(cloud)
    moved = pca.move(cloud[5], np.array([1.5, -2.0]))
    np.testing.assert_allclose(pca.project(moved[None])[0, :2], [1.5, -2.0])
    np.testing.assert_allclose(pca.project(moved[None])[0, 2], pca.project(cloud[5][None])[0, 2])
    plane = pca.components[:2]
    np.testing.assert_allclose(moved - plane.T @ (plane @ moved), cloud[5] - plane.T @ (plane @ cloud[5]))


def test_a_point_of_the_cloud_is_placed_on_itself_and_read_back(cloud):
    coordinates = np.random.default_rng(1).normal(size=(60, 2))
    np.testing.assert_allclose(place(cloud[7:9], cloud, coordinates), coordinates[7:9], atol=1e-3)
    np.testing.assert_allclose(unplace(coordinates[7], cloud, coordinates), cloud[7], atol=1e-3)


def test_another_point_is_placed_among_its_nearest_by_cosine(cloud):
    coordinates = np.random.default_rng(1).normal(size=(60, 2))
    x = np.random.default_rng(2).normal(size=(1, 12))
    nearest = np.argsort(-cosines(x, cloud)[0])[:N_NEAREST]
    found = place(x, cloud, coordinates)[0]
    assert (found >= coordinates[nearest].min(0)).all() and (found <= coordinates[nearest].max(0)).all()
    scale = np.linalg.norm(x) * np.linalg.norm(cloud[3])
    assert cosines(x, cloud)[0, 3] == pytest.approx(float(x[0] @ cloud[3]) / scale)


def _fit(x, **options):
    *progress, found = _steps(fit_umap(x, **options))
    return progress, found


def _steps(parts):
    for part in parts:
        yield part
        time.sleep(0.05)


@pytest.mark.parametrize("n", [FEW // 2, FEW // 2 + 1])  # points a group; the smaller number is not compiled for
def test_umap_keeps_groups_apart_and_says_how_far_it_is(n):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(2, 20))
    x = np.concatenate([centre + 0.1 * rng.normal(size=(n, 20)) for centre in centres])
    progress, found = _fit(x, n_neighbors=5)
    assert found.shape == (2 * n, 2) and np.isfinite(found).all()
    assert progress == sorted(progress) and 0 <= progress[0] <= progress[-1] <= 1
    same = np.linalg.norm(found[:n] - found[:n].mean(0), axis=1).mean()
    assert np.linalg.norm(found[:n].mean(0) - found[n:].mean(0)) > 2 * same


def test_a_failure_and_an_end_before_the_end():
    with pytest.raises(VaegenError, match="could not be fitted"):
        _fit(np.full((12, 3), np.nan))
    parts = fit_umap(np.random.default_rng(0).normal(size=(50, 5)))
    next(parts)
    process = parts.gi_frame.f_locals["process"]
    parts.close()
    assert process.wait(10) is not None
