"""The arguments of an endpoint are checked by its own signature, which is also what the API's schema is made from.

Types and lengths here, before anything runs; ranges and choices by the questions' `checked`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from vaegen.errors import VaegenError
from vaegen.latent.codes import MAX_CODE

MAX_TEXT = MAX_CODE + 2  # characters of any text: "z:" and a latent are the longest
MAX_LIST = 2000
KINDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    float | None: "a number, or nothing",
    list[str]: "a list of texts",
}


def checker(function: Callable[..., Any]) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]:
    """Returns what makes the keyword arguments of a function out of those it is called with.

    The result raises VaegenError if one is missing or of a wrong type. Nothing given is the default, where there is one.
    """
    signature, kinds = inspect.signature(function), get_type_hints(function)
    for name in signature.parameters:
        assert kinds[name] in KINDS, f"{function.__name__}: no check for {name}"

    def check(values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        try:
            given = signature.bind_partial(*values, **named).arguments
        except TypeError as error:
            known = ", ".join(signature.parameters)
            raise VaegenError("These are not the endpoint's arguments; give {known}.", known=known) from error
        found = {}
        for name, parameter in signature.parameters.items():
            value = given.get(name)
            if value is None and parameter.default is not parameter.empty:
                found[name] = parameter.default
            else:
                found[name] = check_kind(name, value, kinds[name])
        return found

    return check


def check_kind(name: str, value: Any, kind: Any) -> Any:
    """Returns a value if it is of a kind out of `KINDS`.

    Raises:
        VaegenError: If it is not, or too long.
    """
    if not _is(value, kind):
        raise VaegenError("{name} is {value}; give {kind}.", name=name, value=_shown(value), kind=KINDS[kind])
    if kind is str and len(value) > MAX_TEXT:
        said = "{name} has {n} characters; at most {most} are possible. Shorten it."
        raise VaegenError(said, name=name, n=len(value), most=MAX_TEXT)
    if kind == list[str] and len(value) > MAX_LIST:
        said = "{name} has {n} lines; at most {most} are possible at once."
        raise VaegenError(said, name=name, n=len(value), most=MAX_LIST)
    return int(value) if kind is int else value


def _is(value: Any, kind: Any) -> bool:
    if kind is str or kind is bool:
        return isinstance(value, kind)
    if kind == list[str]:
        return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    if value is None:
        return kind == float | None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e18:
        return False
    return kind is not int or value == int(value)


def _shown(value: Any) -> str:
    """What was given, short: a large one is not written out first."""
    if isinstance(value, (list, dict, tuple)):
        return {list: "a list", tuple: "a list", dict: "an object"}[type(value)]
    return "nothing" if value is None else f"{value:.60}" if isinstance(value, str) else f"{value!r:.60}"
