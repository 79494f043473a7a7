"""The service: answers, refusals, caches, loading, and visitors that do not notice one another."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError

import pytest
from serving import StubPipeline

from vaegen.app.questions.checks import MAX_CHARACTERS
from vaegen.app.questions.translate import EXAMPLES, OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.scheduler import MAX_WAITING, Asking, Dropped
from vaegen.app.service import Service, find_checkpoints
from vaegen.errors import VaegenError


@pytest.fixture
def folder(tmp_path):
    for name in ("everyday", "another", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "not-a-checkpoint").mkdir()
    return tmp_path


@pytest.fixture
def service(folder):
    service = Service(folder=folder, load=StubPipeline)
    service.start(Request(EXAMPLES[0][1])).result()
    yield service
    service.close()


def test_importing_it_loads_neither_torch_nor_gradio():
    code = "import sys, vaegen.app.service; sys.exit('torch' in sys.modules or 'gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_languages_are_answered_and_the_own_one_is_the_reconstruction(service):
    answer = service.ask(Request("A dog."))
    assert answer.is_complete and answer.is_detected and answer.source_language == "en"
    assert [card.language for card in answer.cards] == ["en", "de", "fr", "cs"]
    assert [card.is_reconstruction for card in answer.cards] == [True, False, False, False]
    assert [card.context for card in answer.cards] == ["latent", "source", "source", "source"]
    assert answer.request.checkpoint == "everyday"


def test_a_given_language_overrides_the_detected_one(service):
    answer = service.ask(Request("A dog.", source_language="fr"))
    assert not answer.is_detected
    assert [card.language for card in answer.cards if card.is_reconstruction] == ["fr"]


def test_the_context_and_the_options_reach_the_pipeline(service):
    service.ask(Request("A cat.", context="latent", num_beams=3))
    assert {(call["context"], call["num_beams"]) for call in StubPipeline.calls[-4:]} == {("latent", 3)}
    service.ask(Request("A cat.", method="sample", temperature=0.7, top_k=9, top_p=0.8, seed=11))
    last = StubPipeline.calls[-1]
    assert (last["temperature"], last["top_k"], last["top_p"], last["seed"]) == (0.7, 9, 0.8, 11)


def test_answers_are_frozen(service):
    with pytest.raises(FrozenInstanceError):
        service.ask(Request("A dog.")).cards[0].text = "no"


def test_a_repeated_request_is_not_computed_again(service):
    service.ask(Request("Once only."))
    before = len(StubPipeline.calls)
    service.ask(Request("Once only.", seed=5, temperature=2.0))  # a beam uses neither of the two
    assert len(StubPipeline.calls) == before
    service.ask(Request("Once only.", num_beams=2))
    assert len(StubPipeline.calls) == before + 4


def test_the_first_example_is_ready_with_the_model(service):
    before = len(StubPipeline.calls)
    service.ask(Request(EXAMPLES[0][1]))
    assert len(StubPipeline.calls) == before


def test_long_text_arrives_language_by_language_and_stops_when_dropped(service):
    stream = service.stream(Request("word " * 100))
    assert [len(next(stream).cards) for _ in range(3)] == [0, 1, 2]
    before = len(StubPipeline.calls)
    stream.close()
    assert len(StubPipeline.calls) == before


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": ""}, "sentence"),
        ({"text": " \t\n "}, "sentence"),
        ({"text": "\0\0"}, "sentence"),
        ({"text": "x" * 10_000}, "10,000"),
        ({"source_language": "xx"}, "English"),
        ({"context": "both"}, "latent"),
        ({"method": "magic"}, "beam"),
        ({"num_beams": 11}, "1 to 10"),
        ({"num_beams": "many"}, "1 to 10"),
        ({"num_beams": None}, "1 to 10"),
        ({"method": "sample", "temperature": 0}, "0.05 to 5"),
        ({"method": "sample", "temperature": float("nan")}, "0.05 to 5"),
        ({"method": "sample", "top_k": -1}, "0 to 1000"),
        ({"method": "sample", "top_p": 2}, "0.01 to 1"),
        ({"method": "sample", "seed": 1e30}, "seed"),
        ({"checkpoint": "nowhere"}, "everyday"),
        ({"checkpoint": "../secrets"}, "everyday"),
    ],
)
def test_a_refusal_says_what_is_allowed(service, values, said):
    with pytest.raises(VaegenError) as refusal:
        service.ask(Request(**{"text": "A dog.", **values}))
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    "text", ["x", "\U0001f436", "\u0645\u0631\u062d\u0628\u0627", "<b>*hi*</b>", "a\0b", "x" * MAX_CHARACTERS]
)
def test_odd_text_is_answered(service, text):
    assert service.ask(Request(text)).is_complete


def test_other_ways_are_counted_commonest_first_and_seeded(service):
    variants = service.ask(OtherWays(Request("A dog."), "de", n_draws=6)).variants
    assert sum(variant.n_draws for variant in variants) == 6
    assert [variant.n_draws for variant in variants] == sorted((v.n_draws for v in variants), reverse=True)
    assert len({variant.text for variant in variants}) == len(variants)
    assert StubPipeline.calls[-1]["n_draws"] == 6
    with pytest.raises(VaegenError, match="1 to 16"):
        service.ask(OtherWays(Request("A dog."), "de", n_draws=17))
    with pytest.raises(VaegenError, match="give the code"):
        service.ask(OtherWays(Request("A dog."), "e s"))


def test_checkpoints_are_the_folders_with_a_config(folder, service):
    assert list(find_checkpoints(folder)) == ["everyday", "another", "third"]
    assert list(find_checkpoints())[:2] == ["everyday", "multi30k"]  # of the repository: what opens, what comes next
    assert service.checkpoints == ("everyday", "another", "third")
    assert Service(folder=folder, checkpoint="third").checkpoints[0] == "third"
    assert Service(folder=folder, checkpoint=folder / "elsewhere").checkpoints[0] == "elsewhere"


def test_every_visitor_gets_the_checkpoint_asked_for_and_only_two_stay_in_memory(folder):
    loaded = []

    def load(path):
        loaded.append(path.rsplit("/", 1)[-1])
        return StubPipeline(path)

    service = Service(folder=folder, load=load)
    for name in ("another", "everyday", "another", "third", "everyday"):
        card = service.ask(Request(f"{name} {len(loaded)}", checkpoint=name)).cards[1]
        assert card.text.startswith(f"{name}:")
    assert loaded == ["another", "everyday", "third", "everyday"]
    service.close()


def test_sixteen_visitors_never_get_each_others_answer(service):
    sentences = [f"Visitor number {n}." for n in range(64)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: service.ask(Request(text)), sentences))
    for sentence, answer in zip(sentences, answers, strict=True):
        assert all(sentence in card.text for card in answer.cards)


def test_requests_wait_for_a_model_that_is_still_loading(folder):
    gate = threading.Event()

    def load(path):
        gate.wait(10)
        return StubPipeline(path)

    service = Service(folder=folder, load=load)
    service.start()
    assert service.state.phase == "loading"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.ask, Request("A dog."))
        gate.set()
        assert waiting.result(10).is_complete
    assert service.state.phase == "ready"
    service.close()


@pytest.mark.parametrize("error", [VaegenError("config.json is missing."), OSError("bad header"), KeyError("width")])
def test_a_broken_checkpoint_is_told_and_another_one_still_works(folder, error):
    def load(path):
        if path.endswith("everyday"):
            raise error
        return StubPipeline(path)

    service = Service(folder=folder, load=load)
    service.start().result()
    assert service.state.phase == "failed" and str(error) in service.state.message
    with pytest.raises(VaegenError):
        service.ask(Request("A dog."))
    assert service.ask(Request("A dog.", checkpoint="another")).is_complete
    service.close()


def test_a_failing_job_leaves_the_service_working(service):
    StubPipeline.fail_on = "boom"
    with pytest.raises(RuntimeError):
        service.ask(Request("boom"))
    assert service.ask(Request("A calm sentence.")).is_complete


def test_without_any_checkpoint_it_says_so(tmp_path):
    service = Service(folder=tmp_path / "checkpoints")
    service.start().result()
    assert "no checkpoint" in service.state.message
    service.close()


@pytest.mark.parametrize("path", ["../secrets", "/etc", ".", "a/b/c", "owner/../name", "~", "", "owner/na me"])
def test_a_strangers_path_is_refused_and_reads_nothing(folder, path):
    def load(path):
        raise AssertionError(f"{path} was opened")

    service = Service(folder=folder, load=load)
    with pytest.raises(VaegenError, match="owner/name"):
        service.add(path)
    service.close()


def test_ones_own_checkpoint_is_asked_by_its_name_and_offered_to_nobody_else(folder, tmp_path):
    service = Service(folder=folder, load=StubPipeline, allow_folders=True)
    mine = tmp_path / "mine"
    mine.mkdir()
    assert service.add(str(mine)) == str(mine)
    assert service.ask(Request("A dog.", checkpoint=str(mine))).cards[1].text.startswith("mine:")
    assert service.add("owner/name") == "owner/name"
    assert service.ask(Request("A dog.", checkpoint="owner/name")).is_complete
    assert service.checkpoints == ("everyday", "another", "third")
    service.close()


def test_a_checkpoint_that_cannot_be_loaded_is_told_and_forgotten(folder):
    def load(path):
        raise VaegenError(f"{path} could not be downloaded; check the id and the network.")

    service = Service(folder=folder, load=load)
    with pytest.raises(VaegenError, match="check the id"):
        service.add("owner/name")
    with pytest.raises(VaegenError, match="no checkpoint"):
        service.ask(Request("A dog.", checkpoint="owner/name"))
    service.close()


def held(service):
    """Holds the model until the event that it returns is set."""
    gate, begun = threading.Event(), threading.Event()
    service._scheduler.submit(Asking("holder"), lambda: (begun.set(), gate.wait(10)))
    assert begun.wait(10)
    return gate


def until(condition):
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("It did not happen.")


def test_a_newer_question_of_a_view_replaces_the_older_one_without_work(service):
    gate, before = held(service), len(StubPipeline.calls)
    with ThreadPoolExecutor(4) as pool:
        moves = []
        for n in range(3):
            moves.append(pool.submit(lambda n=n: list(service.stream(Request(f"Move {n}."), "visitor", "sample"))))
            until(lambda n=n: len(service._open) == n + 1 or moves[-2].done())
            until(lambda: len(service._scheduler._waiting) == 1)
        other = pool.submit(lambda: list(service.stream(Request("Another view."), "visitor", "map")))
        until(lambda: len(service._scheduler._waiting) == 2)
        gate.set()
        assert moves[2].result(10)[-1].is_complete and other.result(10)[-1].is_complete
        for older in moves[:2]:
            with pytest.raises(Dropped):
                older.result(10)
    assert {call["text"] for call in StubPipeline.calls[before:]} == {"Move 2.", "Another view."}


def test_nothing_is_done_for_a_visitor_who_has_gone(service):
    gate, before = held(service), len(StubPipeline.calls)
    with ThreadPoolExecutor(2) as pool:
        gone = pool.submit(lambda: list(service.stream(Request("I leave."), "gone")))
        here = pool.submit(lambda: list(service.stream(Request("I stay."), "here")))
        until(lambda: len(service._scheduler._waiting) == 2)
        service.drop("gone")
        gate.set()
        assert here.result(10)[-1].is_complete
        with pytest.raises(Dropped):
            gone.result(10)
    assert {call["text"] for call in StubPipeline.calls[before:]} == {"I stay."}
    assert not service._open


def test_whoever_comes_when_too_many_wait_is_told_how_many(service):
    gate = held(service)
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(service.ask, Request(f"Number {n}.")) for n in range(MAX_WAITING)]
        until(lambda: len(service._scheduler._waiting) == MAX_WAITING)
        with pytest.raises(VaegenError, match=f"{MAX_WAITING} questions wait before yours"):
            service.ask(Request("One too many."))
        gate.set()
        assert all(one.result(10).is_complete for one in waiting)
    assert service.ask(Request("One too many.")).is_complete


def test_an_answer_that_is_streamed_to_its_end_is_kept(service):
    next(service.stream(Request("As a page asks.")))  # it looks no further once an answer is whole
    before = len(StubPipeline.calls)
    service.ask(Request("As a page asks."))
    assert len(StubPipeline.calls) == before


@pytest.mark.parametrize(
    ("question", "possible"),
    [
        (OtherWays(Request("word " * 60, num_beams=10), "de", n_draws=16), "125"),
        (OtherWays(Request("word " * 300, method="sample"), "de", n_draws=16), "1,250"),
        (Lines(("word " * 300,) * 100, "de", num_beams=5), "100,000"),
    ],
)
def test_a_lot_of_text_times_a_lot_of_hypotheses_is_refused_with_what_is_possible(service, question, possible):
    with pytest.raises(VaegenError, match=f"at most {possible} are possible"):
        service.ask(question)


def test_a_long_text_with_a_wide_beam_is_allowed_and_counts_as_long(service):
    request = Request("word " * 390, num_beams=10)
    assert service.ask(request).is_complete and request.is_long and not Request("A dog.").is_long
