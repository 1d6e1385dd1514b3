"""JSON objects and arrays that refuse to be changed, and copies for each reader.

`ReadOnlyDict` and `ReadOnlyList` are a real dict and a real list, so `json.dumps`, `isinstance`,
`==` and the encoders of web frameworks take them as they are; changing them in place is refused.
`dict.__setitem__(claims, ...)` and `heapq.heappush` go past any refusal that a subclass can make;
therefore `KeptObject` gives each request claims of its own, and no other request reads as signed
what one has written into them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn, Self, TypeAlias, TypeVar

__all__ = [
    "KeptObject",
    "ReadOnlyDict",
    "ReadOnlyList",
    "RepeatedNameError",
    "read_only_object",
]


class RepeatedNameError(ValueError):
    """Two members of a JSON object have one name."""


_REFUSAL: Final = "claims are read-only; copy them first, e.g. dict(claims)"


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise TypeError(_REFUSAL)


_Made = TypeVar("_Made")


class _MadeByNew(type):
    """A class whose values are complete after `__new__`, so that `__init__` can be refused."""

    def __call__(cls: type[_Made], *args: Any) -> _Made:
        return cls.__new__(cls, *args)


class ReadOnlyDict(dict[str, Any], metaclass=_MadeByNew):
    """A JSON object that refuses every change in place with TypeError.

    `copy.copy` and `copy.deepcopy` give the value itself, as for a tuple, and pickle gives a
    ReadOnlyDict again. `copy()` and `|` give a plain dict of the same values, as `dict(claims)`
    does: whoever calls a method of dict by name means to change its result.
    """

    __slots__ = ()

    def __new__(cls, members: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> Self:
        made = _new_dict(cls)
        _fill_dict(made, members)
        for name, value in made.items():
            if isinstance(value, dict | list):
                _set_member(made, name, _read_only(value))
        return made

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        _refuse()

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = _refuse
    pop = _refuse
    popitem = _refuse
    setdefault = _refuse
    update = _refuse

    def copy(self) -> dict[str, Any]:
        """A plain dict of the same values."""
        return dict(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)

    def __reduce_ex__(self, _protocol: object) -> tuple[type[Self], tuple[dict[str, Any]]]:
        # Without this, protocol 2 would ask dict for its items and write to a ReadOnlyDict.
        return self.__reduce__()


class ReadOnlyList(list[Any], metaclass=_MadeByNew):
    """A JSON array that refuses every change in place with TypeError.

    `copy.copy` and `copy.deepcopy` give the value itself, and pickle gives a ReadOnlyList again.
    `copy()`, slices, `+` and `*` give a plain list of the same values.
    """

    __slots__ = ()

    def __new__(cls, elements: Iterable[Any] = ()) -> Self:
        made = _new_list(cls)
        _fill_list(made, elements)
        for index, value in enumerate(made):
            if isinstance(value, dict | list):
                _set_element(made, index, _read_only(value))
        return made

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        _refuse()

    __setitem__ = _refuse
    __delitem__ = _refuse
    __iadd__ = _refuse
    __imul__ = _refuse
    append = _refuse
    clear = _refuse
    extend = _refuse
    insert = _refuse
    pop = _refuse
    remove = _refuse
    reverse = _refuse
    sort = _refuse

    def copy(self) -> list[Any]:
        """A plain list of the same values."""
        return list(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[list[Any]]]:
        return type(self), (list(self),)

    def __reduce_ex__(self, _protocol: object) -> tuple[type[Self], tuple[list[Any]]]:
        return self.__reduce__()


# The ways around the refusals, for this module alone.
_new_dict: Final = dict.__new__
_fill_dict: Final = dict.update
_set_member: Final = dict.__setitem__
_new_list: Final = list.__new__
_fill_list: Final = list.extend
_set_element: Final = list.__setitem__


def _read_only(value: dict[str, Any] | list[Any]) -> ReadOnlyDict | ReadOnlyList:
    return ReadOnlyDict(value) if isinstance(value, dict) else ReadOnlyList(value)


def read_only_object(members: list[tuple[str, Any]]) -> ReadOnlyDict:
    """A JSON object of its members.

    Hot path (benchmark case `new token`): for a JSON scanner, which calls it from the inside out.
    The objects in `members` are read-only already, its arrays are plain lists.

    Raises RepeatedNameError.
    """
    made: ReadOnlyDict = _new_dict(ReadOnlyDict)
    _fill_dict(made, members)
    if len(made) != len(members):
        raise RepeatedNameError
    for name, value in members:
        if type(value) is list:
            _set_member(made, name, _read_only_array(value))
    return made


def _read_only_array(elements: list[Any]) -> ReadOnlyList:
    for value in elements:
        if type(value) is list:
            elements = [_read_only_array(one) if type(one) is list else one for one in elements]
            break
    made: ReadOnlyList = _new_list(ReadOnlyList)
    _fill_list(made, elements)
    return made


_Container: TypeAlias = ReadOnlyDict | ReadOnlyList


class KeptObject:
    """A JSON object that is kept for later readers.

    Each of them is given a copy of its own, which shares no object and no array with any other;
    strings and numbers are shared. Nobody is given what is kept here.

    Args:
        value: the object; it is not changed and not kept.
    """

    __slots__ = ("_arrays", "_members", "_nested")

    def __init__(self, value: ReadOnlyDict) -> None:
        # Hot path (benchmark case `hot token`): a plain dict and plain tuples are copied sooner
        # than their subclasses.
        self._members: Final = dict(value)
        self._arrays: Final = tuple(
            (name, tuple(member)) for name, member in value.items() if _is_flat_array(member)
        )
        self._nested: Final = tuple(
            (name, _kept(member))
            for name, member in value.items()
            if isinstance(member, _Container) and not _is_flat_array(member)
        )
        for name, _ in (*self._arrays, *self._nested):
            self._members[name] = None

    def copy(self) -> ReadOnlyDict:
        """An equal object, which is the caller's alone."""
        made: ReadOnlyDict = _new_dict(ReadOnlyDict)
        _fill_dict(made, self._members)
        for name, elements in self._arrays:
            array: ReadOnlyList = _new_list(ReadOnlyList)
            _fill_list(array, elements)
            _set_member(made, name, array)
        for name, kept in self._nested:
            _set_member(made, name, kept.copy())
        return made


class _KeptArray:
    """A JSON array that is kept likewise."""

    __slots__ = ("_elements", "_nested")

    def __init__(self, value: ReadOnlyList) -> None:
        self._nested: Final = tuple(
            (index, _kept(element))
            for index, element in enumerate(value)
            if isinstance(element, _Container)
        )
        self._elements: Final = tuple(
            None if isinstance(element, _Container) else element for element in value
        )

    def copy(self) -> ReadOnlyList:
        """An equal array, which is the caller's alone."""
        made: ReadOnlyList = _new_list(ReadOnlyList)
        _fill_list(made, self._elements)
        for index, kept in self._nested:
            _set_element(made, index, kept.copy())
        return made


def _is_flat_array(value: object) -> bool:
    return isinstance(value, ReadOnlyList) and not any(isinstance(one, _Container) for one in value)


def _kept(value: _Container) -> KeptObject | _KeptArray:
    return KeptObject(value) if isinstance(value, dict) else _KeptArray(value)
