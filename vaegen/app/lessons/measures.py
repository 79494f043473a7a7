"""What a lesson may ask of the model: the names of its measures, of its views and of their settings.

The measures themselves are in `web/lessons/measures.js`, where the answers are; a test compares the two lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vaegen.app.settings import Setting
from vaegen.app.tabs import attention, inside, interpolate, sample, translate
from vaegen.latent.prior_kinds import PRIORS

# What a checkpoint must have, besides the language of the lesson's sentence.
NEEDS = ("latent", "dial", "line", "priors", "directions", "captions", "translations", "two languages")
PARTS = {"inside": ("bound", "posterior", "curves")}  # of a view, that a step may point at
VIEWS: dict[str, dict[str, Setting]] = {
    "translate": translate.SETTINGS,
    "interpolate": interpolate.SETTINGS
    | {"mode": {"kind": "choice", "default": "walk", "choices": ["walk", "grid", "analogy", "cloud"]}},
    "sample": sample.SETTINGS
    | {
        "prior": {"kind": "choice", "default": "normal", "choices": list(PRIORS)},
        "moves": {"kind": "moves", "default": {}},
    },
    "attention": attention.SETTINGS,
    "inside": inside.SETTINGS | {"shown": {"kind": "choice", "default": "kl", "choices": ["mu", "std", "kl"]}},
}


@dataclass(frozen=True)
class Measure:
    """One figure that a check can name.

    Attributes:
        tab: The view whose answer it is taken from.
        values: What an outcome may fill in, besides `value`.
        needs: Of `NEEDS`, what the checkpoint must have.
        compares: Whether it sets the answer against one to other settings (`compare`).
        settings: What the page must be set to for it.
    """

    tab: str
    values: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    compares: bool = False
    settings: tuple[tuple[str, Any], ...] = ()


_WALK, _CLOUD = (("mode", "walk"),), (("mode", "cloud"),)
LATENT, TWO = ("latent",), ("two languages",)
MEASURES: dict[str, Measure] = {
    # Translate
    "kept_words": Measure("translate", ("kept", "total", "text"), LATENT),
    "cards_changed": Measure("translate", ("total", "before", "after"), TWO, True),
    "log_prob_gain": Measure("translate", ("before", "after"), TWO, True),
    "least_sure": Measure("translate", ("word", "language", "rival"), TWO),
    "broken_words": Measure("translate", ("total", "word", "pieces")),
    "first_piece": Measure("translate", ("first", "total")),
    # Inside
    "latent_numbers": Measure("inside", ("words", "slots", "width"), LATENT),
    "slots_missed": Measure("inside", ("n", "total", "slot", "cost"), LATENT),
    "narrow": Measure("inside", ("total", "mean"), LATENT),
    "kl_share": Measure("inside", ("kl", "recon"), LATENT),
    "paid_share": Measure("inside", ("beta", "kl", "paid", "recon"), ("latent", "dial")),
    "second_moment": Measure("inside", ("means", "widths"), LATENT),
    "kl_times": Measure("inside", ("before", "after"), ("latent", "dial"), True),
    "recon_change": Measure("inside", ("before", "after"), ("latent", "dial"), True),
    "bound_change": Measure("inside", ("before", "after"), ("latent", "dial"), True),
    "saved_per_nat": Measure("inside", ("paid", "saved"), ("latent", "dial"), True),
    "line_gap": Measure("inside", ("bound", "line", "beta"), ("latent", "dial", "line")),
    # Interpolate
    "different": Measure("interpolate", ("total", "language"), LATENT, settings=_WALK),
    "different_change": Measure("interpolate", ("total", "language", "before", "after"), LATENT, True, _WALK),
    "middle_length": Measure("interpolate", ("angle",), LATENT, settings=_WALK),
    "middle_change": Measure("interpolate", ("before", "after", "angle"), LATENT, True, _WALK),
    "first_change": Measure("interpolate", ("one", "other", "first", "second"), ("latent", "two languages"), settings=_WALK),
    "same_near": Measure("interpolate", ("text", "width"), LATENT, settings=_CLOUD),
    # Sample
    "length_times": Measure("sample", ("before", "after", "text"), LATENT, True),
    "words_shared": Measure("sample", ("total", "text"), LATENT, settings=(("start", "prior"),)),
    "words_moved": Measure("sample", ("before", "after", "name"), ("latent", "directions"), True),
    "real_effect": Measure("sample", ("n", "most", "least", "most_share", "least_share", "made_up"), ("latent", "captions")),
    # Attention
    "to_words": Measure("attention", ("slots",)),
    "head_places": Measure("attention", ("heads", "word")),
    "taken_word": Measure("attention", ("word", "share", "changed", "total"), settings=(("without", None),)),
    "sub_words": Measure("attention", ("pieces", "words", "text"), settings=(("merge", False),)),
}
