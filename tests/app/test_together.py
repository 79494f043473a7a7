"""What many visitors ask at once is decoded in one batch, and each reads what it would have read alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import GOLDEN

import vaegen.pipeline.batching as batching
from vaegen import load
from vaegen.app.questions.points import Point
from vaegen.app.questions.sample import Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.scheduler import Asking
from vaegen.app.service import Service

SENTENCES = (
    "A dog runs.",
    "Two women are sitting on a bench and laughing.",
    "Ein Mann liest in der Küche eine Zeitung.",
    "A man in a blue shirt is standing on a ladder and cleaning the window of a large house near the sea.",
)


def questions(kind):
    if kind == "greedy":
        return [Request(text, num_beams=1) for text in SENTENCES]
    if kind == "beam":
        return [Request(text, num_beams=3) for text in SENTENCES[:3]]
    if kind == "sampled":
        return [Request(text, method="sample", seed=seed) for seed, text in enumerate(SENTENCES)]
    if kind == "drawn":
        return [OtherWays(Request(text, num_beams=1), "de", n_draws=3, seed=5) for text in SENTENCES]
    if kind == "moved":
        return [Move(start="prior", seed=seed, moves=((0, 1.5),)) for seed in range(4)]
    return [Move(Point(text), temperature=0.8, start="sentence") for text in SENTENCES]


def texts(answer):
    if hasattr(answer, "cards"):
        return [(card.text, round(card.log_prob, 3)) for card in answer.cards]
    return answer.texts if hasattr(answer, "texts") else [(one.text, one.n_draws) for one in answer.variants]


@pytest.fixture(scope="module")
def pipeline():
    return load(GOLDEN, avoid=True)


@pytest.mark.parametrize("kind", ["greedy", "beam", "sampled", "drawn", "moved", "moved and sampled"])
def test_a_sentence_reads_the_same_whatever_it_is_decoded_with(pipeline, monkeypatch, kind):
    sizes = []

    def watched(engine, tasks, *rest):
        sizes.append(len(tasks))
        return batching_decode(engine, tasks, *rest)

    batching_decode = batching.decode_tasks
    monkeypatch.setattr(batching, "decode_tasks", watched)
    asked = questions(kind)
    alone = [Service(GOLDEN, load=lambda _: pipeline).ask(question) for question in asked]
    assert set(sizes) == {1}
    sizes.clear()
    service, gate = Service(GOLDEN, load=lambda _: pipeline), threading.Event()
    service._scheduler.submit(Asking("holder"), lambda: gate.wait(20))
    with ThreadPoolExecutor(len(asked)) as pool:
        found = [pool.submit(service.ask, question) for question in asked]
        while len(service._scheduler._waiting) < len(asked):
            threading.Event().wait(0.01)
        gate.set()
        together = [one.result(60) for one in found]
    assert len(asked) in sizes
    assert [texts(answer) for answer in together] == [texts(answer) for answer in alone]
    service.close()
