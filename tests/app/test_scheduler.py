"""Whose turn it is: fair, cut at pauses, run together, refused when too many wait, dropped when nobody waits any more."""

import threading
import time

import pytest

from vaegen.app.scheduler import MAX_LONG, Asking, Dropped, Scheduler
from vaegen.errors import VaegenError
from vaegen.turns import pause, together


@pytest.fixture
def make():
    made = []

    def scheduler(**options):
        made.append(Scheduler(**options))
        return made[-1]

    yield scheduler
    for one in made:
        one.close()


class Held:
    """Holds the model while others come."""

    def __init__(self, scheduler):
        self._gate = threading.Event()
        begun = threading.Event()
        self._done = scheduler.submit(Asking("holder"), lambda: (begun.set(), self._gate.wait(10)))
        assert begun.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._gate.set()
        self._done.result(10)


def spin(seconds=0.004):
    """Uses the processor."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_visitors_take_turns_however_many_questions_one_of_them_has(make):
    scheduler, order = make(), []
    with Held(scheduler):
        done = [scheduler.submit(Asking(name), lambda name=name: (spin(), order.append(name))) for name in "aaabc"]
    for one in done:
        one.result(10)
    assert order[:3] == ["a", "b", "c"] and sorted(order) == ["a", "a", "a", "b", "c"]


def test_one_piece_at_a_time_holds_the_model(make):
    scheduler, now, most = make(quantum=0.0), [], []

    def work():
        for _ in range(20):
            now.append(1)
            most.append(len(now))
            spin(0.0005)
            now.pop()
            pause()

    for one in [scheduler.submit(Asking(str(i)), work) for i in range(8)]:
        one.result(10)
    assert max(most) == 1


def test_a_short_question_comes_between_the_pauses_of_a_long_one(make):
    scheduler, begun, short = make(quantum=0.01), threading.Event(), threading.Event()

    def long():
        begun.set()
        for _ in range(4000):  # as long as it takes, but for ten seconds at most
            spin(0.0025)
            pause()
            if short.is_set():
                return True
        return False

    done = scheduler.submit(Asking("a"), long)
    assert begun.wait(10)
    scheduler.submit(Asking("b"), short.set).result(10)
    assert done.result(10)


def test_what_is_short_is_not_cut(make):
    scheduler, order = make(quantum=60.0), []

    def work(name):
        for i in range(3):
            order.append((name, i))
            pause()

    with Held(scheduler):
        done = [scheduler.submit(Asking(name), lambda name=name: work(name)) for name in "ab"]
    for one in done:
        one.result(10)
    assert order == [(name, i) for name in "ab" for i in range(3)]


def test_what_waits_for_nobody_is_not_begun(make):
    scheduler, begun, asking = make(), [], Asking("a")
    with Held(scheduler):
        done = scheduler.submit(asking, lambda: begun.append(1))
        scheduler.drop(asking)
    with pytest.raises(Dropped):
        done.result(10)
    assert not begun
    with pytest.raises(Dropped):
        scheduler.submit(asking, lambda: begun.append(1)).result(10)


def test_what_is_begun_ends_at_its_next_pause(make):
    scheduler, asking, begun, steps = make(), Asking("a"), threading.Event(), []

    def work():
        begun.set()
        for _ in range(10_000):
            time.sleep(0.001)
            pause()
            steps.append(1)

    done = scheduler.submit(asking, work)
    assert begun.wait(10)
    scheduler.drop(asking)
    with pytest.raises(Dropped):
        done.result(10)
    assert len(steps) < 9_000
    assert scheduler.submit(Asking("b"), lambda: "next").result(10) == "next"


def test_too_many_are_told_how_many_come_first(make):
    scheduler = make(max_waiting=2)
    with Held(scheduler):
        first = [scheduler.submit(Asking(name), lambda: "answered") for name in "ab"]
        with pytest.raises(VaegenError, match="2 questions wait before yours"):
            scheduler.submit(Asking("c"), lambda: "no")
        must = scheduler.submit(Asking(""), lambda: "loaded", must=True)
    assert [one.result(10) for one in (*first, must)] == ["answered", "answered", "loaded"]


def test_who_fills_the_room_makes_room_for_somebody_else(make):
    scheduler = make(max_waiting=3)
    with Held(scheduler):
        many = [scheduler.submit(Asking("a"), lambda: "answered") for _ in range(3)]
        other = scheduler.submit(Asking("b"), lambda: "answered")
    assert [one.result(10) for one in (*many[:2], other)] == ["answered"] * 3
    with pytest.raises(VaegenError, match="questions wait"):
        many[2].result(10)


def test_tasks_of_one_kind_that_wait_are_run_in_one_go(make):
    scheduler, runs = make(), []

    def run(tasks):
        runs.append(sorted(tasks))
        return [10 * task for task in tasks]

    with Held(scheduler):
        done = [scheduler.submit(Asking(str(i)), lambda i=i: together(i % 2, i, run)) for i in range(6)]
    assert [one.result(10) for one in done] == [0, 10, 20, 30, 40, 50]
    assert sorted(runs) == [[0, 2, 4], [1, 3, 5]]


def test_a_task_that_cannot_be_done_spoils_no_other(make):
    scheduler = make()

    def run(tasks):
        if 1 in tasks:
            raise ValueError("not this one")
        return tasks

    with Held(scheduler):
        done = [scheduler.submit(Asking(str(i)), lambda i=i: together("key", i, run)) for i in (2, 1, 3)]
    assert [done[0].result(10), done[2].result(10)] == [2, 3]
    with pytest.raises(ValueError, match="not this one"):
        done[1].result(10)


def test_few_long_questions_are_in_hand_at_once(make):
    scheduler, now, most = make(quantum=0.0), [], []

    def work():
        now.append(1)
        for _ in range(5):
            most.append(len(now))
            spin(0.001)
            pause()
        now.pop()

    with Held(scheduler):
        done = [scheduler.submit(Asking(str(i), is_long=True), work) for i in range(6)]
    for one in done:
        one.result(10)
    assert max(most) == MAX_LONG


def test_without_a_server_nothing_happens():
    pause()
    assert together("key", 3, lambda tasks: [task + 1 for task in tasks]) == 4
