"""The app through its API, as a program sees it."""

import base64

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from serving import served, served_stub

PUBLIC = {
    "/analogy",
    "/attention",
    "/cloud",
    "/grid",
    "/inside",
    "/map",
    "/other_ways",
    "/place",
    "/sample",
    "/translate",
    "/translate_lines",
    "/walk",
}


@pytest.fixture(scope="module")
def client():
    return Client(served()[0], verbose=False)


def test_every_public_endpoint_is_named_and_explained(client):
    api = client.view_api(return_format="dict")
    assert set(api["named_endpoints"]) >= PUBLIC
    assert not api["unnamed_endpoints"]
    assert all(endpoint["description"] for endpoint in api["named_endpoints"].values())
    parameters = {parameter["parameter_name"] for parameter in api["named_endpoints"]["/translate"]["parameters"]}
    assert {"text", "context", "num_beams", "temperature", "seed"} <= parameters


def test_translate_answers_in_four_languages(client):
    answer = client.predict("A dog runs through the snow.", num_beams=2, api_name="/translate")
    assert [card["language"] for card in answer["cards"]] == ["en", "de", "fr", "cs"]
    assert answer["source_language"] == "en"
    for card in answer["cards"]:
        assert all(0 < word["probability"] <= 1 for word in card["words"])
        assert "".join(" " * word["space_before"] + word["text"] for word in card["words"]) == card["text"]
        assert card["log_prob"] < 0


def test_the_same_seed_gives_the_same_sample(client):
    def sample(seed):
        options = {"method": "sample", "temperature": 1.5, "seed": seed, "api_name": "/translate"}
        return [card["text"] for card in client.predict("A dog runs through the snow.", **options)["cards"]]

    assert sample(3) == sample(3)
    assert len({tuple(sample(seed)) for seed in (3, 4, 5)}) > 1


def test_other_ways_are_draws_from_the_posterior(client):
    variants = client.predict("A dog runs through the snow.", "de", context="latent", n_draws=4, api_name="/other_ways")
    assert sum(variant["n_draws"] for variant in variants) == 4


def test_attention_comes_with_weights_that_add_up_and_with_what_a_word_does(client):
    answer = client.predict("A dog runs through the snow.", "de", without=1, api_name="/attention")
    side = answer["side"]
    weights = np.frombuffer(base64.b64decode(side["cross"]["data"]), "<u2").reshape(side["cross"]["shape"]) / 65535
    assert weights.shape[2:] == (len(side["target"]), answer["n_slots"] + len(side["source"]))
    assert np.allclose(weights.sum(-1), 1, atol=1e-3)
    assert answer["without"]["text"] == "A runs through the snow."
    with pytest.raises(AppError, match="Nothing is left"):
        client.predict("Hallo", "en", without=0, api_name="/attention")


ODD = [
    "x",
    "\U0001f436\U0001f3fd",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "a\0b\x07c",
    "*a* <b>b</b> {{c}} ${d}",
    "\u96ea dog \u0441\u043e\u0431\u0430\u043a\u0430",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_answered(client, text):
    assert len(client.predict(text, num_beams=1, api_name="/translate")["cards"]) == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": "   "}, "sentence"),
        ({"text": "x" * 10_000}, "10,000"),
        ({"source_language": "xx"}, "Czech"),
        ({"context": "none"}, "latent"),
        ({"checkpoint": "/etc"}, "checkpoint"),
        ({"num_beams": 1000}, "1 to 10"),
    ],
)
def test_a_refusal_reaches_the_caller_in_words(client, values, said):
    with pytest.raises(AppError, match=said):
        client.predict(**{"text": "A dog.", **values}, api_name="/translate")
    assert client.predict("A dog.", num_beams=1, api_name="/translate")["cards"]


def test_the_tools_own_events_are_hidden():
    client = Client(served_stub()[0], verbose=False)
    assert sorted(client.view_api(return_format="dict")["named_endpoints"]) == sorted(PUBLIC)


def test_a_walk_a_grid_an_analogy_and_a_cloud(client):
    a, b = "A dog runs through the snow.", "Two women are sitting on a bench."
    walk = client.predict(a, b, steps=3, languages="en, de", api_name="/walk")
    assert len(walk["stops"]) == 3 and set(walk["stops"][0]["texts"]) == {"en", "de"}
    again = client.predict("z:" + walk["stops"][0]["z"], "z:" + walk["stops"][2]["z"], steps=3, api_name="/walk")
    assert again["stops"][0]["texts"]["en"] == walk["stops"][0]["texts"]["en"]
    assert len(client.predict(a, b, a, b, size=3, api_name="/grid")["texts"]) == 9
    assert client.predict(a, b, b, languages="en", api_name="/analogy")["cosines"]["A"] == 1.0
    assert client.predict(a, n_draws=2, api_name="/cloud")["rings"]
    with pytest.raises(AppError, match="3 to 15"):
        client.predict(a, b, steps=99, api_name="/walk")


def test_a_sample_and_its_moves(client):
    first = client.predict(seed=3, languages="en", api_name="/sample")
    assert first == {**client.predict(seed=3, languages="en", api_name="/sample"), "seconds": first["seconds"]}
    number = next(i for i, one in enumerate(first["directions"]) if one["name"] == "one → two")
    moved = client.predict("A dog runs through the snow.", moves=f"{number}:2", languages="en", api_name="/sample")
    assert "two" in moved["texts"]["en"].lower()
    with pytest.raises(AppError, match="direction"):
        client.predict("A dog.", moves="many", api_name="/sample")


def test_the_inside_of_a_sentence_adds_up(client):
    found = client.predict("A dog runs through the snow.", api_name="/inside")
    assert found["neg_elbo"] == pytest.approx(found["recon"] + found["kl"], abs=0.01)
    assert sum(found["kl_per_slot"]) == pytest.approx(found["kl"], abs=0.1)
    assert len(found["mu"]) == found["shape"][0] * found["shape"][1] == len(found["active"])


def test_the_page_knows_what_a_checkpoint_is_about(tmp_path):
    from vaegen.app.build import _about
    from vaegen.app.service import Service

    service = served()[1]
    known = {"kind": "translate", "languages": 4, "domains": ["captions"], "weak": False, "dial": None}
    assert _about(service, "multi30k") == known
    assert _about(service, "chinese")["domains"] == ["captions", "phrases"]
    assert _about(service, "dialogue") == {
        "kind": "reply", "languages": 1, "domains": ["chat"], "weak": True, "dial": None
    }  # fmt: skip
    unknown = Service(tmp_path, folder=tmp_path)
    assert _about(unknown, "") == {**known, "languages": 0, "domains": []}
