"""The one exception that people see: it says what was given, what is allowed and what to do."""

from __future__ import annotations


class VaegenError(ValueError):
    """A mistake in the input, a file or an option, told in a sentence that a user can act on.

    Attributes:
        text: The sentence; with {names} in it where values are given apart, so that a page can say it in another language.
        values: What the names stand for.
    """

    def __init__(self, text: str, **values: str | int) -> None:
        shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
        super().__init__(text.format(**shown) if shown else text)
        self.text, self.values = text, values
