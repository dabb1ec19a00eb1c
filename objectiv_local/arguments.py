"""Arguments of public calls: each is checked against the annotation of its parameter before the call does anything.

Annotations are what mypy checks inside the package. :func:`checked` holds the callers of the package to them at run time: an
argument of another type raises :class:`InvalidType`, which names the parameter, what it takes and what it was given. So do
arguments that are missing or too many. Strings and paths have to be Unicode text. What a type cannot say, such as the range
of a number, is checked by the function itself.
"""

from __future__ import annotations

import builtins
import datetime
import os
import re
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, isfunction, signature, unwrap
from numbers import Integral, Real
from typing import Any, Literal, TypeVar

from objectiv_local.errors import InvalidType, InvalidValue, near

T = TypeVar("T")

_PACKAGE = __name__.partition(".")[0]
#: Code points that stand for half of a character in UTF-16, and for none in Unicode text.
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXTS = (str, os.PathLike)
#: Annotations that take anything.
_ANYTHING = ("object", "Any", Parameter.empty)
#: Methods that the package or Python itself calls; ``__init__`` is checked where it is decorated itself.
_NOT_CHECKED = (
    "__init__",
    "__getattr__",
    "__setattr__",
    "__delattr__",
    "__init_subclass__",
    "__class_getitem__",
    "__array__",
    "__eq__",
)


def checked(target: T) -> T:
    """Return a function, or a class with its public methods, that raises InvalidType for arguments of other types.

    >>> @checked
    ... def repeated(word: str, times: int = 2) -> str:
    ...     return word * times
    >>> repeated("a", times=3)
    'aaa'
    >>> repeated("a", "b")
    Traceback (most recent call last):
    objectiv_local.errors.InvalidType: times of repeated has to be a whole number, not 'b'
    """
    if isfunction(target):
        return typing.cast("T", _checked(target))
    made: dict[object, object] = {}
    for name, member in list(vars(target).items()):
        if (name.startswith("_") and not name.startswith("__")) or name in _NOT_CHECKED:
            continue
        function = member.__func__ if isinstance(member, classmethod) else member
        if isfunction(function):
            # A method with two names stays one method.
            method = made.setdefault(function, _checked(function, name))
            setattr(target, name, classmethod(typing.cast("Any", method)) if isinstance(member, classmethod) else method)
    return target


def _checked(function: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    every = list(signature(function).parameters.values())
    is_method = bool(every) and every[0].name in ("self", "cls")
    parameters = [each for each in every[is_method:] if each.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)]
    name = name or function.__name__
    if name.startswith("__") and all(each.annotation in _ANYTHING for each in parameters):
        return function  # operators are called very often, and never by keyword
    keywords = {each.name for each in parameters}
    needed = [each for each in parameters if each.default is Parameter.empty]
    required = [each.name for each in needed if each.kind is not Parameter.KEYWORD_ONLY]
    named = [each.name for each in needed if each.kind is Parameter.KEYWORD_ONLY]
    at_most = (
        None
        if any(each.kind is Parameter.VAR_POSITIONAL for each in every)
        else is_method + sum(each.kind is not Parameter.KEYWORD_ONLY for each in parameters)
    )
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in every)
    kinds: dict[str, Kind] = {}
    # One for each positional argument; None for what is not checked.
    places: list[Kind | None] = []
    pending = True

    def resolve() -> None:
        for each in parameters:
            kind = kind_of(each.annotation, getattr(unwrap(function), "__globals__", {}))
            if kind is not None:
                kinds[each.name] = kind
            if each.kind is not Parameter.KEYWORD_ONLY:
                places.append(kind)
        if is_method:
            places.insert(0, None)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal pending
        if pending:
            # Annotations are resolved at the first call, when all modules are loaded.
            resolve()
            pending = False
        for place, (kind, value) in enumerate(zip(places, args, strict=False)):
            if isinstance(value, _TEXTS):
                check(args, parameters[place - is_method].name, value)
            if kind is not None and type(value) not in kind.exact and not kind.accepts(value):
                refuse(args, parameters[place - is_method], kind, value)
        for value in args[len(places) :]:
            check_text(value, lambda: f"an argument of {where(args)}")
        for key, value in kwargs.items():
            if key not in keywords:
                if not takes_any:
                    raise _unknown(args[0] if is_method and args else None, name, key, keywords)
                check_text(key, lambda: f"a name given to {where(args)}")
            if isinstance(value, _TEXTS):
                check(args, key, value)
            kind = kinds.get(key)
            if kind is not None and type(value) not in kind.exact and not kind.accepts(value):
                refuse(args, next(each for each in parameters if each.name == key), kind, value)
        missing = [each for each in required[max(0, len(args) - is_method) :] + named if each not in kwargs]
        if missing and len(args) >= is_method:
            raise _missing(where(args), missing, _example(function, name))
        if at_most is not None and len(args) > at_most:
            raise _too_many(where(args), len(args) - is_method, at_most - is_method, parameters, takes_any)
        return function(*args, **kwargs)

    def check(args: tuple[Any, ...], parameter: str, value: object) -> None:
        check_text(value, lambda: f"{parameter} of {where(args)}")

    def where(args: tuple[Any, ...]) -> str:
        return _where(args[0] if is_method and args else None, name)

    def refuse(args: tuple[Any, ...], parameter: Parameter, kind: Kind, value: object) -> None:
        # A default may be a value of its own that stands for no argument.
        if value is not parameter.default:
            raise _wrong(args[0] if is_method and args else None, name, parameter.name, kind, value)

    return call


