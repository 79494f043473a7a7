"""Other names and numbers: the same on all sides, and only where all sides show them alike."""

import re

import numpy as np
import pytest

from vaegen.text.names import lists, with_other_names


def renamed(group, n=40):
    return [with_other_names(group, np.random.default_rng(seed)) for seed in range(n)]


def test_a_name_becomes_the_same_one_in_all_languages_and_nothing_else_changes():
    group = {"en": "Yesterday Tom slept.", "de": "Gestern schlief Tom.", "cs": "Včera Tom spal.", "en.reply": "Poor Tom!"}
    found = set()
    for texts in renamed(group):
        name = re.fullmatch(r"Yesterday (\D+) slept\.", texts["en"]).group(1)
        assert texts == {language: text.replace("Tom", name) for language, text in group.items()}
        found.add(name)
    assert len(found) > 20 and any(" " in name for name in found)  # full names are among them
    known = {name for names in lists().values() for name in names}
    invented = [name for name in found if name.split()[0] not in known]
    assert 0.1 < len(invented) / len(found) < 0.6


def test_a_name_that_is_declined_somewhere_stays():
    anna = next(name for name in lists()["women"] if name.endswith("na"))
    group = {"en": f"Tom sees {anna}.", "cs": f"Tom vidí {anna[:-1]}u."}
    for texts in renamed(group):
        assert texts["en"].endswith(f" sees {anna}.") and texts["cs"].endswith(f" vidí {anna[:-1]}u.")
        assert texts["en"].removesuffix(f" sees {anna}.") == texts["cs"].removesuffix(f" vidí {anna[:-1]}u.")
    twice = {"en": "Tom and Tom.", "de": "Tom und er."}
    assert all(texts == twice for texts in renamed(twice))


def test_a_name_within_a_word_stays():
    for texts in renamed({"en": "Tom eats Tomatoes.", "de": "Tom isst Tomaten."}):
        assert texts["en"].endswith(" eats Tomatoes.") and texts["de"].endswith(" isst Tomaten.")


@pytest.mark.parametrize(("number", "n_digits"), [("10", 2), ("23", 2), ("1984", 4)])
def test_numbers_keep_their_length_and_are_the_same_on_all_sides(number, n_digits):
    found = set()
    for texts in renamed({"en": f"{number} dogs and 7 cats", "de": f"7 Katzen, {number} Hunde"}):
        one = re.fullmatch(r"(\d+) dogs and 7 cats", texts["en"]).group(1)
        assert texts["de"] == f"7 Katzen, {one} Hunde" and len(one) == n_digits and one[0] != "0"
        found.add(one)
    assert len(found) > 10


@pytest.mark.parametrize("german", ["24 Hunde", "Hunde", "23 Hunde und 4"])
def test_numbers_that_are_not_the_same_on_all_sides_stay(german):
    group = {"en": "23 dogs", "de": german}
    assert all(texts == group for texts in renamed(group, 10))


def test_a_person_becomes_a_name_only_where_all_languages_begin_so():
    group = {"en": "A man sleeps.", "de": "Ein Mann schläft.", "fr": "Un homme dort.", "cs": "Muž spí."}
    names = set()
    for texts in renamed(group):
        name = texts["en"].removesuffix(" sleeps.")
        assert texts == {"en": f"{name} sleeps.", "de": f"{name} schläft.", "fr": f"{name} dort.", "cs": f"{name} spí."}
        names.add(name)
    assert "A man" not in names and len(names) > 20 and not names & set(lists()["women"])
    for changed in ({**group, "de": "Der Mann schläft."}, {**group, "es": "Un hombre duerme."}, {"en": "A manual is read."},
                    {"en": "A man sleeps.", "de": "Eine Frau schläft."}):  # fmt: skip
        assert all(texts == changed for texts in renamed(changed, 10))
