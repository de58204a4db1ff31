"""How well a name answers what someone typed: the one order of all search fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def match(query: str, name: str, aliases: Iterable[str] = (), kind: str = "") -> tuple[int, int] | None:
    """Return a score, lower for better, or None where `query` is not meant.

    From the best: the name, its beginning, an alias, words of the name, an alias's beginning or words, a part of the
    name, a part of an alias, words of the kind that it is of, letters of the name in their order. Among equals the
    shorter wins.
    """
    typed = query.lower().split()
    wanted = "".join(typed)
    places = [(_NAME[_place(typed, wanted, name)], len(_key(name)))]
    places += [(_ALIAS[_place(typed, wanted, alias)], len(_key(alias))) for alias in aliases]
    if _place(typed, wanted, kind) <= 2:
        places.append((8, len(_key(name))))
    letters = iter(_key(name))
    if all(letter in letters for letter in wanted):
        places.append((9, len(_key(name))))
    best = min(places)
    return best if best[0] < _NEVER else None


_NEVER = 10
_NAME = (0, 1, 3, 6, _NEVER)
_ALIAS = (2, 4, 5, 7, _NEVER)
"""What it is worth to be all of a text, its beginning, beginnings of its words, parts of it, or nothing of it."""


def _place(typed: list[str], wanted: str, text: str) -> int:
    key = _key(text)
    if key == wanted:
        return 0
    if key.startswith(wanted):
        return 1
    words = [word.lower() for word in _WORDS.findall(text)]
    if all(any(word.startswith(each) for word in words) for each in typed):
        return 2
    return 3 if all(each in key for each in typed) else 4


def _key(text: str) -> str:
    return "".join(text.lower().split())