def _where(owner: object, name: str) -> str:
    class_ = "" if owner is None else owner.__name__ if isinstance(owner, type) else type(owner).__name__
    return {
        "__init__": class_,
        "__getitem__": f"{class_}[...]",
        "__setitem__": f"{class_}[...]",
        "__delitem__": f"{class_}[...]",
    }.get(name, f"{class_}.{name}" if class_ else name)


def _unknown(owner: object, name: str, keyword: str, known: Iterable[str]) -> InvalidType:
    hint = _KEYWORDS[keyword].format(name=name) if keyword in _KEYWORDS else near(keyword, known) if known else None
    return InvalidType(f"{_where(owner, name)} has no parameter {keyword!r}", hint=hint or "it takes no arguments")


def _missing(where: str, missing: list[str], example: str) -> InvalidType:
    what = _listed(missing).replace(" or ", " and ")
    shown = ", ".join(f"{each}=..." for each in missing)
    return InvalidType(
        f"{what} of {where} {'is' if len(missing) == 1 else 'are'} missing",
        hint=f"for instance {example or f'{where}({shown})'}",
    )


def _too_many(where: str, given: int, most: int, parameters: list[Parameter], takes_any: bool) -> InvalidType:
    named = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
    rest = f"; {_listed(named).replace(' or ', ' and ')} {'is' if len(named) == 1 else 'are'} given by name" if named else ""
    takes = f"at most {most} positional argument{'s' if most > 1 else ''}" if most else "no positional argument"
    taken = ", ".join(each.name for each in parameters[:most])
    rest = rest or ("; others are given by name" if takes_any else "")
    hint = f"by position it takes {taken}{rest}" if most else rest.removeprefix("; ")
    return InvalidType(f"{where} takes {takes}, and was given {given}", hint=hint or "it takes no arguments")


