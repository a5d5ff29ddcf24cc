"""The public functions of a library, found by looking: each once, by the first name it has."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

LIBRARIES = {
    "jax": (
        "jax.numpy",
        "jax.numpy.linalg",
        "jax.numpy.fft",
        "jax.nn",
        "jax.lax",
        "jax.lax.linalg",
        "jax.scipy.special",
        "jax.scipy.linalg",
        "jax.scipy.signal",
        "jax.scipy.ndimage",
        "jax.scipy.interpolate",
        "jax.scipy.integrate",
        "jax.scipy.stats",
        "jax.image",
        "jax.random",
        "jax.ops",
    ),
    "optax": ("optax.losses", "optax.projections", "optax.tree", "optax"),
    "torch": (),  # those of its own database: torch_operators.py
}
DEEPER = ("jax.scipy.stats",)  # their modules of functions are looked into, too


class Found(NamedTuple):
    """A function of a library, by its name there."""

    name: str
    function: Any


def functions(library: str) -> list[Found]:
    """Every public function of a library, in the order of its modules and the alphabet."""
    seen, found = set(), []
    for module in modules(library):
        for name, function in sorted(public(module)):
            if id(function) not in seen:
                seen.add(id(function))
                found.append(Found(f"{module}.{name}", function))
    return found


def modules(library: str) -> Iterator[str]:
    """The modules that are looked into, those that hold only functions of one kind too."""
    for name in LIBRARIES[library]:
        yield name
        if name in DEEPER:
            inner = vars(importlib.import_module(name)).items()
            below = [k for k, v in inner if inspect.ismodule(v) and not k.startswith("_")]
            yield from sorted(f"{name}.{k}" for k in below)


def public(module: str) -> Iterator[tuple[str, Callable]]:
    """What of a module may be called, and is no class."""
    for name, thing in vars(importlib.import_module(module)).items():
        if not name.startswith("_") and callable(thing) and not inspect.isclass(thing):
            yield name, thing
