"""Networks that are compositions: what each is made of, and that it learns what it is for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn

KEY = jax.random.key(0)
EPS = float(jnp.finfo(jnp.float64).eps)
normal = lambda seed, *shape: jax.random.normal(jax.random.key(seed), shape, jnp.float64)


def test_a_residual_network_normalizes_by_the_batch_and_then_by_what_it_kept():
    params, running = rn.init_resnet(KEY, 1, 3, (2, 4), dtype=jnp.float64)
    x = normal(1, 3, 4, 4, 1)
    network = jax.jit(rn.resnet, static_argnums=3)
    (trained, kept), (still, same) = (network(params, x, running, on) for on in (True, False))
    assert [block.around is None for block in params.blocks] == [True, False]
    assert trained.shape == still.shape == (3, 3) and (trained != still).any()
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), same, running))
    assert not jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).any()), kept, running))
    with pytest.raises(ValueError, match="channels, blocks are"):
        rn.init_resnet(KEY, 1, 3, ())


def test_a_residual_network_without_its_blocks_is_its_stem():
    """Blocks whose last gain is 0 hand on what they get."""
    params, running = rn.init_resnet(KEY, 1, 3, (2,), dtype=jnp.float64)
    off = params.blocks[0]._replace(kept=rn.Norm(jnp.zeros(2), jnp.zeros(2)))
    x = normal(1, 2, 4, 4, 1)
    stem = lambda x: rn.batch_norm_eval(
        params.norm, running[0], rn.conv2d(params.stem, x, padding=1)
    )
    mean = jax.jit(lambda x: rn.dense(params.out, jnp.mean(rn.relu(stem(x)), axis=(1, 2))))(x)
    network = jax.jit(lambda params: rn.resnet(params, x, running)[0])
    assert abs(network(params._replace(blocks=(off,))) - mean).max() <= 64 * EPS
    assert (abs(network(params) - mean) > 64 * EPS).all()


def test_a_variational_autoencoder_draws_only_with_a_key_and_its_bound_grows():
    x = (jax.random.uniform(KEY, (64, 1)) < 0.5).astype(jnp.float32) * jnp.ones(
        (64, 6), jnp.float32
    )
    params = rn.init_autoencoder(KEY, (6, 8, 1), variational=True)
    network = jax.jit(rn.variational_autoencoder)
    said, other = network(params, x), network(params, x, KEY)
    assert (said.mean == other.mean).all() and (said.logits != other.logits).any()
    run = rn.train(
        *(rn.variational_autoencoder, rn.variational_loss, rn.adam(1e-2), params, (x, x)),
        key=KEY, batch=16, epochs=50, dropout=True,
    )  # fmt: skip
    # six equal bits are worth log 2; who learns nothing pays six times that
    assert run.history.loss[-1] < 3.0 * jnp.log(2.0) < 4.0 < run.history.loss[0]


def test_an_autoencoder_is_two_perceptrons():
    params = rn.init_autoencoder(KEY, (5, 4, 2), dtype=jnp.float64)
    x = normal(2, 3, 5)
    apart = jax.jit(lambda p: rn.mlp(p.decoder, rn.mlp(p.encoder, x)))
    assert (jax.jit(rn.autoencoder)(params, x) == apart(params)).all()
    assert [layer.w.shape for layer in params.decoder] == [(2, 4), (4, 5)]


def test_a_graph_tells_of_one_node_in_each_community_what_the_others_are():
    graph = rn.communities(KEY)
    shares = rn.graph_shares(graph.adjacency)
    assert (shares == shares.T).all() and (graph.adjacency == graph.adjacency.T).all()
    assert abs(rn.graph_shares(jnp.ones((4, 4)) - jnp.eye(4)) - 0.25).max() <= EPS
    network = lambda params, x: rn.graph_network(params, shares, x)
    told = rn.weighted(lambda z, y: rn.softmax_cross_entropy_with_integer_labels(z[None], y[None]))
    loss = lambda z, y: told(z, y, graph.told)
    params = rn.init_mlp(KEY, (60, 16, 3))
    run = rn.train(network, loss, rn.adam(1e-2), params, (graph.x, graph.y), epochs=100)
    hit = lambda z: float((np.asarray(z).argmax(-1) == np.asarray(graph.y))[3:].mean())
    assert hit(network(run.params, graph.x)) > 0.85 > 0.6 > hit(network(params, graph.x))
    with pytest.raises(ValueError, match="every group wants a node"):
        rn.communities(nodes=2, groups=3)


def test_the_jet_of_a_network_is_its_first_and_second_derivative():
    params, x = rn.init_mlp(KEY, (1, 7, 5, 1), dtype=jnp.float64), normal(3, 6, 1)
    u = lambda t: rn.mlp(params, t[None, None])[0, 0] * t * (1.0 - t)
    wanted = jax.jit(jax.vmap(lambda t: (u(t), jax.grad(u)(t), jax.grad(jax.grad(u))(t))))
    for got, right in zip(jax.jit(rn.physics_informed)(params, x), wanted(x[:, 0]), strict=True):
        assert abs(got[:, 0] - right).max() <= 2.0**10 * EPS


def test_the_equation_of_poisson_is_solved_from_its_residual_alone():
    x = jnp.linspace(0.0, 1.0, 33, dtype=jnp.float32)[:, None]
    source = jnp.pi**2 * jnp.sin(jnp.pi * x)  # u = sin pi x
    params = rn.init_mlp(KEY, (1, 16, 1))
    run = rn.train(
        *(rn.physics_informed, rn.poisson_loss, rn.adam(1e-2), params, (x, source)), epochs=500
    )
    error = lambda p: float(abs(rn.physics_informed(p, x)[0] - jnp.sin(jnp.pi * x)).max())
    assert error(run.params) < 0.02 < 0.5 < error(params)


def test_an_equilibrium_is_not_changed_by_one_more_step_and_nothing_of_the_way_is_kept():
    params = rn.init_equilibrium_network(KEY, 3, 8, 2, dtype=jnp.float64)
    x = normal(4, 5, 3)
    z = rn.deep_equilibrium(params.layer, x)
    again = rn.tanh(x @ params.layer.u + z @ params.layer.w + params.layer.b[None])
    assert abs(again - z).max() <= 16 * EPS
    assert (rn.equilibrium_network(params, x) == rn.dense(params.out, z)).all()
    program = jax.make_jaxpr(jax.grad(lambda p: rn.deep_equilibrium(p, x).sum()))(params.layer)
    assert not any(64 in v.aval.shape for e in program.eqns for v in e.outvars)
    with pytest.raises(ValueError, match="steps is 0"):
        rn.deep_equilibrium(params.layer, x, 0)


def test_a_writer_does_not_see_what_lies_ahead_and_a_reader_does():
    params = rn.init_transformer(KEY, 11, 1, 2, 8, dtype=jnp.float64)
    source, target = jnp.arange(6)[None] % 5, jnp.arange(5)[None]
    network = jax.jit(lambda source, target: rn.transformer(params, source, target, 2))
    logits, ahead = network(source, target), network(source, target.at[0, 3].set(9))
    assert (logits[0, :3] == ahead[0, :3]).all() and (logits[0, 3:] != ahead[0, 3:]).any()
    assert (network(source.at[0, 5].set(9), target)[0, 0] != logits[0, 0]).all()
    assert logits.shape == (1, 5, 11)
    with pytest.raises(ValueError, match="2 and heads must divide width"):
        rn.init_transformer(KEY, 11, 1, 2, 9)


def test_the_character_model_says_something_after_every_symbol():
    split = rn.sums_in_words(KEY, n=64, length=24)
    params = rn.init_character_model(KEY, len(rn.LETTERS), 16)
    x = split.train.x
    network = jax.jit(rn.character_model)
    seen, other = network(params, x), network(params, x.at[:, 9].set(0))
    assert seen.shape == (64, 24, len(rn.LETTERS))
    assert (seen[:, :9] == other[:, :9]).all() and (seen[:, 9:] != other[:, 9:]).any()
