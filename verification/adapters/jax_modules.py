"""Modules of Flax, Equinox, Haiku and Keras on JAX, as functions of their parameters by name.

Known at sight; no framework is imported to find out.  Parameters come first, a dict by the paths
that the framework has for them; where the sampler leaves them out they are the module's own, moved
at random.  What else a module holds stays as it is; running statistics that a pass of an NNX module
changes are a second output.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import jax_function
from .torch_programs.parameters import arguments_of, moved, signature_of

KERAS_FLOATS = (
    "{} computes in {}; call keras.config.set_floatx('float64') and "
    "keras.config.set_dtype_policy('float64') before it is made, and run Keras on JAX: "
    "KERAS_BACKEND=jax"
)


class Own(NamedTuple):
    """A module: run(parameters, *inputs), and its parameters, which may hang on the inputs."""

    name: str
    run: Callable
    parameters: Callable[..., dict[str, Any]]
    has_parameters: bool = True  # as far as is known without inputs

    @property
    def called(self) -> Callable:
        """run, where a module without parameters is called with its inputs alone."""

        def run(params, *inputs):
            is_given = isinstance(params, dict)
            return self.run(params, *inputs) if is_given else self.run({}, params, *inputs)

        alone = lambda *inputs: self.run({}, *inputs)
        named = run if self.has_parameters else alone
        named.__name__ = self.name
        return named

    def sampler(self, args: Any) -> Any:
        """args with the parameters before them, if there are any; a tuple has them as they are."""

        def first(inputs: tuple, change: Callable) -> tuple:
            if inputs and isinstance(inputs[0], dict):
                return inputs
            with jax.enable_x64(True):
                found = self.parameters(*inputs)
            return ({name: change(x) for name, x in found.items()}, *inputs) if found else inputs

        if isinstance(args, tuple):
            return first(args, lambda x: x)

        def sample(rng, *dtype, **named):
            inputs = arguments_of(args(rng, *dtype, **named))
            return first(inputs, lambda x: moved(rng, np.asarray(x)))

        sample.__signature__ = signature_of(args)  # pyright: ignore[reportFunctionMemberAccess]
        return sample


def opened(gradient: Any, of: Any, args: Any) -> tuple[Any, Any, Any]:
    """A module's own derivative, its forward pass, and its sampler; anything else as it is.

    A gradient by hand of a module is called with its parameters first, too.
    """
    own, whole = known(gradient), known(of)
    first = own or whole
    if first is None or args is None:
        return gradient, of, args
    run = of if of is not None and whole is None else (whole or first).called
    candidate = gradient if own is None else jax_function.derivative(own.called)
    return candidate, run, first.sampler(args)


def known(module: Any) -> Own | None:
    """A module, or a partial of one with keywords: `functools.partial(module, train=True)`."""
    is_bound = isinstance(module, partial) and not module.args
    inner, more = (module.func, module.keywords) if is_bound else (module, {})
    for framework, one in FRAMEWORKS.items():
        there = sys.modules.get(framework)
        if there is not None and (own := one(there, inner, more)):
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


def wide_as(params: dict) -> Callable:
    """What else a module holds, in the dtype of its parameters where it is of floats; copies."""
    dtype = jnp.result_type(*params.values()) if params else jnp.float64
    is_float = lambda x: jnp.issubdtype(x.dtype, jnp.floating)
    return lambda x: x.astype(dtype) if is_float(x) else x


def beside(out: Any, before: Any, after: Any) -> Any:
    """The value, and by path what a pass has written elsewhere, if anything."""
    old = by_path(before)
    written = {name: x for name, x in by_path(after).items() if x is not old.get(name)}
    return (out, written) if written else out


def equinox(eqx: Any, module: Any, more: dict) -> Own | None:
    if not isinstance(module, eqx.Module) or not callable(module):
        return None
    moving, static = eqx.partition(module, eqx.is_inexact_array)
    if type(module).__module__.startswith("equinox._") and not jax.tree.leaves(moving):
        return None  # of filter_grad and its like, around a function: it is one, and no layer
    run = lambda params, *inputs: eqx.combine(like(moving, params), static)(*inputs, **more)
    return Own(type(module).__name__, run, lambda *_: by_path(moving), bool(by_path(moving)))


def nnx(there: Any, module: Any, more: dict) -> Own | None:
    if not isinstance(module, there.Module):
        return None
    graph, moving, statistics, rest = there.split(module, there.Param, there.BatchStat, ...)

    def run(params, *inputs):
        kept = (jax.tree.map(wide_as(params), x) for x in (statistics, rest))
        kept = [jax.tree.map(lambda x: x, x) for x in kept]
        whole = there.merge(graph, like(moving, params), *kept)
        out = whole(*inputs, **more)
        return beside(out, kept[0], there.state(whole, there.BatchStat))

    return Own(type(module).__name__, run, lambda *_: by_path(moving), bool(by_path(moving)))


def linen(there: Any, module: Any, more: dict) -> Own | None:
    """Its random numbers are those of a key of 0, for every name that it asks by."""
    if not isinstance(module, there.Module):
        return None
    whole = lambda inputs: module.init(jax.random.key(0), *map(jnp.asarray, inputs), **more)

    def run(params, *inputs):
        held = jax.eval_shape(lambda: whole(inputs))
        given = {"params": like(held["params"], params)} if "params" in held else {}
        rest = {k: v for k, v in whole(inputs).items() if k != "params"} if len(held) > 1 else {}
        rest = jax.tree.map(wide_as(params), rest)
        key, names = jax.random.key(0), list(rest)
        out, after = module.apply(given | rest, *inputs, rngs=key, mutable=names, **more)
        return beside(out, rest, after)

    return Own(type(module).__name__, run, lambda *inputs: by_path(whole(inputs).get("params", {})))


def haiku(hk: Any, pair: Any, more: dict) -> Own | None:
    """A pair of init and apply, with a state and a key or without."""
    has_state = isinstance(pair, hk.TransformedWithState)
    if not has_state and not isinstance(pair, hk.Transformed):
        return None
    made = lambda inputs: pair.init(jax.random.key(0), *map(jnp.asarray, inputs), **more)
    parameters = lambda inputs: made(inputs)[0] if has_state else made(inputs)

    def run(params, *inputs):
        held = like(jax.eval_shape(lambda: parameters(inputs)), params)
        state = jax.tree.map(wide_as(params), made(inputs)[1]) if has_state else None
        first = (held, state) if has_state else (held,)
        try:
            found = pair.apply(*first, jax.random.key(0), *inputs, **more)
        except TypeError:  # it was made without a key
            found = pair.apply(*first, *inputs, **more)
        return beside(found[0], state, found[1]) if has_state else found

    return Own("haiku", run, lambda *inputs: by_path(parameters(inputs)))


def keras(there: Any, module: Any, more: dict) -> Own | None:
    """A layer, which is built at the sample, or a loss, which has no parameters.

    Raises ValueError where its numbers are not those of JAX in float64.
    """
    is_loss = isinstance(module, there.losses.Loss)
    if not is_loss and not isinstance(module, there.layers.Layer):
        return None
    dtype = module.dtype if is_loss else module.compute_dtype
    if dtype != "float64" or there.backend.backend() != "jax":
        raise ValueError(KERAS_FLOATS.format(module.name, dtype))
    if is_loss:
        return Own(module.name, lambda _, *inputs: module(*inputs, **more), lambda *_: {}, False)
    return keras_layer(module, more)


def keras_layer(module: Any, more: dict) -> Own:
    def run(params, *inputs):
        held = [variable.value for variable in module.non_trainable_variables]
        own = [params[variable.path] for variable in module.trainable_variables]
        out, after = module.stateless_call(own, held, *inputs, **more)
        names = [variable.path for variable in module.non_trainable_variables]
        before, after = (dict(zip(names, x, strict=True)) for x in (held, after))
        floats = lambda table: {
            k: x for k, x in table.items() if jnp.issubdtype(x.dtype, jnp.floating)
        }
        return beside(out, floats(before), floats(after))

    def own(*inputs):
        if not module.built:
            module(*map(jnp.asarray, inputs), **more)
        return {variable.path: variable.value for variable in module.trainable_variables}

    return Own(module.name, run, own)


FRAMEWORKS: dict[str, Callable[[Any, Any, dict], Own | None]] = {
    "equinox": equinox,
    "flax.nnx": nnx,
    "flax.linen": linen,
    "haiku": haiku,
    "keras": keras,
}
