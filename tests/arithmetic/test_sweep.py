"""The reverse sweep against power series, which share no slope; and a planted wrong slope."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

import refnet
from verification.arithmetic import ball_slopes, sweep
from verification.arithmetic.balls import BALLS, UNIT
from verification.arithmetic.complexes import complexes
from verification.arithmetic.interpreter import CONTROL, enter
from verification.arithmetic.rationals import RATIONALS, SLOPES
from verification.arithmetic.series import SERIES
from verification.oracles import power_series
from verification.oracles.question import ask
from verification.vocabulary import NoRule

BITS = 192
UNARY = {
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "erf": lax.erf,
    "erfc": lax.erfc,
    "exp": lambda x: jnp.exp(jnp.tanh(x)),
    "expm1": lambda x: jnp.expm1(jnp.sin(x)),
    "log1p": lambda x: jnp.log1p(x * x),
    "log": lambda x: jnp.log(1.5 + x * x),
    "sqrt": lambda x: jnp.sqrt(0.5 + x * x),
    "rsqrt": lambda x: lax.rsqrt(0.5 + x * x),
    "cos": jnp.cos,
    "cube": lambda x: lax.integer_pow(jnp.tanh(x), 3),
    "power": lambda x: (1.25 + x * x) ** 0.75,
    "cbrt": jnp.cbrt,
    "log2": lambda x: jnp.log2(1.5 + x * x),
    "tan": lambda x: jnp.tan(jnp.tanh(x)),
    "asin": lambda x: jnp.arcsin(0.75 * jnp.tanh(x)),
    "acos": lambda x: jnp.arccos(0.75 * jnp.tanh(x)),
    "atan": jnp.arctan,
    "atan2": lambda x: jnp.arctan2(x, 0.5 + x.T),
    "sinh": lambda x: jnp.sinh(jnp.sin(x)),
    "cosh": lambda x: jnp.cosh(jnp.sin(x)),
    "asinh": jnp.arcsinh,
    "acosh": lambda x: jnp.arccosh(1.5 + x * x),
    "atanh": lambda x: jnp.arctanh(0.75 * jnp.tanh(x)),
    "floor": lambda x: x * jnp.floor(3.0 * x),
    "remainder": lambda x: jnp.mod(x, 0.75) * x,
    "clamp": lambda x: lax.clamp(jnp.cos(x[0, 0]) - 1.0, x, jnp.sin(x[1, 1]) + 1.5),
    "product": lambda x: x * jnp.prod(x),
    "cumprod": lambda x: jnp.cumprod(x, 1),
    "cummax": lambda x: lax.cummax(x, 0, reverse=True),
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x, 1),
    "sort": lambda x: jnp.sort(x, 1),
    "largest": lambda x: jnp.broadcast_to(x[jnp.argmax(x[:, 0])], x.shape),
    "convolution": lambda x: _convolved(x, x[:2, :2]),
    "max pool": lambda x: _pooled(x, -jnp.inf, lax.max),
    "mean pool": lambda x: _pooled(x, 0.0, lax.add) / 4.0,
    "set": lambda x: x.at[jnp.array([2, 0])].set(x[:2] * x[1:]),
    "relu": lambda x: jnp.maximum(x, 0.015625),
    "clip": lambda x: jnp.clip(x, -0.703125, 1.015625),
    "where": lambda x: jnp.where(x > 0.328125, jnp.tanh(x), -x),
    "cumsum": lambda x: lax.cumsum(x, 1, reverse=True),
    "flip": lambda x: x[::-1, ::-1],
    "shift": lambda x: jnp.roll(x, 1, 0),
    "centred": lambda x: x - jnp.broadcast_to(x.max(1, keepdims=True), x.shape),
    "logsumexp": lambda x: x - jnp.broadcast_to(jax.nn.logsumexp(x, 1, keepdims=True), x.shape),
    "stopped": lambda x: x * lax.stop_gradient(x),
    "square": lambda x: x @ jnp.tanh(x).T,
    "pick": lambda x: x[jnp.array([1, 1, 0])],
    "stack": lambda x: jnp.stack([x[:, 0], x[:, 2], x[:, 1]], 1),
    "pad": lambda x: lax.pad(x, 0.25, ((1, -1, 0), (0, 0, 0))),
    "add at": lambda x: x.at[jnp.array([2, 0])].add(x[:2]),
    "update": lambda x: lax.dynamic_update_slice(x, x[1:, 1:], (0, 1)),
    "slices": lambda x: x + jnp.pad(x[:2, ::2] * x[1:, :2], ((0, 1), (1, 0))) * x[2, 2],
    "scan": lambda x: lax.scan(lambda c, r: (c + jnp.tanh(r), c * r), x[0], x, reverse=True)[1],
}
BINARY = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": lambda x, y: x / (1.5 + y * y),
    "max": jnp.maximum,
    "min": jnp.minimum,
    "matmul": jnp.matmul,
    "einsum": lambda x, y: jnp.einsum("ij,kj->ki", x, y),
}


def _convolved(x, w):
    return lax.conv_general_dilated(x[None, None], w[None, None], (1, 1), "SAME")[0, 0]


def _pooled(x, start, combine):
    return lax.reduce_window(x, start, combine, (2, 2), (1, 1), "SAME")


STEP = st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 9), st.integers(0, 9))


def program(steps):
    """A random straight program on (3, 3) arrays; the last values are contracted to a scalar."""

    def function(x, y):
        values = [x, y]
        for name, i, j in steps:
            a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
            b = jnp.cos(b) if a is b else b  # not a tie of a number with itself
            values.append(UNARY[name](a) if name in UNARY else BINARY[name](a, b))
        return sum((v * jnp.sin(v)).sum() for v in values[-3:])

    return function


def apart(question, direction, change=lambda table: table) -> bool:
    """Whether the sweep's gradient . direction and the series' slope are provably different."""
    with ctx.workprec(BITS):
        args = [enter(leaf, BALLS) for leaf in question.leaves]
        table = change(ball_slopes.slopes(UNIT, []))
        _, leaves = sweep.value_and_gradient(question.program, args, question.wanted, BALLS, table)
        pairs = zip(leaves, direction, strict=True)
        dotted = sum(
            (arb(float(v)) * g for g, d in pairs for g, v in zip(g.flat, d.flat, strict=True)),
            arb(0),
        )
        slope = power_series.slope(question, direction, BITS)
        assert slope.rel_accuracy_bits() > 60 or abs(slope) < arb(2) ** -60
        assert dotted.rel_accuracy_bits() > 60 or abs(dotted) < arb(2) ** -60
        return not dotted.overlaps(slope)


def test_every_slice_that_is_read_hands_its_cotangent_on():
    """x0 x1 + x1 x2 + x0 x2 + x1, of slices that overlap, of a strided one and of the whole."""
    last = jnp.array([0.0, 1.0, 0.0])
    of = lambda x: jnp.sum(x[:2] * x[1:]) + jnp.prod(x[::2]) + jnp.sum(x * last)
    with jax.enable_x64(True):
        question = ask(of, (np.array([2.0, 3.0, 5.0]),))
    args = [enter(leaf, BALLS) for leaf in question.leaves]
    table = ball_slopes.slopes(UNIT, [])
    _, (leaf,) = sweep.value_and_gradient(question.program, args, question.wanted, BALLS, table)
    assert [float(x) for x in leaf] == [8.0, 8.0, 5.0]


def point(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3, 3))


@settings(max_examples=20)
@given(st.lists(STEP, min_size=1, max_size=6), st.integers(0, 99))
def test_random_programs_agree_with_power_series(steps, seed):
    at, direction = point(seed)
    assert not apart(ask(program(steps), tuple(at), (0, 1)), list(direction))


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_every_step_agrees_with_power_series(name):
    at, direction = point(len(name))
    assert not apart(ask(program([(name, 1, 0)]), tuple(at), (0, 1)), list(direction))


@pytest.mark.parametrize("name", ["tanh", "logistic", "erf", "mul", "div", "log1p", "cos", "min"])
def test_a_planted_wrong_slope_is_seen(name):
    def off_by_a_hair(table):
        right = table[name]
        hair = 1 + arb(2) ** -50
        return table | {name: lambda *a, **p: tuple(s * hair for s in right(*a, **p))}

    steps = [("sigmoid" if name == "logistic" else name, 1, 0)]
    at, direction = point(3)
    assert apart(ask(program(steps), tuple(at), (0, 1)), list(direction), off_by_a_hair)


def test_a_primitive_without_a_slope_is_no_zero():
    question = ask(jnp.tanh, (np.float64(0.5),))
    table = {k: v for k, v in ball_slopes.slopes(UNIT, []).items() if k != "tanh"}
    with pytest.raises(NoRule, match="no slope for the primitive 'tanh'"):
        sweep.value_and_gradient(question.program, [enter(0.5, BALLS)], (0,), BALLS, table)


def test_a_leaf_that_is_not_used_has_gradient_0():
    question = ask(lambda x, y: x.sum(), (np.ones(2), np.ones(3)), (0, 1))
    _, (dx, dy) = sweep.value_and_gradient(
        question.program, [enter(x, RATIONALS) for x in question.leaves], (0, 1), RATIONALS, SLOPES
    )
    assert dx.tolist() == [1, 1] and dy.tolist() == [0, 0, 0]


# --- coverage --------------------------------------------------------------------------------

RNG = np.random.default_rng(37)
LAYERS = tuple(refnet.Dense(RNG.normal(size=s), RNG.normal(size=s[1])) for s in ((3, 4), (4, 2)))
NEURON = refnet.Neuron(np.float64(0.5), np.float64(-0.25))


def functions():
    x, p, y = RNG.normal(size=(5, 3)), RNG.uniform(0.1, 0.9, (5, 2)), RNG.uniform(0.1, 0.9, (5, 2))
    for name, activation in refnet.ACTIVATIONS.items():
        yield name, lambda z, f=activation: f(z).sum(), (x,)
    for name, loss in refnet.LOSSES.items():
        yield name, loss, (p, RNG.integers(0, 2, 5) if "integer" in name else y)
    yield "dense", lambda layer, x: refnet.dense(layer, x).sum(), (LAYERS[0], x)
    yield "neuron", lambda n, x: refnet.neuron(n, x).sum(), (NEURON, x[0])
    for name in refnet.ACTIVATIONS:
        network = lambda ps, x, f=refnet.ACTIVATIONS[name]: refnet.mlp(ps, x, f).sum()
        yield f"mlp {name}", network, (LAYERS, x)
    for name, make in refnet.UPDATES.items():
        yield name, stepped(make), (LAYERS, LAYERS)


def stepped(make):
    def function(gradient, params):
        rule = make(0.1)
        updates, state = rule.update(gradient, rule.init(params), params)
        updates, _ = rule.update(updates, state, params)
        return sum(jnp.sum(u * u) for u in [*map(jnp.ravel, jax.tree.leaves(updates))])

    assert isinstance(make(0.1), optax.GradientTransformation)
    return function


FUNCTIONS = {name: (function, args) for name, function, args in functions()}


def primitives(jaxpr) -> set[str]:
    """Names of all primitives that make or take floats, control flow opened up."""
    names = set()
    for eqn in jaxpr.eqns:
        inner = [getattr(v, "jaxpr", v) for p in eqn.params.values() for v in _listed(p)]
        bodies = [j for j in inner if hasattr(j, "eqns")]
        if eqn.primitive.name in CONTROL:
            names = names.union(*map(primitives, bodies))
        elif any(jnp.issubdtype(v.aval.dtype, jnp.floating) for v in [*eqn.invars, *eqn.outvars]):
            names.add(eqn.primitive.name)
    return names


def _listed(param):
    return param if isinstance(param, tuple | list) else [param]


def programs(name):
    function, args = FUNCTIONS[name]
    yield jax.make_jaxpr(function)(*args).jaxpr
    yield jax.make_jaxpr(jax.grad(function))(*args).jaxpr


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_primitive_of_refnet_and_of_its_gradients_has_rules_and_slopes(name):
    sloped = set(ball_slopes.slopes(UNIT, [])) | set(sweep.PULLBACKS) | set(sweep.MOVES)
    sloped |= {"gt", "lt", "ge", "le", "eq", "ne", "is_finite"}  # these make booleans
    for jaxpr in programs(name):
        found = primitives(jaxpr)
        assert found <= BALLS.rules.keys(), found - BALLS.rules.keys()
        assert found <= sloped, found - sloped
        assert found <= SERIES.rules.keys(), found - SERIES.rules.keys()
        assert found <= complexes().rules.keys(), found - complexes().rules.keys()
    assert name != "mlp identity" or "dot_general" in found


RATIONAL = ("identity", "relu", "leaky_relu", "mse", "dense", "mlp relu", "mlp leaky_relu")


@pytest.mark.parametrize("name", [*RATIONAL, "gradient_descent", "momentum", "nesterov"])
def test_every_primitive_of_what_is_rational_has_a_rational_rule(name):
    sloped = set(SLOPES) | set(sweep.PULLBACKS) | set(sweep.MOVES) | {"gt"}
    for jaxpr in programs(name):
        assert primitives(jaxpr) <= RATIONALS.rules.keys() and primitives(jaxpr) <= sloped


def test_a_missing_rule_would_be_noticed():
    assert primitives(
        jax.make_jaxpr(lambda x: lax.cond(x > 0, jnp.floor, lax.cbrt, x))(0.5).jaxpr
    ) >= {
        "floor",
        "cbrt",
    }
