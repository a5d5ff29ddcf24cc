"""Modules of Flax, Equinox, Haiku and Keras on JAX, as functions of their parameters by name.

Known at sight; no framework is imported to find out.  Parameters come first, a dict by the paths
that the framework has for them; where the sampler leaves them out they are the module's own, moved
at random.  What else a module holds stays as it is; running statistics that a pass of an NNX module
changes are a second output.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import jax_function
from .torch_programs.parameters import moved, signature_of

KERAS_FLOATS = (
    "the layers of {} compute in {}; call keras.config.set_floatx('float64') before they are made, "
    "and run Keras on JAX: KERAS_BACKEND=jax"
)


class Own(NamedTuple):
    """A module: run(parameters, *inputs), and its parameters, which may hang on the inputs."""

    name: str
    run: Callable
    parameters: Callable[..., dict[str, Any]]

    def sampler(self, args: Any) -> Any:
        """args with the parameters before them; a tuple has them as they are."""
        if isinstance(args, tuple):
            return args if args and isinstance(args[0], dict) else (self.parameters(*args), *args)

        def sample(rng, *dtype, **named):
            inputs = args(rng, *dtype, **named)
            inputs = tuple(inputs) if isinstance(inputs, list | tuple) else (inputs,)
            if inputs and isinstance(inputs[0], dict):
                return inputs
            found = self.parameters(*inputs)
            return ({name: moved(rng, np.asarray(x)) for name, x in found.items()}, *inputs)

        sample.__signature__ = signature_of(args)  # pyright: ignore[reportFunctionMemberAccess]
        return sample


def opened(gradient: Any, of: Any, args: Any) -> tuple[Any, Any, Any]:
    """A module's own derivative, its forward pass, and its sampler; anything else as it is."""
    own = known(gradient)
    if own is None or args is None:
        return gradient, of, args
    whole = known(of) if of is not None else own
    run = of if whole is None else whole.run
    return jax_function.derivative(own.run), run, own.sampler(args)


def known(module: Any) -> Own | None:
    for framework, one in FRAMEWORKS.items():
        if (there := sys.modules.get(framework)) is not None and (own := one(there, module)):
            own.run.__name__ = own.name
            return own
    return None


def by_path(tree: Any) -> dict[str, Any]:
    """The leaves of a tree by their paths, such as layers.0.weight."""
    pairs = jax.tree_util.tree_flatten_with_path(tree)[0]
    word = lambda key: jax.tree_util.keystr((key,), simple=True)
    named = lambda path: ".".join(word(key) for key in path if word(key) not in ("value", ""))
    return {named(path): leaf for path, leaf in pairs}


def like(tree: Any, named: dict) -> Any:
    """The tree with the leaves of a dict by path."""
    return jax.tree.unflatten(jax.tree.structure(tree), [named[name] for name in by_path(tree)])


def equinox(eqx: Any, module: Any) -> Own | None:
    if not isinstance(module, eqx.Module) or not callable(module):
        return None
    moving, static = eqx.partition(module, eqx.is_inexact_array)
    if type(module).__module__.startswith("equinox._") and not jax.tree.leaves(moving):
        return None  # of filter_grad and its like, around a function: it is one, and no layer
    run = lambda params, *inputs: eqx.combine(like(moving, params), static)(*inputs)
    return Own(type(module).__name__, run, lambda *_: by_path(moving))


def nnx(there: Any, module: Any) -> Own | None:
    if not isinstance(module, there.Module):
        return None
    graph, moving, statistics, rest = there.split(module, there.Param, there.BatchStat, ...)
    has_statistics = bool(jax.tree.leaves(statistics))

    def run(params, *inputs):
        dtype = jnp.result_type(*params.values())
        wide = lambda x: x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x
        kept = jax.tree.map(wide, statistics), jax.tree.map(lambda x: x, rest)  # its own copies
        whole = there.merge(graph, like(moving, params), *kept)
        out = whole(*inputs)
        return (out, by_path(there.state(whole, there.BatchStat))) if has_statistics else out

    return Own(type(module).__name__, run, lambda *_: by_path(moving))


def linen(there: Any, module: Any) -> Own | None:
    if not isinstance(module, there.Module):
        return None

    def whole(inputs: tuple) -> dict:
        return module.init(jax.random.key(0), *map(jnp.asarray, inputs))

    def run(params, *inputs):
        held = jax.eval_shape(lambda: whole(inputs))
        rest = {k: v for k, v in whole(inputs).items() if k != "params"} if len(held) > 1 else {}
        return module.apply({"params": like(held["params"], params), **rest}, *inputs)

    return Own(type(module).__name__, run, lambda *inputs: by_path(whole(inputs)["params"]))


def haiku(hk: Any, pair: Any) -> Own | None:
    if not isinstance(pair, hk.Transformed):
        return None
    made = lambda inputs: pair.init(jax.random.key(0), *map(jnp.asarray, inputs))

    def run(params, *inputs):
        held = like(jax.eval_shape(lambda: made(inputs)), params)
        try:
            return pair.apply(held, jax.random.key(0), *inputs)
        except TypeError:  # it was made without a key
            return pair.apply(held, *inputs)

    return Own("haiku", run, lambda *inputs: by_path(made(inputs)))


def keras(there: Any, module: Any) -> Own | None:
    """Raises ValueError where its numbers are not those of JAX in float64."""
    if not isinstance(module, there.layers.Layer):
        return None
    if module.compute_dtype != "float64" or there.backend.backend() != "jax":
        raise ValueError(KERAS_FLOATS.format(module.name, module.compute_dtype))
    names = [variable.path for variable in module.trainable_variables]

    def run(params, *inputs):
        held = [variable.value for variable in module.non_trainable_variables]
        return module.stateless_call([params[name] for name in names], held, *inputs)[0]

    own = lambda *_: {variable.path: variable.value for variable in module.trainable_variables}
    return Own(module.name, run, own)


FRAMEWORKS: dict[str, Callable[[Any, Any], Own | None]] = {
    "equinox": equinox,
    "flax.nnx": nnx,
    "flax.linen": linen,
    "haiku": haiku,
    "keras": keras,
}
