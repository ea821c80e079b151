"""Values of a configuration file: converted, scaled, looked up, or refused with their place.

This file may turn one value into another; it knows no table.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from adapters.units import BadInput, cut, scaled_decimal, shown

T = TypeVar("T")
_WHERE: Final = re.compile(r" - at `\$(.*)`$")


def convert(raw: Any, table: type[T], place: str) -> T:
    """A table as its class. `BadInput` names the place and the key."""
    try:
        return msgspec.convert(raw, table, strict=True)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _WHERE.search(text)
        key = found.group(1).lstrip(".") if found else ""
        text = _WHERE.sub("", text).replace("`", "")
        where = f"{place}, {cut(key, 80)}" if key else place
        raise BadInput(f"{where}: {cut(_lower(text), 200)}") from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def at_key(place: str, key: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except BadInput as error:
        raise BadInput(f"{place}, {key}: {error}") from None


def amount_of(place: str, key: str, value: Decimal, digits: int) -> int:
    return at_key(place, key, lambda: scaled_decimal(value, digits))


def word_number(place: str, key: str, word: str, names: tuple[str, ...]) -> int:
    if word not in names:
        raise BadInput(f"{place}, {key}: {shown(word)} is none of {', '.join(names)}")
    return names.index(word)


def known_name(place: str, key: str, name: str, known: Mapping[str, T], kind: str) -> T:
    if name not in known:
        have = ", ".join(known) or "none"
        raise BadInput(f"{place}, {key}: there is no {kind} {shown(name)}; known: {have}")
    return known[name]


def check_new_name(name: str, known: Mapping[str, object], place: str) -> None:
    if name in known:
        raise BadInput(f"{place}: the name is given twice")
