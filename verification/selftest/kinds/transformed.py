"""Rules that are right alone, and wrong under vmap, jit or remat, as people make them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ...judgement.validate import validate
from .subject import Subject

numbers = lambda rng: (rng.normal(size=3),)


def ruled(forth, back, f=jnp.tanh):
    @jax.custom_vjp
    def function(x):
        return f(x)

    function.defvjp(forth, back)
    return function


def slope(x):
    return 1.0 - jnp.tanh(x) ** 2


right = ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (d * slope(x),))


def branching(x, d):
    return (d * slope(x) if x[0] > 100.0 else d * slope(x) * 1.0,)


def through_numpy(x, d):
    return (jnp.asarray(np.asarray(d) * (1.0 - np.tanh(np.asarray(x)) ** 2)),)


def with_a_stash():
    kept = {}

    def forth(x):
        kept["x"] = x
        return jnp.tanh(x), None

    return ruled(forth, lambda _, d: (d * slope(kept["x"]),))


def called_back(method, slope_of):
    """The slope is computed by NumPy, in a callback; `method` says how that is batched."""

    def back(x, d):
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return (jax.pure_callback(slope_of, shape, x, d, vmap_method=method),)

    return ruled(lambda x: (jnp.tanh(x), x), back)


def over_everything(x, d):  # the last 3 are one example; all of a batch are not
    return np.asarray(d * (1.0 - np.tanh(x) ** 2) * (3.0 / x.size) * (x.size / 3.0) ** 2)


def of_the_first(x, d):
    x, d = np.asarray(x), np.asarray(d)
    first = x.reshape(-1, 3)[0]
    return np.broadcast_to((1.0 - np.tanh(first) ** 2), d.shape) * d


def squeezed(x, d):  # where the batch is of one example, its axis goes
    return np.squeeze(d * (1.0 - np.tanh(x) ** 2))


def batched_by_hand(rule):
    """A slope with a batching rule of its own."""

    @jax.custom_batching.custom_vmap
    def pulled(x, d):
        return d * slope(x)

    pulled.def_vmap(lambda size, batched, x, d: (rule(x, d), True))
    return ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (pulled(x, d),))


WRONG = {
    "branch on a value": (ruled(lambda x: (jnp.tanh(x), x), branching), "jit"),
    "a NumPy array of a tracer": (ruled(lambda x: (jnp.tanh(x), x), through_numpy), "jit"),
    "float of a tracer": (
        ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (d * slope(x) * float(x[0] > -9.0),)),
        "remat",
    ),
    "a residual of the first example": (called_back("expand_dims", of_the_first), "vmap"),
    "a mean over all that comes": (called_back("expand_dims", over_everything), "vmap"),
    "a batching rule that sums": (
        batched_by_hand(lambda x, d: jnp.broadcast_to((d * slope(x)).sum(0), d.shape)),
        "vmap",
    ),
    "a batching rule that forgets the residual": (
        batched_by_hand(lambda x, d: d * slope(x[:1])),
        "vmap",
    ),
    "a batching rule that squeezes": (
        batched_by_hand(lambda x, d: jnp.squeeze(d * slope(x)).reshape(d.shape)[::-1]),
        "vmap",
    ),
    "a squeeze": (called_back("expand_dims", squeezed), "vmap"),
    "a stash in Python": (with_a_stash(), "remat"),
}

# --- a key that is used twice -------------------------------------------------------------------


def mask(seed, like):
    kept = jax.random.uniform(jax.random.key(seed), like.shape, like.dtype) < 0.5
    return jnp.where(kept, jnp.asarray(2.0, like.dtype), jnp.asarray(0.0, like.dtype))


def dropout(x, seed):
    return x * mask(seed, x)


def dropout_ruled(batched):
    """Its mask is drawn again on the way back; batched(seeds, d) is how, for a batch."""

    @jax.custom_batching.custom_vmap
    def pulled(seed, d):
        return d * mask(seed, d)

    pulled.def_vmap(lambda size, _, seeds, d: (batched(seeds, d), True))

    @jax.custom_vjp
    def function(x, seed):
        return dropout(x, seed)

    function.defvjp(lambda x, s: (dropout(x, s), s), lambda s, d: (pulled(s, d), None))
    return function


def seeded(rng):
    return rng.normal(size=6), rng.integers(0, 2**31)


own_keys = dropout_ruled(lambda seeds, d: d * jax.vmap(mask)(seeds, d))
one_key = dropout_ruled(lambda seeds, d: d * mask(seeds[0], d[0])[None])
KEYED = partial(validate, of=dropout, args=seeded, cases=1, edges="none")


def _asked(rule, under: str | tuple[str, ...]):
    return partial(validate, rule, jnp.tanh, numbers, cases=1, under=under, edges="none")


EVERY = ("vmap", "jit", "remat", "scan", "linearize")
SUBJECTS = (
    *(Subject(name, True, _asked(rule, ())) for name, (rule, _) in WRONG.items()),
    Subject("the slope, under all", True, _asked(right, EVERY)),
    Subject("a key used twice", True, partial(KEYED, one_key)),
    Subject("a key for each", True, partial(KEYED, own_keys, under="vmap")),
    *(Subject(n, False, _asked(rule, u), f"under {u}") for n, (rule, u) in WRONG.items()),
    Subject("a key used twice", False, partial(KEYED, one_key, under="vmap"), "under vmap"),
)
