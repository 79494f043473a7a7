"""The one exception that people see: it says what was given, what is allowed and what to do."""


class VaegenError(ValueError):
    """A mistake in the input, a file or an option, told in a sentence that a user can act on."""
