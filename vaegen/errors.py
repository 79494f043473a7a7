"""The one exception that people see: it says what was given, what is allowed and what to do."""

from __future__ import annotations

import operator
from typing import SupportsIndex, cast


class VaegenError(ValueError):
    """A mistake in the input, a file or an option, told in a sentence that a user can act on.

        raise VaegenError("There is no prior {name}; choose one of {known}.", name=repr(name), known=", ".join(known))

    The sentence is a constant, and what differs from case to case stands in it as a {name}: so that the page can say it in
    every language (`tests/test_errors.py` forbids all else).

    Attributes:
        text: The sentence with its {names}.
        values: What the names stand for; numbers as numbers, which a page writes its own way, the rest as text.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        self.text = text
        self.values = {name: value if _is_number(value) else str(value) for name, value in values.items()}
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in self.values.items()}
        super().__init__(text.format(**shown) if shown else text)


class TextTooLong(VaegenError):
    """A text is longer than the model can read; `values` has its number, its n tokens and the most that there may be."""


class UnusedOption(UserWarning):
    """An option was given that makes no difference to what was asked."""


def whole(name: str, value: object, least: int | None = None) -> int:
    """Returns a value as an int: whole numbers of Python and NumPy are, floats, strings and truth values are not.

    Raises:
        VaegenError: If it is no whole number, or below the least.
    """
    try:
        number = operator.index(cast(SupportsIndex, value))
    except TypeError:
        number = None
    if number is None or type(value).__name__.startswith("bool"):
        raise VaegenError("{name}={value}: give a whole number, as in {name}=1.", name=name, value=f"{value!r:.60}")
    if least is not None and number < least:
        raise VaegenError("{name}={value}: give a whole number from {least} on.", name=name, value=str(number), least=least)
    return number


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