def _example(function: Callable[..., Any], name: str) -> str:
    """Return the first call of the function in the example of its docstring; empty if there is none."""
    import ast
    from doctest import DocTestParser  # imports much, for a message

    for example in DocTestParser().get_examples(function.__doc__ or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
                return ast.unparse(node)
    return ""


def check_text(value: object, what: Callable[[], str]) -> None:
    """Raise InvalidValue for text with half of a surrogate pair, which no engine, file or terminal takes.

    ``what`` names the text in the message. Anything but strings and paths passes.
    """
    text = value if isinstance(value, str) else str(value) if isinstance(value, os.PathLike) else ""
    if not text.isascii() and _SURROGATE.search(text):
        raise InvalidValue(
            f"{what()} holds half of a character, a surrogate: {in_words(text)}",
            hint="text.encode('utf-8', 'ignore').decode() leaves these out",
        )


#: Parameters that pandas' methods have, with what to do here instead.
_KEYWORDS = {
    "inplace": "it returns another one, so assign that: df = df.{name}(...)",
    "axis": "it goes down the rows of each column; across columns, compute with them, as in df.a + df.b",
    "as_index": "the keys are the index of the result; .reset_index() makes columns of them",
    "sort": "rows are sorted with sort_values",
    "dropna": "a missing value is a group of its own; leave such rows out before: df[df.key.notnull()]",
    "observed": "groups are those that rows have; leave it out",
    "level": "levels of the index are named like columns: df.groupby('level')",
    "group_keys": "the keys are the index of the result; leave it out",
    "ignore_index": "rows keep their index; .reset_index(drop=True) leaves it out",
    "key": "sort by a column that is computed before: df.assign(key=...).sort_values('key')",
    "deep": "a copy never changes with the original; leave it out",
    "expand": "take the parts one by one: series.str.split(',').elements[0]",
    "margins": "df.rollup([...]) and df.cube([...]) have totals",
    "weights": "rows have equal weights; leave it out",
    "replace": "rows are drawn once; leave it out",
}


def _wrong(owner: object, name: str, parameter: str, kind: Kind, value: object) -> InvalidType:
    where = _where(owner, name)
    hint = None
    in_memory = type(value).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")
    if in_memory and re.search(r"\ba (DataFrame|Series)", kind.words):
        hint = "load it with DataFrame.from_pandas, from_polars or from_arrow"
    elif kind.words == "a DataFrame":
        hint = "make one with DataFrame.from_table and the like, or of events with ModelHub().events(...)"
    if isfunction(value) and kind.words.startswith("a mapping"):
        hint = "functions of Python run on fetched values: series.to_pandas().map(...)"
    if isinstance(value, _OurSeries) and "string" in kind.words:
        hint = "give the name of a column; df.assign(name=series) makes one of a series"
    elif "timedelta" in kind.words and isinstance(value, int | float | str):
        hint = "for instance datetime.timedelta(days=7)"
    return InvalidType(f"{parameter} of {where} has to be {kind.words}, not {in_words(value)}", hint=hint)


def in_words(value: object) -> str:
    """Return a value as a message shows it: short, and without what may be a password."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str | bytes):
        text = repr(value)
        secret = "://" in text or "password" in text.lower()
        return f"a {type(value).__name__} of {len(value)} characters" if secret or len(text) > 60 else text
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if type(value) in (list, tuple) and len(typing.cast("list[object]", value)) <= 5:
        items = [in_words(each) for each in typing.cast("list[object]", value)]
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return _one(type(value))


def _one(class_: type) -> str:
    """Return the words for an object of a class: a Series, an object, a pandas.Series."""
    package = getattr(class_, "package", class_.__module__.partition(".")[0])
    name = class_.__name__ if package in (_PACKAGE, "builtins") else f"{package}.{class_.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


# ---- annotations


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter takes: the test of a value, and the words for one value and for several.

    Values of the types ``exact`` need no test.
    """

    accepts: Callable[[object], bool]
    words: str
    plural: str
    exact: AbstractSet[type] = frozenset()


#: The types of numpy that stand for others beside numbers.
_NUMPY: dict[type, str] = {datetime.timedelta: "timedelta64", datetime.datetime: "datetime64", datetime.date: "datetime64"}


def _is_bool(value: object) -> bool:
    return isinstance(value, bool) or (type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy")


_SIMPLE: dict[object, Kind] = {
    types.NoneType: Kind(lambda value: value is None, "None", "None", {types.NoneType}),
    bool: Kind(_is_bool, "True or False", "True and False", {bool}),
    int: Kind(
        lambda value: isinstance(value, Integral) and not isinstance(value, bool), "a whole number", "whole numbers", {int}
    ),
    float: Kind(lambda value: isinstance(value, Real) and not isinstance(value, bool), "a number", "numbers", {float, int}),
    str: Kind(lambda value: isinstance(value, str), "a string", "strings", {str}),
}


def kind_of(annotation: Any, names: Mapping[str, object]) -> Kind | None:
    """Return what an annotation takes, or None if that is anything. ``names`` are the globals where it stands."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        annotation = eval(annotation, {}, _Names(names))  # noqa: S307 - annotations are code of this package
    if annotation in (object, Any, Parameter.empty) or isinstance(annotation, TypeVar):
        return None
    annotation = types.NoneType if annotation is None else annotation
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin = typing.get_origin(annotation)
    args = typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return _one_of([kind_of(each, names) for each in args])
    if origin is Literal:
        # Which values of these types it is, the function says itself, with the names that are near.
        return Kind(lambda value: any(type(value) is type(each) for each in args), _listed([repr(each) for each in args]), "")
    if origin is not None and issubclass(origin, Callable):  # type: ignore[arg-type]
        return Kind(callable, "a function", "functions")
    if origin is tuple and args[-1] is not Ellipsis:
        return _fixed([kind_of(each, names) for each in args])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*(kind_of(each, names) for each in args))
    if origin is not None and issubclass(origin, Iterable):
        return _several(kind_of(args[0], names), one_shot=not issubclass(origin, Collection))
    return _of_class(annotation if origin is None else origin)


def _of_class(class_: type) -> Kind:
    exact: set[type] = set()

    def accepts(value: object) -> bool:
        if isinstance(value, class_) or (type(value).__module__ == "numpy" and type(value).__name__ == _NUMPY.get(class_)):
            exact.add(type(value))
            return True
        return False

    words = _one(class_)
    name = words.partition(" ")[2]
    return Kind(accepts, words, name if name.endswith("s") else f"{name}s", exact)


def _one_of(kinds: list[Kind | None]) -> Kind | None:
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    tests = [kind.accepts for kind in known]
    words = [word for kind in known for word in (("True", "False") if kind is _SIMPLE[bool] else (kind.words,))]
    return Kind(
        lambda value: any(test(value) for test in tests),
        _listed(words),
        _listed([kind.plural for kind in known]),
        frozenset().union(*(kind.exact for kind in known)),
    )


def _fixed(kinds: list[Kind | None]) -> Kind:
    """Return the kind of a pair, a triple and so on: a tuple or a list."""

    def accepts(value: object) -> bool:
        return (
            isinstance(value, tuple | list)
            and len(value) == len(kinds)
            and all(kind is None or kind.accepts(each) for kind, each in zip(kinds, value, strict=True))
        )

    words = {kind.plural if kind is not None else "values" for kind in kinds}
    what = words.pop() if len(words) == 1 else "values"
    return Kind(accepts, f"a tuple of {len(kinds)} {what}", f"tuples of {len(kinds)} {what}")


def _mapping(key: Kind | None, value: Kind | None) -> Kind:
    def accepts(given: object) -> bool:
        return isinstance(given, Mapping) and all(
            (key is None or key.accepts(each)) and (value is None or value.accepts(given[each])) for each in given
        )

    words = f"of {'values' if key is None else key.plural} to {'values' if value is None else value.plural}"
    return Kind(accepts, f"a mapping {words}", f"mappings {words}")


def _several(item: Kind | None, *, one_shot: bool) -> Kind:
    """Return the kind of a list, or of what is iterated over like one; with ``one_shot``, also only once."""

    def accepts(value: object) -> bool:
        if isinstance(value, Iterator):
            return one_shot  # its values would be gone
        if isinstance(value, str | bytes | Mapping) or hasattr(type(value), "columns") or not isinstance(value, Iterable):
            return False
        if isinstance(value, _OurSeries):
            return False  # it has a length, and is lazy
        if not hasattr(type(value), "__len__") or getattr(value, "ndim", 1) != 1:
            return False
        return item is None or all(item.accepts(each) for each in value)

    what = "values" if item is None else item.plural
    return Kind(accepts, f"a list of {what}", f"lists of {what}")


def _listed(words: list[str]) -> str:
    words = [word for word in dict.fromkeys(words) if word]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class _Names(dict[str, Any]):
    """The names that an annotation reads: globals and builtins, and otherwise classes imported for type checkers only."""

    def __init__(self, names: Mapping[str, object]) -> None:
        super().__init__()
        self._globals = names

    def __missing__(self, name: str) -> Any:
        if name in self._globals:
            return self._globals[name]
        if name.startswith("__"):
            raise KeyError(name)  # asked for by debuggers, not by annotations
        return getattr(builtins, name) if hasattr(builtins, name) else _Named(name, (), {"package": _PACKAGE})


class _Named(type):
    """A class known by its name, and by the package that it is from, which is not imported to look at a value."""

    package: str

    def __instancecheck__(cls, value: object) -> bool:
        return any(
            base.__name__ == cls.__name__ and base.__module__.partition(".")[0] == cls.package for base in type(value).__mro__
        )

    def __getitem__(cls, item: object) -> _Named:
        return cls  # pandas.Series[Any]: what is in it is not looked at

    def __getattr__(cls, name: str) -> _Named:
        if name.startswith("__"):
            raise AttributeError(name)
        # pandas.DataFrame: what stands before the point is a package.
        return _Named(name, (), {"package": cls.__name__ if cls.package == _PACKAGE else cls.package})


_OurSeries = _Named("Series", (), {"package": _PACKAGE})
