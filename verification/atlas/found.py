"""The public functions of a library, found by looking: each once, by the first name it has."""

import importlib
import inspect
import pkgutil
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
        "jax.experimental.ode",
    ),
    "optax": ("optax.losses", "optax.projections", "optax.tree", "optax"),
    "torch": (),  # those of its own database: torch_operators.py
}
DEEPER = ("jax.scipy.stats",)  # their modules of functions are looked into at once
PACKAGES = {"jax": ("jax.numpy", "jax.nn", "jax.lax", "jax.scipy")}  # all that is below, at last


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
    """The modules that are looked into: those that are named, then all others of its packages."""
    named = [deeper for name in LIBRARIES[library] for deeper in (name, *_below(name, DEEPER))]
    yield from named
    for package in PACKAGES.get(library, ()):
        yield from (name for name in _below(package, (package,)) if name not in named)


def _below(name: str, packages: tuple[str, ...]) -> list[str]:
    """The public modules of a package, and of what it holds; none of what is no such package."""
    path = importlib.import_module(name).__path__ if name in packages else ()
    every = pkgutil.walk_packages(path, f"{name}.")
    return sorted(one.name for one in every if "._" not in one.name)


def public(module: str) -> Iterator[tuple[str, Callable]]:
    """What of a module may be called, and is no class."""
    for name, thing in vars(importlib.import_module(module)).items():
        if not name.startswith("_") and callable(thing) and not inspect.isclass(thing):
            yield name, thing
