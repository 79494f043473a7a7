"""What is read off the map, and where sentences are placed on it; with the committed map and its model."""

import json
import threading

import numpy as np
import pytest

import vaegen
from vaegen.app.questions import map_own as own
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import START, Point
from vaegen.app.service import CHECKPOINTS, Service
from vaegen.data.probe_sentences import probe_set
from vaegen.errors import VaegenError
from vaegen.latent.atlas import PICTURE, PROJECTIONS, load_atlas, save_atlas, spacing
from vaegen.latent.codes import pack, unpack
from vaegen.latent.projection import N_NEAREST
from vaegen.model.companions import weights_hash
from vaegen.pipeline.pipeline import Pipeline

A, B = START
FOLDER = CHECKPOINTS / "multi30k"


@pytest.fixture(scope="module")
def pipeline():
    return vaegen.load(FOLDER)


@pytest.fixture(scope="module")
def picture():
    return json.loads((FOLDER / PICTURE).read_text(encoding="utf-8"))


def ask(pipeline, **values):
    (answer,) = Spot(A, B, **values).checked(["multi30k"]).answers(pipeline)
    return answer


@pytest.mark.parametrize("name", ["multi30k", "tatoeba", "collapsed"])
def test_the_map_is_of_the_weights_beside_it_and_names_how_it_was_made(name):
    about = load_atlas(CHECKPOINTS / name).about
    assert about["weights"] == weights_hash(CHECKPOINTS / name)
    assert {"n_neighbors", "min_dist", "metric", "random_state", "umap-learn", "command"} <= set(about)


def test_picture_and_latents_tell_of_the_same_points(pipeline, picture):
    atlas = load_atlas(FOLDER)
    n = len(atlas.latents)
    assert n >= 5000 and n == len(picture["group"]) == len(picture["language"]) == len(picture["cluster"])
    assert all(len(column) == n for columns in picture["coordinates"].values() for column in columns)
    probes = probe_set(picture["n_probes"])
    assert picture["texts"]["cs"][: len(probes)] == [probe.sentences["cs"] for probe in probes]
    mode = pipeline.encode([probes[10].sentences["de"]]).mode.flatten().numpy()
    np.testing.assert_allclose(atlas.latents[41], mode, atol=0.01)  # the second language of the eleventh probe
    first = 4 * len(probes)
    samples = pipeline.draw(4, prior=atlas.about["prior"])  # the first ones do not depend on how many follow
    np.testing.assert_allclose(atlas.latents[first + 3], samples[3].ravel(), atol=0.01)
    drawn = [column[0] for column in picture["coordinates"]["pca3"]]
    np.testing.assert_allclose(atlas.where(atlas.latents[:1])["pca3"][0], drawn, atol=0.02)


def test_the_current_sentence_a_point_and_the_line_between_two(pipeline):
    answer = ask(pipeline, method="lerp")
    assert answer.how == "a" and answer.texts["en"] == pipeline.decode(pipeline.encode([A.text]).mode, "en", num_beams=1)[0]
    assert answer.where["umap2"] == answer.path["umap2"][0] and len(answer.path["pca3"]) == 11
    middle = np.array(answer.path["pca2"])
    np.testing.assert_allclose(middle[5], (middle[0] + middle[-1]) / 2, atol=1e-3)  # straight where the map is linear
    arc = pipeline.path(*pipeline.encode([A.text, B.text]).mode.numpy(), 11, "slerp").reshape(11, -1)
    np.testing.assert_allclose(ask(pipeline).path["pca2"], pipeline.map().atlas.where(arc)["pca2"], atol=1e-3)
    point = ask(pipeline, index=41)
    nearest = point.neighbours[0]
    assert point.how == "point" and nearest.index == 41 and nearest.cosine == pytest.approx(1, abs=1e-3)
    assert point.distance == pytest.approx(0, abs=0.01)
    assert [n.cosine for n in point.neighbours] == sorted((n.cosine for n in point.neighbours), reverse=True)


def test_empty_space_is_the_mean_of_the_nearest_or_exact(pipeline):
    atlas = pipeline.map().atlas
    far = tuple(float(v) for v in atlas.coordinates["umap2"].max(0) + 5)
    answer = ask(pipeline, at=far)
    assert answer.how == "mean" and answer.where["umap2"] == pytest.approx(far, abs=1e-3) and answer.distance > 10
    nearest = np.linalg.norm(atlas.coordinates["umap2"] - far, axis=1).argsort()[:N_NEAREST]
    z = unpack(answer.z, (16, 32)).ravel()
    assert (z <= atlas.latents[nearest].max(0) + 1e-3).all() and (z >= atlas.latents[nearest].min(0) - 1e-3).all()
    plane = ask(pipeline, projection="pca2", at=(1.0, 2.0), off_plane="a")
    z = unpack(plane.z, (16, 32)).ravel()
    np.testing.assert_allclose(atlas.pca.project(z[None])[0, :2], [1, 2], atol=0.02)
    mode = pipeline.encode([A.text]).mode.flatten().numpy()
    assert atlas.pca.project(z[None])[0, 2] == pytest.approx(atlas.pca.project(mode[None])[0, 2], abs=0.02)


def test_a_blend_is_the_weighted_mean(pipeline):
    answer = ask(pipeline, blend=((A.text, 1.0), (B.text, 3.0)))
    a, b = pipeline.encode([A.text, B.text]).mode.flatten(1).numpy()
    np.testing.assert_allclose(unpack(answer.z, (16, 32)).ravel(), (a + 3 * b) / 4, atol=0.01)


