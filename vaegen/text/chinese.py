"""Chinese characters: traditional ones become simplified ones, in a whole text by phrases or each on its own."""

from __future__ import annotations

import functools
import re
from typing import Any

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
SPACE_IN_CHINESE = re.compile(rf"(?<={HAN.pattern}) (?={HAN.pattern})")


def simplified(text: str) -> str:
    """Returns a text with its Chinese in simplified characters and without spaces inside; any other text as it is.

    Source: OpenCC, profile `t2s`: by phrases first, as one traditional character may stand for two simplified ones.
    """
    return SPACE_IN_CHINESE.sub("", _opencc().convert(text)) if HAN.search(text) else text


def simplified_each(text: str) -> str:
    """Returns a text with each character simplified on its own, whatever stands beside it: the text is as long as before."""
    return HAN.sub(lambda match: _simplified_character(match.group()), text)


@functools.cache
def _simplified_character(character: str) -> str:
    return "你" if character == "妳" else _opencc().convert(character)  # "you" to a woman, which OpenCC leaves


@functools.cache
def _opencc() -> Any:
    from opencc import OpenCC  # here, because only Chinese needs it

    return OpenCC("t2s")
