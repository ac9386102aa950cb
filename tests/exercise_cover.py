"""Which exercises show, between them, all that checks ask an engine: a few, chosen by what their checks reach.

Engines of other releases and image stores answer some requests in another way, and a look that reads such an answer
judges wrongly in every exercise that uses it. So of the exercises whose checks make one request, or use one look that
does, one has to be proved on those engines; which, a walk through the checks' functions says.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable, Iterator
from typing import Any

from docker.api.client import APIClient

from labsupport.exercises import Exercise, Look, catalog, sources
from labsupport.exercises.lab import Lab

OWN = ("labsupport.exercises", sources.PACKAGE)
_PLAIN = set(dir(dict)) | set(dir(str)) | {"close", "get", "post", "put", "delete", "send", "auth", "headers", "start"}
REQUESTS = {name for name in dir(APIClient) if not name.startswith("_")} - _PLAIN


@functools.cache
def _course() -> tuple[Exercise, ...]:
    return tuple(exercise for lesson in catalog.lessons() for exercise in lesson.exercises)


def reached(exercise: Exercise) -> frozenset[str]:
    """The requests of the Docker SDK that an exercise's checks come to, and the shared looks and probes that make them.

    A lesson's own functions count by the requests in them.
    """
    found: dict[str, set[str]] = {}
    for step in exercise.steps:
        for check in step.checks:
            look = getattr(check, "look", None) or getattr(check, "want", None)
            if isinstance(look, Look):
                _walk(look.fetch, found)
    asking = {name for name, requests in found.items() if requests and name.startswith("labsupport.")}
    return frozenset(asking | {request for requests in found.values() for request in requests})


def _walk(function: Any, found: dict[str, set[str]]) -> set[str]:
    """Requests that this function comes to; found: those of each function on the way."""
    function = getattr(function, "__wrapped__", function)
    if isinstance(function, functools.partial):
        return _walk(function.func, found)
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType) or not function.__module__.startswith(OWN):
        return set()
    name = f"{function.__module__}.{function.__qualname__}"
    if name in found:
        return found[name]
    requests = found[name] = set()
    names = set(_names(function.__code__))
    requests |= names & REQUESTS
    for other in _others(function, names):
        requests |= _walk(other, found)
    return requests


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _others(function: types.FunctionType, names: Iterable[str]) -> Iterator[Any]:
    """What a function may call: in its module, in modules that it names, in what it closes over, methods of a lab."""
    near = [function.__globals__[name] for name in names if name in function.__globals__]
    kept = [cell.cell_contents for cell in function.__closure__ or ()]
    for each in (*near, *kept, *(function.__defaults__ or ())):
        if isinstance(each, types.ModuleType) and each.__name__.startswith(OWN):
            yield from (getattr(each, name) for name in names if hasattr(each, name))
        elif isinstance(each, Look):
            yield each.fetch
        else:
            yield each
    yield from (getattr(Lab, name) for name in names if name in vars(Lab))


def cover() -> tuple[str, ...]:
    """Ids of exercises that reach together all that any exercise reaches: at each step the one that adds most."""
    left = {exercise.id: reached(exercise) for exercise in _course()}
    missing, chosen = frozenset().union(*left.values()), []
    while missing:
        best = max(left, key=lambda each: len(left[each] & missing))
        missing -= left.pop(best)
        chosen.append(best)
    return tuple(each.id for each in _course() if each.id in chosen)
