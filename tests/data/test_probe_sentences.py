"""The probe sentences are grammatical in four languages, say what their factors say, and are evenly spread."""

import re
from collections import Counter, defaultdict

import pytest

from vaegen.data import probe_sentences as probe
from vaegen.data.probe_sentences import FACTORS, minimal_pairs, probe_set
from vaegen.errors import VaegenError

LANGUAGES = ("en", "de", "fr", "cs")
MAKING = ("who", "how_many", "action", "place", "clothing", "colour")  # the factors that a sentence is made of


@pytest.fixture(scope="module")
def probes():
    return probe_set()


@pytest.fixture(scope="module")
def grammar():
    """Every probe that the grammar can make, by its making factors."""
    return {tuple(recipe): probe._probe(recipe) for recipe in probe._recipes()}


# Grammar: sentences written by hand, then agreement over everything

EXPECTED = [
    (
        ("man", "one", "play guitar", "street", "shirt", "red"),
        "A man in a red shirt is playing guitar on the street.",
        "Ein Mann in einem roten Hemd spielt auf der Straße Gitarre.",
        "Un homme en chemise rouge joue de la guitare dans la rue.",
        "Muž v červené košili hraje na kytaru na ulici.",
    ),
    (
        ("man", "two", "walk", "park", "hat", "brown"),
        "Two men in brown hats are walking through a park.",
        "Zwei Männer mit braunen Hüten gehen durch einen Park.",
        "Deux hommes avec des chapeaux bruns marchent dans un parc.",
        "Dva muži v hnědých kloboucích jdou parkem.",
    ),
    (
        ("woman", "one", "sit", "kitchen", "dress", "black"),
        "A woman in a black dress is sitting in a kitchen.",
        "Eine Frau in einem schwarzen Kleid sitzt in einer Küche.",
        "Une femme en robe noire est assise dans une cuisine.",
        "Žena v černých šatech sedí v kuchyni.",
    ),
    (
        ("woman", "two", "sit", "park", "jacket", "blue"),
        "Two women in blue jackets are sitting in a park.",
        "Zwei Frauen in blauen Jacken sitzen in einem Park.",
        "Deux femmes en veste bleue sont assises dans un parc.",
        "Dvě ženy v modrých bundách sedí v parku.",
    ),
    (
        ("woman", "three", "drink", "restaurant", "dress", "none"),
        "Three women in dresses are drinking water in a restaurant.",
        "Drei Frauen in Kleidern trinken in einem Restaurant Wasser.",
        "Trois femmes en robe boivent de l'eau dans un restaurant.",
        "Tři ženy v šatech pijí vodu v restauraci.",
    ),
    (
        ("boy", "one", "read", "living room", "jacket", "brown"),
        "A boy in a brown jacket is reading a book in a living room.",
        "Ein Junge in einer braunen Jacke liest in einem Wohnzimmer ein Buch.",
        "Un garçon en veste marron lit un livre dans un salon.",
        "Chlapec v hnědé bundě čte knihu v obývacím pokoji.",
    ),
    (
        ("boy", "three", "play soccer", "gym", "shirt", "green"),
        "Three boys in green shirts are playing soccer in a gym.",
        "Drei Jungen in grünen Hemden spielen in einer Turnhalle Fußball.",
        "Trois garçons en chemise verte jouent au football dans un gymnase.",
        "Tři chlapci v zelených košilích hrají fotbal v tělocvičně.",
    ),
    (
        ("girl", "one", "sleep", "bedroom", "none", "none"),
        "A girl is sleeping in a bedroom.",
        "Ein Mädchen schläft in einem Schlafzimmer.",
        "Une fille dort dans une chambre.",
        "Dívka spí v ložnici.",
    ),
    (
        ("girl", "two", "read", "none", "dress", "white"),
        "Two girls in white dresses are reading books.",
        "Zwei Mädchen in weißen Kleidern lesen Bücher.",
        "Deux filles en robe blanche lisent des livres.",
        "Dvě dívky v bílých šatech čtou knihy.",
    ),
    (
        ("child", "one", "sing", "none", "hat", "white"),
        "A child in a white hat is singing.",
        "Ein Kind mit einem weißen Hut singt.",
        "Un enfant avec un chapeau blanc chante.",
        "Dítě v bílém klobouku zpívá.",
    ),
    (
        ("child", "two", "dance", "beach", "none", "none"),
        "Two children are dancing on the beach.",
        "Zwei Kinder tanzen am Strand.",
        "Deux enfants dansent sur la plage.",
        "Dvě děti tančí na pláži.",
    ),
    (
        ("child", "three", "run", "none", "none", "none"),
        "Three children are running.",
        "Drei Kinder rennen.",
        "Trois enfants courent.",
        "Tři děti běží.",
    ),
    (
        ("dog", "one", "run", "snow", "none", "brown"),
        "A brown dog is running through the snow.",
        "Ein brauner Hund rennt durch den Schnee.",
        "Un chien brun court dans la neige.",
        "Hnědý pes běží sněhem.",
    ),
    (
        ("dog", "two", "jump", "snow", "none", "white"),
        "Two white dogs are jumping in the snow.",
        "Zwei weiße Hunde springen im Schnee.",
        "Deux chiens blancs sautent dans la neige.",
        "Dva bílí psi skáčou ve sněhu.",
    ),
    (
        ("cat", "one", "sit", "grass", "none", "white"),
        "A white cat is sitting in the grass.",
        "Eine weiße Katze sitzt im Gras.",
        "Un chat blanc est assis dans l'herbe.",
        "Bílá kočka sedí v trávě.",
    ),
    (
        ("cat", "two", "sit", "none", "none", "black"),
        "Two black cats are sitting.",
        "Zwei schwarze Katzen sitzen.",
        "Deux chats noirs sont assis.",
        "Dvě černé kočky sedí.",
    ),
    (
        ("horse", "one", "walk", "beach", "none", "black"),
        "A black horse is walking along the beach.",
        "Ein schwarzes Pferd geht am Strand entlang.",
        "Un cheval noir marche sur la plage.",
        "Černý kůň jde po pláži.",
    ),
    (
        ("horse", "three", "stand", "street", "none", "brown"),
        "Three brown horses are standing on the street.",
        "Drei braune Pferde stehen auf der Straße.",
        "Trois chevaux bruns sont debout dans la rue.",
        "Tři hnědí koně stojí na ulici.",
    ),
]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda case: "-".join(case[0]))
def test_sentences_are_as_written_by_hand(grammar, expected):
    recipe, *sentences = expected
    assert list(grammar[recipe].sentences.values()) == sentences
    assert tuple(grammar[recipe].sentences) == LANGUAGES


