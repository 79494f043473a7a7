"""Probe sentences: short captions in four languages whose meaning is known, factor by factor.

A small grammar writes them; none is from a corpus. Its tables hold whole phrases in every form that is needed, so
that a reader of a language can check them at sight; there are no rules of inflection.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from vaegen.errors import VaegenError

__all__ = ["FACTORS", "Probe", "minimal_pairs", "probe_set"]


@dataclass(frozen=True)
class Probe:
    """One caption in four languages.

    Attributes:
        sentences: By language code; translations of each other.
        factors: By name, each with one of its values in `FACTORS`.
    """

    sentences: dict[str, str]
    factors: dict[str, str]


@dataclass(frozen=True)
class Entry:
    """Phrases of one meaning: for one|for several; of a place, in it|along it; only one form if both are the same.

    A `{slot}` has the name of an example: `{zwei}` is any number above one, `{schwarze}` is any colour in the form
    that "schwarze" is of black.
    """

    en: str
    de: str
    fr: str
    cs: str

    def forms(self, language: str) -> list[str]:
        """Returns the forms in a language."""
        text: str = getattr(self, language)
        return text.split("|")


# The first row names the slots. "One" is in the phrases below: an article, or nothing in Czech ("muž", not "jeden muž").
NUMBERS = {
    "two": Entry("two", "zwei", "deux", "dva|dvě"),
    "three": Entry("three", "drei", "trois", "tři|tři"),
}
COLOURS = {  # the third French form is of clothes, which are "marron" where animals and hats are "brun"
    "black": Entry(
        "black",
        "schwarzer|schwarze|schwarzes|schwarzen",
        "noir|noirs|noire",
        "černý|černá|černí|černé|černém|černých",
    ),
    "white": Entry("white", "weißer|weiße|weißes|weißen", "blanc|blancs|blanche", "bílý|bílá|bílí|bílé|bílém|bílých"),
    "brown": Entry("brown", "brauner|braune|braunes|braunen", "brun|bruns|marron", "hnědý|hnědá|hnědí|hnědé|hnědém|hnědých"),
    "red": Entry(
        "red",
        "roter|rote|rotes|roten",
        "rouge|rouges|rouge",
        "červený|červená|červení|červené|červeném|červených",
    ),
    "blue": Entry("blue", "blauer|blaue|blaues|blauen", "bleu|bleus|bleue", "modrý|modrá|modří|modré|modrém|modrých"),
    "green": Entry(
        "green",
        "grüner|grüne|grünes|grünen",
        "vert|verts|verte",
        "zelený|zelená|zelení|zelené|zeleném|zelených",
    ),
}

PERSONS = {
    "man": Entry("a man|{two} men", "ein Mann|{zwei} Männer", "un homme|{deux} hommes", "muž|{dva} muži"),
    "woman": Entry("a woman|{two} women", "eine Frau|{zwei} Frauen", "une femme|{deux} femmes", "žena|{dvě} ženy"),
    "boy": Entry("a boy|{two} boys", "ein Junge|{zwei} Jungen", "un garçon|{deux} garçons", "chlapec|{dva} chlapci"),
    "girl": Entry("a girl|{two} girls", "ein Mädchen|{zwei} Mädchen", "une fille|{deux} filles", "dívka|{dvě} dívky"),
    "child": Entry("a child|{two} children", "ein Kind|{zwei} Kinder", "un enfant|{deux} enfants", "dítě|{dvě} děti"),
}
ANIMALS = {
    "dog": Entry(
        "a {black} dog|{two} {black} dogs",
        "ein {schwarzer} Hund|{zwei} {schwarze} Hunde",
        "un chien {noir}|{deux} chiens {noirs}",
        "{černý} pes|{dva} {černí} psi",
    ),
    "cat": Entry(
        "a {black} cat|{two} {black} cats",
        "eine {schwarze} Katze|{zwei} {schwarze} Katzen",
        "un chat {noir}|{deux} chats {noirs}",
        "{černá} kočka|{dvě} {černé} kočky",
    ),
    "horse": Entry(
        "a {black} horse|{two} {black} horses",
        "ein {schwarzes} Pferd|{zwei} {schwarze} Pferde",
        "un cheval {noir}|{deux} chevaux {noirs}",
        "{černý} kůň|{dva} {černí} koně",
    ),
}
CLOTHES = {  # in French, two men are "en veste", each in one
    "jacket": Entry(
        "in a {black} jacket|in {black} jackets",
        "in einer {schwarzen} Jacke|in {schwarzen} Jacken",
        "en veste {noire}",
        "v {černé} bundě|v {černých} bundách",
    ),
    "hat": Entry(
        "in a {black} hat|in {black} hats",
        "mit einem {schwarzen} Hut|mit {schwarzen} Hüten",
        "avec un chapeau {noir}|avec des chapeaux {noirs}",
        "v {černém} klobouku|v {černých} kloboucích",
    ),
    "shirt": Entry(
        "in a {black} shirt|in {black} shirts",
        "in einem {schwarzen} Hemd|in {schwarzen} Hemden",
        "en chemise {noire}",
        "v {černé} košili|v {černých} košilích",
    ),
    "dress": Entry(
        "in a {black} dress|in {black} dresses",
        "in einem {schwarzen} Kleid|in {schwarzen} Kleidern",
        "en robe {noire}",
        "v {černých} šatech",
    ),
}
ACTIONS = {  # a place comes last, or where `{place}` says
    "run": Entry("is running|are running", "rennt|rennen", "court|courent", "běží"),
    "walk": Entry("is walking|are walking", "geht|gehen", "marche|marchent", "jde|jdou"),
    "sit": Entry("is sitting|are sitting", "sitzt|sitzen", "est {assis}|sont {assis}", "sedí"),
    "stand": Entry("is standing|are standing", "steht|stehen", "est debout|sont debout", "stojí"),
    "sleep": Entry("is sleeping|are sleeping", "schläft|schlafen", "dort|dorment", "spí"),
    "jump": Entry("is jumping|are jumping", "springt|springen", "saute|sautent", "skáče|skáčou"),
    "drink": Entry(
        "is drinking water|are drinking water",
        "trinkt {place} Wasser|trinken {place} Wasser",
        "boit de l'eau|boivent de l'eau",
        "pije vodu|pijí vodu",
    ),
    "play guitar": Entry(
        "is playing guitar|are playing guitar",
        "spielt {place} Gitarre|spielen {place} Gitarre",
        "joue de la guitare|jouent de la guitare",
        "hraje na kytaru|hrají na kytaru",
    ),
    "play soccer": Entry(
        "is playing soccer|are playing soccer",
        "spielt {place} Fußball|spielen {place} Fußball",
        "joue au football|jouent au football",
        "hraje fotbal|hrají fotbal",
    ),
    "read": Entry(
        "is reading a book|are reading books",
        "liest {place} ein Buch|lesen {place} Bücher",
        "lit un livre|lisent des livres",
        "čte knihu|čtou knihy",
    ),
    "dance": Entry("is dancing|are dancing", "tanzt|tanzen", "danse|dansent", "tančí"),
    "sing": Entry("is singing|are singing", "singt|singen", "chante|chantent", "zpívá|zpívají"),
}
OUTDOORS = {
    "street": Entry(
        "on the street|down the street",
        "auf der Straße|die Straße entlang",
        "dans la rue",
        "na ulici|po ulici",
    ),
    "beach": Entry("on the beach|along the beach", "am Strand|am Strand entlang", "sur la plage", "na pláži|po pláži"),
    "snow": Entry("in the snow|through the snow", "im Schnee|durch den Schnee", "dans la neige", "ve sněhu|sněhem"),
    "park": Entry("in a park|through a park", "in einem Park|durch einen Park", "dans un parc", "v parku|parkem"),
    "grass": Entry("in the grass|through the grass", "im Gras|durch das Gras", "dans l'herbe", "v trávě|po trávě"),
}
INDOORS = {
    "kitchen": Entry(
        "in a kitchen|through a kitchen",
        "in einer Küche|durch eine Küche",
        "dans une cuisine",
        "v kuchyni|kuchyní",
    ),
    "living room": Entry(
        "in a living room|through a living room",
        "in einem Wohnzimmer|durch ein Wohnzimmer",
        "dans un salon",
        "v obývacím pokoji|obývacím pokojem",
    ),
    "bedroom": Entry("in a bedroom", "in einem Schlafzimmer", "dans une chambre", "v ložnici"),
    "gym": Entry(
        "in a gym|through a gym",
        "in einer Turnhalle|durch eine Turnhalle",
        "dans un gymnase",
        "v tělocvičně|tělocvičnou",
    ),
    "restaurant": Entry(
        "in a restaurant|through a restaurant",
        "in einem Restaurant|durch ein Restaurant",
        "dans un restaurant",
        "v restauraci|restaurací",
    ),
}

WHO = PERSONS | ANIMALS
PLACES = OUTDOORS | INDOORS

# What is plausible. Without a place, "ein Mann geht" would read as "a man is leaving", and "steht" as unfinished.
WHERE = {
    "run": {"none", *OUTDOORS, "kitchen", "living room", "gym"},
    "walk": {*OUTDOORS, "kitchen", "living room", "gym", "restaurant"},
    "sit": {"none", *PLACES},
    "stand": set(PLACES),
    "sleep": {"none", "beach", "park", "grass", "living room", "bedroom"},
    "jump": {"none", *OUTDOORS, "living room", "bedroom", "gym"},
    "drink": {"none", "street", "beach", "park", "kitchen", "living room", "gym", "restaurant"},
    "play guitar": {"none", "street", "beach", "park", "grass", "kitchen", "living room", "bedroom", "restaurant"},
    "play soccer": {"none", *OUTDOORS, "gym"},
    "read": {"none", "beach", "park", "grass", "kitchen", "living room", "bedroom", "restaurant"},
    "dance": {"none", "street", "beach", "park", "grass", "kitchen", "living room", "gym", "restaurant"},
    "sing": {"none", "street", "beach", "park", "kitchen", "living room", "bedroom", "restaurant"},
}
NEVER = {  # actions, places and clothes
    "man": {"dress"},
    "boy": {"dress"},
    "child": {"dress"},
    "dog": {"play guitar", "play soccer", "read", "dance", "sing", "gym", "restaurant"},
    "cat": {"play guitar", "play soccer", "read", "dance", "sing", "gym", "restaurant", "beach"},
    "horse": {"play guitar", "play soccer", "read", "dance", "sing", "sit", *INDOORS},
}
ANIMAL_COLOURS = {"black", "white", "brown", "none"}
FEMININE = {"woman", "girl"}  # in French; a child and the animals are masculine

# The factors and their values; "none" says that a sentence is silent on one.
FACTORS: dict[str, tuple[str, ...]] = {
    "who": tuple(WHO),
    "how_many": ("one", *NUMBERS),
    "action": tuple(ACTIONS),
    "place": (*PLACES, "none"),
    "clothing": (*CLOTHES, "none"),  # "none" of all animals
    "colour": (*COLOURS, "none"),  # of a person's clothing, of an animal itself
    "being": ("person", "animal"),  # this and the rest follow from the six above
    "setting": ("outdoors", "indoors", "none"),  # "none" without a place
    "length": ("short", "medium", "long"),  # no, one or both of: a place; clothing or an animal's colour
}


class _Recipe(NamedTuple):
    """The six factors that make a sentence."""

    who: str
    how_many: str
    action: str
    place: str
    clothing: str
    colour: str


def probe_set(n: int = 600, seed: int = 0) -> tuple[Probe, ...]:
    """Returns `n` different probes, each next one with the values that were rarest so far.

    Deterministic in `seed`; a smaller set is the beginning of a larger one. At 600, no value of a factor is more than
    1.5 times as frequent as another, "none" left out, which has about half of the sentences.

    Not every two factors are independent, since captions are not: animals wear nothing and do little, only clothes are
    red, blue or green, only women and girls wear dresses, and horses stay outdoors.

    Raises:
        VaegenError: If the grammar has fewer sentences than `n`.
    """
    return tuple(_probe(recipe) for recipe in _even(_recipes(), n, random.Random(seed)))


def minimal_pairs(factor: str, before: str, after: str, n: int = 50, seed: int = 0) -> tuple[tuple[Probe, Probe], ...]:
    """Returns `n` pairs of probes: the same but for one factor, which is `before` in the first, `after` in the second.

    The pairs need not be in `probe_set`. Being, setting and length change along where they have to.

    Args:
        factor: One of the first six of `FACTORS`, such as "how_many".
        before: One of its values, such as "one".
        after: Another one, such as "two".
        n: How many; their other factors are as even as those of `probe_set`.
        seed: Another one gives other pairs.

    Raises:
        VaegenError: If there is no such factor or value, or there are fewer pairs than `n`.
    """
    if factor not in _Recipe._fields:
        raise VaegenError(
            "Sentences cannot differ in {factor} alone; choose one of {fields}.",
            factor=repr(factor),
            fields=", ".join(_Recipe._fields),
        )
    if before == after or not {before, after} <= set(FACTORS[factor]):
        raise VaegenError(
            "From {before} to {after} is no change of {factor}; choose two of {factors}.",
            before=repr(before),
            after=repr(after),
            factor=factor,
            factors=", ".join(FACTORS[factor]),
        )
    plausible = set(_recipes())
    pairs = {
        recipe: recipe._replace(**{factor: after})
        for recipe in _recipes()
        if getattr(recipe, factor) == before and recipe._replace(**{factor: after}) in plausible
    }
    return tuple((_probe(recipe), _probe(pairs[recipe])) for recipe in _even(pairs, n, random.Random(seed)))


@cache
def _recipes() -> tuple[_Recipe, ...]:
    """All plausible sentences, tens of thousands."""
    values = (FACTORS[name] for name in _Recipe._fields)
    return tuple(recipe for recipe in map(_Recipe._make, product(*values)) if _is_plausible(recipe))


def _is_plausible(recipe: _Recipe) -> bool:
    if recipe.place not in WHERE[recipe.action] or NEVER.get(recipe.who, set()) & set(recipe):
        return False
    if recipe.action == "run" and recipe.clothing == "hat":  # "avec un chapeau rouge court": a short hat?
        return False
    if recipe.who in ANIMALS:
        return recipe.clothing == "none" and recipe.colour in ANIMAL_COLOURS
    return recipe.clothing != "none" or recipe.colour == "none"


def _factors(recipe: _Recipe) -> dict[str, str]:
    """All factors of a sentence, in the order of `FACTORS`."""
    setting = "outdoors" if recipe.place in OUTDOORS else "indoors" if recipe.place in INDOORS else "none"
    n_parts = (recipe.place != "none") + (recipe.clothing != "none" or recipe.colour != "none")
    return recipe._asdict() | {
        "being": "person" if recipe.who in PERSONS else "animal",
        "setting": setting,
        "length": FACTORS["length"][n_parts],
    }


def _even(recipes: Iterable[_Recipe], n: int, rng: random.Random) -> list[_Recipe]:
    """Picks `n` recipes one by one, each time the one with the rarest values out of a few of each kind.

    "none" is weighed against all other values of its factor together: about half of the sentences have a place.
    """
    pools: defaultdict[tuple[str, str], list[_Recipe]] = defaultdict(list)
    for recipe in recipes:
        pools[recipe.who, _factors(recipe)["length"]].append(recipe)
    n_recipes = sum(map(len, pools.values()))
    if not 1 <= n <= n_recipes:
        raise VaegenError(
            "n is {n}, but the grammar has {n_recipes} such sentences; ask for 1 to {n_recipes}.", n=n, n_recipes=n_recipes
        )
    counts: Counter[tuple[str, str]] = Counter()

    def cost(recipe: _Recipe) -> float:
        return sum(
            counts[factor, value] / (len(FACTORS[factor]) - 1 if value == "none" else 1)
            for factor, value in _factors(recipe).items()
        )

    picked = []
    for _ in range(n):
        few = [recipe for pool in pools.values() for recipe in rng.sample(pool, min(8, len(pool)))]
        picked.append(min(few, key=cost))
        counts.update(_factors(picked[-1]).items())
        pools[picked[-1].who, _factors(picked[-1])["length"]].remove(picked[-1])
    return picked


def _probe(recipe: _Recipe) -> Probe:
    sentences = {language: _sentence(recipe, language) for language in ("en", "de", "fr", "cs")}
    return Probe(sentences, _factors(recipe))


def _sentence(recipe: _Recipe, language: str) -> str:
    """Puts the phrases of a sentence in order and fills their slots."""
    several = recipe.how_many != "one"

    def phrase(table: dict[str, Entry], value: str, second: bool = several) -> str:
        return table[value].forms(language)[-1 if second else 0] if value in table else ""

    action = phrase(ACTIONS, recipe.action)
    place = phrase(PLACES, recipe.place, recipe.action in ("run", "walk"))
    if "{place}" not in action:
        action += " {place}"
    template = f"{phrase(WHO, recipe.who)} {phrase(CLOTHES, recipe.clothing)} {action}"
    slots = {"place": place, "assis": "assis"}
    if recipe.who in FEMININE:
        slots["assis"] = "assises" if several else "assise"
    for table, value in ((NUMBERS, recipe.how_many), (COLOURS, recipe.colour)):
        names = next(iter(table.values())).forms(language)
        slots |= zip(names, table[value].forms(language) if value in table else [""] * len(names), strict=True)
    words = template.format(**slots).split()  # an empty slot leaves no second space
    return " ".join([words[0].capitalize(), *words[1:]]) + "."