def test_the_python_that_is_copied_gives_what_is_shown(pipeline, capsys):
    places = ({}, {"index": 7}, {"at": (3.0, 4.0)}, {"projection": "pca2", "at": (1.0, 2.0)}, {"blend": ((A.text, 1.0),)})
    for values in places:
        answer = ask(pipeline, **values)
        exec(answer.python, {})
        shown = capsys.readouterr().out.splitlines()
        assert shown[:4] == list(answer.texts.values())
        assert shown[4].strip("[ ").startswith(str(answer.neighbours[0].index))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"projection": "tsne"}, "umap2"),
        ({"at": (1.0, 2.0, 3.0)}, "3 coordinates"),
        ({"at": (float("nan"), 0.0)}, "coordinate"),
        ({"index": 10**9}, "number"),
        ({"k": 0}, "1 to 50"),
        ({"off_plane": "b"}, "mean"),
        ({"method": "jump"}, "lerp"),
        ({"blend": (("a", 1.0),) * 30}, "20"),
        ({"blend": ((A.text, -1.0),)}, "weight"),
    ],
)
def test_bad_questions_are_refused_in_words(values, said):
    with pytest.raises(VaegenError, match=said):
        Spot(A, B, **values).checked(["multi30k"])


def test_a_point_that_is_not_there_a_missing_and_a_damaged_map(pipeline, tmp_path):
    with pytest.raises(VaegenError, match="counted from 0"):
        ask(pipeline, index=100_000)
    with pytest.raises(VaegenError, match="vaegen map"):
        Pipeline(pipeline.model, pipeline.tokenizer, folder=tmp_path).map()
    (tmp_path / "map.npz").write_bytes(b"nothing")
    with pytest.raises(VaegenError, match="vaegen map"):
        load_atlas(tmp_path)
    save_atlas(tmp_path, load_atlas(FOLDER))
    np.testing.assert_array_equal(load_atlas(tmp_path).latents, load_atlas(FOLDER).latents)


def test_spacing_is_the_median_distance_to_the_nearest():
    points = np.random.default_rng(0).normal(size=(700, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=2) + 1e9 * np.eye(700)
    assert spacing(np.concatenate([points, points])) == pytest.approx(float(np.median(distances.min(1))), rel=1e-4)


def test_own_sentences_are_placed_where_looking_finds_them(pipeline):
    lines = (A.text, "", "Ein Hund rennt durch den Schnee.", *["A man sings."] * 150)
    *parts, answer = Place(lines).checked(["multi30k"]).answers(pipeline)
    assert [part.progress for part in parts] == [pytest.approx(100 / 152), 1.0]
    assert answer.is_complete and len(answer.lines) == 152 and answer.languages[:2] == ("en", "de")
    here = ask(pipeline)
    assert answer.where["umap2"][0] == pytest.approx(here.where["umap2"], abs=1e-3)
    assert answer.nearest[0] == here.neighbours[0].index and set(answer.where) == set(PROJECTIONS)


def test_a_map_of_own_sentences_is_fitted_while_others_are_answered(pipeline):
    service = Service(FOLDER, load=lambda _: pipeline)
    service.start().result()
    whos, does = ("A man", "A dog", "A girl"), ("runs", "sits", "sleeps", "sings")
    fit = Place(tuple(f"{who} {what}." for who in whos for what in does), fit=True)
    found, others = [], []
    worker = threading.Thread(target=lambda: found.extend(service.stream(fit)))
    worker.start()
    while worker.is_alive():
        others.append(service.ask(Place((f"A man counts to {len(others)}.",))).is_complete)
        worker.join(0.2)
    assert found[-1].is_complete and len(found[-1].where["umap2"]) == 12 and found[-1].about["n_neighbors"] == 11
    assert any(part.stage == "fit" for part in found) and len(others) > 3
    service.close()


def test_leaving_a_fit_frees_it_for_the_next(pipeline):
    lines = tuple(f"A man holds {n} balls." for n in range(30))
    parts = Place(lines, fit=True).checked(["multi30k"]).answers(pipeline)
    while next(parts).stage != "fit":
        pass
    waiting = Place(lines, fit=True).checked(["multi30k"]).answers(pipeline)
    assert [next(waiting).stage, next(waiting).stage] == ["encode", "wait"]
    parts.close()
    assert next(waiting).stage == "fit"
    waiting.close()
    assert own._FITTING.acquire(blocking=False)
    own._FITTING.release()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lines": ()}, "one a line"),
        ({"lines": ("a",) * 2001}, "2,000"),
        ({"lines": ("A dog.",) * 9, "fit": True}, "10 or more"),
        ({"lines": ("A dog.",) * 12, "fit": True, "n_neighbors": 1}, "2 to 100"),
        ({"lines": ("A dog.",) * 12, "fit": True, "min_dist": 2}, "0 to 0.99"),
    ],
)
def test_lines_that_cannot_be_placed(values, said):
    with pytest.raises(VaegenError, match=said):
        Place(**values).checked(["multi30k"])


def test_a_latent_of_its_own_is_looked_at(pipeline):
    z = load_atlas(FOLDER).latents[-1].reshape(16, 32)
    (answer,) = Spot(Point("", "", pack(z)), B).checked(["multi30k"]).answers(pipeline)
    np.testing.assert_allclose(unpack(answer.z, (16, 32)), z, atol=0.01)
    assert answer.neighbours[0].cosine > 0.99  # it is the last sample of the map