VERBS = {  # one, several; what both numbers share says nothing
    "en": ("is", "are"),
    "de": (
        "rennt geht sitzt steht schläft springt trinkt spielt liest tanzt singt",
        "rennen gehen sitzen stehen schlafen springen trinken spielen lesen tanzen singen",
    ),
    "fr": (
        "court marche est dort saute boit joue lit danse chante",
        "courent marchent sont dorment sautent boivent jouent lisent dansent chantent",
    ),
    "cs": (
        "běží jde sedí stojí spí skáče pije hraje čte tančí zpívá",
        "běží jdou sedí stojí spí skáčou pijí hrají čtou tančí zpívají",
    ),
}
NUMERALS = {"en": ("Two", "Three"), "de": ("Zwei", "Drei"), "fr": ("Deux", "Trois"), "cs": ("Dva", "Dvě", "Tři")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verb_agrees_with_the_number(grammar, language):
    for case in grammar.values():
        words = case.sentences[language].rstrip(".").split()
        several = words[0] in NUMERALS[language]
        assert several == (case.factors["how_many"] != "one")
        assert len(set(words) & set(VERBS[language][several].split())) == 1, words


PATTERNS = {  # each sentence has one of the subjects, and of the others all that begin as one of theirs
    "subject": {
        "en": r"(A|Two|Three) .*",
        "de": r"Ein (Mann|Junge|Mädchen|Kind|(\w+er )?Hund|(\w+es )?Pferd) .*|Eine (Frau|(\w+e )?Katze) .*"
        r"|(Zwei|Drei) (Männer|Frauen|Jungen|Mädchen|Kinder|(\w+[^rs] )?(Hunde|Katzen|Pferde)) .*",
        "fr": r"Un (homme|garçon|enfant|(chien|chat|cheval)( noir| blanc| brun)?) .*|Une (femme|fille) .*"
        r"|(Deux|Trois) (hommes|femmes|garçons|filles|enfants|(chiens|chats|chevaux)( \w+s)?) .*",
        "cs": r"(Muž|Žena|Chlapec|Dívka|Dítě|Pes|Kůň|Kočka|\w+ý (pes|kůň)|\w+á kočka) .*"
        r"|(Dva|Tři) (muži|chlapci|(\w+í )?(psi|koně)) .*|(Dvě|Tři) (ženy|dívky|děti|(\w+é )?kočky) .*",
    },
    "clothing": {
        "en": r"in (a (\w+ )?(jacket|hat|shirt|dress)|(\w+ )?(jackets|hats|shirts|dresses)) (is|are)",
        "de": r"(in einer (\w+en )?Jacke|mit einem (\w+en )?Hut|in einem (\w+en )?(Hemd|Kleid)"
        r"|mit (\w+en )?Hüten|in (\w+en )?(Jacken|Hemden|Kleidern)) \w+[tn]\b",
        "fr": r"en (veste|chemise|robe)( rouge| bleue| verte| noire| blanche| marron)? \w+"
        r"|avec (un chapeau( rouge| bleu| vert| noir| blanc| brun)?|des chapeaux( \w+s)?) \w+",
        "cs": r"v ((\w+é )?(bundě|košili)|(\w+ém )?klobouku|(\w+ých )?(bundách|kloboucích|košilích|šatech)) \w+",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_articles_and_adjectives_agree(grammar, language):
    for case in grammar.values():
        sentence = case.sentences[language]
        assert re.fullmatch(PATTERNS["subject"][language], sentence.replace(".", " .")), sentence
        found = re.search(PATTERNS["clothing"][language], sentence)
        assert bool(found) == (case.factors["clothing"] != "none"), sentence


def test_french_participles_agree(grammar):
    for case in grammar.values():
        sentence, who, how_many = case.sentences["fr"], case.factors["who"], case.factors["how_many"]
        if case.factors["action"] == "sit":
            feminine = "assise" if how_many == "one" else "assises"
            assert (feminine if who in ("woman", "girl") else "assis") in sentence.rstrip(".").split(), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_grammar_is_clean_and_says_something_else(grammar, language):
    sentences = [case.sentences[language] for case in grammar.values()]
    assert len(set(sentences)) == len(sentences) > 10_000
    for sentence in sentences:
        assert re.fullmatch(r"[A-ZČŽ][a-zß-ž]*( [A-Za-zß-ž']+)+\.", sentence), sentence


# Factors

WORDS = {  # what English says of a value; the actions and clothes cannot be mistaken for anything else
    "who": {
        **{"man": "men? ", "woman": "wom[ae]n ", "boy": "boys? ", "girl": "girls? ", "child": "child(ren)? "},
        **{"dog": "dogs? ", "cat": "cats? ", "horse": "horses? "},
    },
    "how_many": {"one": "^A", "two": "^Two", "three": "^Three"},
    "action": {
        **{"run": "running", "walk": "walking", "sit": "sitting", "stand": "standing", "sleep": "sleeping"},
        **{"jump": "jumping", "drink": "drinking water", "play guitar": "guitar", "play soccer": "soccer"},
        **{"read": "reading (a book|books)", "dance": "dancing", "sing": "singing"},
    },
    "place": {
        **{place: place for place in ("street", "beach", "snow", "park", "grass", "kitchen", "living room")},
        **{place: place for place in ("bedroom", "gym", "restaurant")},
    },
    "clothing": {"jacket": "jacket", "hat": "hat", "shirt": "shirt", "dress": "dress"},
    "colour": {colour: colour for colour in ("black", "white", "brown", "red ", "blue", "green")},
    "being": {"person": r"\b(man|men|wom[ae]n|boys?|girls?|child)", "animal": "dog|cat|horse"},
    "setting": {
        "outdoors": "(on|along|down|in|through) (the|a) (street|beach|snow|park|grass)",
        "indoors": "(in|through) a (kitchen|living|bedroom|gym|restaurant)",
    },
}


def test_factors_are_what_the_sentence_says(grammar):
    rules = {
        (factor, value.strip()): re.compile(r"\bm[ae]n " if value == "man" else pattern)
        for factor, patterns in WORDS.items()
        for value, pattern in patterns.items()
    }
    assert {value for _, value in rules} | {"none"} == {value for name in WORDS for value in FACTORS[name]}
    for case in grammar.values():
        said = {(factor, value) for (factor, value), rule in rules.items() if rule.search(case.sentences["en"])}
        known = {(name, value) for name, value in case.factors.items() if value != "none" and name != "length"}
        assert said == known, case.sentences["en"]


def test_length_counts_the_optional_parts(grammar):
    lengths = {recipe[2:]: case.factors["length"] for recipe, case in grammar.items() if recipe[:2] == ("dog", "one")}
    assert lengths["sit", "none", "none", "none"] == "short"
    assert lengths["sit", "none", "none", "black"] == lengths["sit", "park", "none", "none"] == "medium"
    assert lengths["sit", "park", "none", "black"] == "long"
    assert grammar["girl", "one", "sit", "none", "hat", "none"].factors["length"] == "medium"


def test_nothing_implausible_is_said(grammar):
    for case in grammar.values():
        f = case.factors
        if f["being"] == "animal":
            assert f["clothing"] == "none" and f["colour"] in ("black", "white", "brown", "none")
            assert f["action"] in ("run", "walk", "sit", "stand", "sleep", "jump", "drink")
        elif f["colour"] != "none":
            assert f["clothing"] != "none"
        assert f["clothing"] != "dress" or f["who"] in ("woman", "girl")
        assert f["who"] != "horse" or f["setting"] != "indoors"
        assert (f["action"], f["place"]) not in {("play soccer", "kitchen"), ("sleep", "snow"), ("walk", "none")}
        assert not re.search(r"chapeau( \w+)? court\b", case.sentences["fr"])  # "court" is "short" there


# The set


def test_the_set_has_six_hundred_different_probes_with_all_factors(probes):
    assert len(probes) == 600
    for language in LANGUAGES:
        assert len({case.sentences[language] for case in probes}) == 600
    for case in probes:
        assert list(case.factors) == list(FACTORS)
        assert all(value in FACTORS[factor] for factor, value in case.factors.items())


@pytest.mark.parametrize("seed", [0, 1])
def test_values_are_even(seed):
    probes = probe_set(seed=seed)
    for factor, values in FACTORS.items():
        counts = Counter(case.factors[factor] for case in probes)
        real = [counts[value] for value in values if value != "none"]
        assert min(real) >= 25, (factor, counts)
        assert max(real) <= 1.5 * min(real), (factor, counts)
        assert counts["none"] == 0 or 0.4 <= counts["none"] / len(probes) <= 0.7, (factor, counts)
    settings = Counter(case.factors["setting"] for case in probes)
    assert abs(settings["outdoors"] - settings["indoors"]) <= 10


def test_the_number_is_independent_of_every_other_factor(probes):
    numbers = defaultdict(Counter)
    for case in probes:
        for item in case.factors.items():
            numbers[item][case.factors["how_many"]] += 1
    for (factor, value), counts in numbers.items():
        if factor != "how_many":
            assert min(counts[number] for number in FACTORS["how_many"]) >= 0.15 * counts.total(), (value, counts)


def test_the_seed_decides_and_a_smaller_set_begins_a_larger_one(probes):
    assert probe_set(600, seed=0) == probes
    assert probe_set(600, seed=1) != probes
    assert probe_set(40) == probes[:40]


@pytest.mark.parametrize("n", [0, -1, 10**6])
def test_impossible_sizes_are_refused(n):
    with pytest.raises(VaegenError, match=r"n is -?\d+.*ask for 1 to \d+"):
        probe_set(n)


# Minimal pairs


@pytest.mark.parametrize(
    ("change", "language", "gone", "come"),
    [
        (("colour", "red", "blue"), "en", {"red"}, {"blue"}),
        (("colour", "none", "black"), "en", set(), {"black"}),
        (("how_many", "two", "three"), "en", {"Two"}, {"Three"}),
        (("how_many", "two", "three"), "de", {"Zwei"}, {"Drei"}),
        (("how_many", "two", "three"), "fr", {"Deux"}, {"Trois"}),
        (("who", "boy", "man"), "cs", {"Chlapec", "chlapci"}, {"Muž", "muži"}),
        (("who", "man", "woman"), "de", {"Ein", "Mann", "Männer"}, {"Eine", "Frau", "Frauen"}),
        (("action", "dance", "sing"), "fr", {"danse", "dansent"}, {"chante", "chantent"}),
        (("place", "street", "beach"), "fr", {"dans", "la", "rue"}, {"sur", "la", "plage"}),
        (("clothing", "shirt", "jacket"), "cs", {"košili", "košilích"}, {"bundě", "bundách"}),
    ],
)
def test_pairs_differ_in_the_words_of_one_factor(change, language, gone, come):
    factor, before, after = change
    pairs = minimal_pairs(*change, n=40)
    assert len({first.sentences[language] for first, _ in pairs}) == 40
    seen_gone, seen_come = set(), set()
    for first, second in pairs:
        assert (first.factors[factor], second.factors[factor]) == (before, after)
        assert [name for name in MAKING if first.factors[name] != second.factors[name]] == [factor]
        one, other = (Counter(case.sentences[language].rstrip(".").split()) for case in (first, second))
        seen_gone |= set(one - other)
        seen_come |= set(other - one)
    assert (seen_gone, seen_come) == (gone - come, come - gone)


def test_pairs_are_even_in_the_other_factors_and_follow_the_seed():
    pairs = minimal_pairs("how_many", "one", "two", n=64)
    counts = Counter(first.factors["who"] for first, _ in pairs)
    assert set(counts) == set(FACTORS["who"]) and max(counts.values()) <= 2 * min(counts.values())
    assert minimal_pairs("how_many", "one", "two", n=64) == pairs
    assert minimal_pairs("how_many", "one", "two", n=64, seed=1) != pairs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("setting", "indoors", "outdoors"), r"'setting' alone; choose one of who, how_many"),
        (("colour", "red", "pink"), r"'red' to 'pink' is no change of colour; choose two of black, white"),
        (("colour", "red", "red"), r"'red' to 'red' is no change"),
        (("how_many", "one", "two", 10**6), r"n is 1,000,000.*ask for 1 to \d+"),
    ],
)
def test_impossible_pairs_are_refused(arguments, message):
    with pytest.raises(VaegenError, match=message):
        minimal_pairs(*arguments)
