"""optax's update rules: which variant each of them is."""

import optax

from ..optax_rule import optax_rule
from .cell import Cell

rate, trace, decays = optax.scale_by_learning_rate, optax.trace, optax.add_decayed_weights


def rmsprop(**more):
    """optax.rmsprop with these arguments."""
    if "momentum" in more:
        del more["momentum"]
        return lambda learning_rate, decay, eps, momentum: optax.rmsprop(
            learning_rate, decay, eps, momentum=momentum, **more
        )
    return lambda learning_rate, decay, eps: optax.rmsprop(learning_rate, decay, eps, **more)


def rmsprop_rate_outside(scale, **more):
    return lambda learning_rate, decay, eps, momentum: optax.chain(
        scale(decay, eps, **more), trace(momentum), rate(learning_rate)
    )


def averaging(debias: bool):
    """optax.ema of what arrives: its answer is the average itself."""

    def make(decay):
        tx = optax.ema(decay, debias=debias)
        return tx.init, lambda x, state, average: tx.update(x, state)

    return make


def accumulating(learning_rate, every):
    return optax_rule(optax.MultiSteps(optax.sgd(learning_rate), every), compiled=True)


def scheduled(schedule):
    return lambda learning_rate, **h: optax.sgd(schedule(learning_rate, **h))


CELLS = (
    Cell("gradient_descent", "sgd(r)", lambda learning_rate: optax.sgd(learning_rate)),
    Cell(
        "gradient_descent_l2",
        "chain(add_decayed_weights(l), sgd(r))",
        lambda learning_rate, weight_decay: optax.chain(
            decays(weight_decay), optax.sgd(learning_rate)
        ),
    ),
    Cell(
        "gradient_descent_decay_without_rate",
        "chain(sgd(r), add_decayed_weights(-l))",
        lambda learning_rate, weight_decay: optax.chain(
            optax.sgd(learning_rate), decays(-weight_decay)
        ),
    ),
    Cell(
        "momentum",
        "sgd(r, momentum=b)",
        lambda learning_rate, decay: optax.sgd(learning_rate, decay),
    ),
    Cell(
        "momentum_rate_inside",
        "chain(scale_by_learning_rate(r), trace(b))",
        lambda learning_rate, decay: optax.chain(rate(learning_rate), trace(decay)),
    ),
    Cell(
        "momentum_average",
        "chain(ema(b, debias=False), scale_by_learning_rate(r))",
        lambda learning_rate, decay: optax.chain(optax.ema(decay, False), rate(learning_rate)),
    ),
    Cell(
        "momentum_average_unbiased",
        "chain(ema(b), scale_by_learning_rate(r))",
        lambda learning_rate, decay: optax.chain(optax.ema(decay), rate(learning_rate)),
    ),
    Cell(
        "momentum_l2",
        "chain(add_decayed_weights(l), sgd(r, momentum=b))",
        lambda learning_rate, decay, weight_decay: optax.chain(
            decays(weight_decay), optax.sgd(learning_rate, decay)
        ),
    ),
    Cell(
        "momentum_decoupled",
        "chain(trace(b), add_decayed_weights(l), scale_by_learning_rate(r))",
        lambda learning_rate, decay, weight_decay: optax.chain(
            trace(decay), decays(weight_decay), rate(learning_rate)
        ),
    ),
    Cell(
        "nesterov",
        "sgd(r, momentum=b, nesterov=True)",
        lambda learning_rate, decay: optax.sgd(learning_rate, decay, nesterov=True),
    ),
    Cell(
        "nesterov_rate_inside",
        "chain(scale_by_learning_rate(r), trace(b, nesterov=True))",
        lambda learning_rate, decay: optax.chain(rate(learning_rate), trace(decay, nesterov=True)),
    ),
    Cell(
        "nesterov_l2",
        "chain(add_decayed_weights(l), sgd(r, momentum=b, nesterov=True))",
        lambda learning_rate, decay, weight_decay: optax.chain(
            decays(weight_decay), optax.sgd(learning_rate, decay, nesterov=True)
        ),
    ),
    Cell(
        "adagrad",
        "adagrad(r, initial_accumulator_value=a, eps=e)",
        lambda learning_rate, initial_accumulator_value, eps: optax.adagrad(
            learning_rate, initial_accumulator_value, eps
        ),
    ),
    Cell(
        "adadelta",
        "adadelta(r, rho, eps=e)",
        lambda learning_rate, rho, eps: optax.adadelta(learning_rate, rho, eps),
    ),
    Cell("rmsprop", "rmsprop(r, b, eps=e)", rmsprop()),
    Cell(
        "rmsprop_eps_outside",
        "rmsprop(r, b, eps=e, eps_in_sqrt=False)",
        rmsprop(eps_in_sqrt=False),
    ),
    Cell("rmsprop_centred", "rmsprop(r, b, eps=e, centered=True)", rmsprop(centered=True)),
    Cell(
        "rmsprop_centred_eps_outside",
        "rmsprop(r, b, eps=e, centered=True, eps_in_sqrt=False)",
        rmsprop(centered=True, eps_in_sqrt=False),
    ),
    Cell(
        "rmsprop_momentum_rate_inside",
        "rmsprop(r, b, eps=e, momentum=m)",
        rmsprop(momentum=True),
    ),
    Cell(
        "rmsprop_eps_outside_momentum_rate_inside",
        "rmsprop(r, b, eps=e, momentum=m, eps_in_sqrt=False)",
        rmsprop(momentum=True, eps_in_sqrt=False),
    ),
    Cell(
        "rmsprop_centred_momentum_rate_inside",
        "rmsprop(r, b, eps=e, momentum=m, centered=True)",
        rmsprop(momentum=True, centered=True),
    ),
    Cell(
        "rmsprop_centred_eps_outside_momentum_rate_inside",
        "rmsprop(r, b, eps=e, momentum=m, centered=True, eps_in_sqrt=False)",
        rmsprop(momentum=True, centered=True, eps_in_sqrt=False),
    ),
    Cell(
        "rmsprop_momentum",
        "chain(scale_by_rms(b, e), trace(m), scale_by_learning_rate(r))",
        rmsprop_rate_outside(optax.scale_by_rms),
    ),
    Cell(
        "rmsprop_eps_outside_momentum",
        "chain(scale_by_rms(b, e, eps_in_sqrt=False), trace(m), scale_by_learning_rate(r))",
        rmsprop_rate_outside(optax.scale_by_rms, eps_in_sqrt=False),
    ),
    Cell(
        "rmsprop_centred_momentum",
        "chain(scale_by_stddev(b, e), trace(m), scale_by_learning_rate(r))",
        rmsprop_rate_outside(optax.scale_by_stddev),
    ),
    Cell(
        "rmsprop_centred_eps_outside_momentum",
        "chain(scale_by_stddev(b, e, eps_in_sqrt=False), trace(m), scale_by_learning_rate(r))",
        rmsprop_rate_outside(optax.scale_by_stddev, eps_in_sqrt=False),
    ),
    Cell(
        "rmsprop_unbiased",
        "rmsprop(r, b, eps=e, bias_correction=True)",
        rmsprop(bias_correction=True),
    ),
    Cell(
        "rmsprop_unbiased_eps_outside",
        "rmsprop(r, b, eps=e, bias_correction=True, eps_in_sqrt=False)",
        rmsprop(bias_correction=True, eps_in_sqrt=False),
    ),
    Cell(
        "clip_value",
        "chain(clip(c), sgd(r))",
        lambda learning_rate, max_delta: optax.chain(
            optax.clip(max_delta), optax.sgd(learning_rate)
        ),
    ),
    Cell(
        "clip_global_norm",
        "chain(clip_by_global_norm(c), sgd(r))",
        lambda learning_rate, max_norm: optax.chain(
            optax.clip_by_global_norm(max_norm), optax.sgd(learning_rate)
        ),
    ),
    Cell("accumulation", "MultiSteps(sgd(r), n)", accumulating),
    Cell("average_from_zero", "ema(d, debias=False) of weights", averaging(False)),
    Cell("average_unbiased", "ema(d) of weights", averaging(True)),
    Cell(
        "schedule_step",
        "sgd(exponential_decay(r, n, g, staircase=True))",
        scheduled(
            lambda r, gamma, step_size: optax.exponential_decay(r, step_size, gamma, 0, True)
        ),
    ),
    Cell(
        "schedule_exponential",
        "sgd(exponential_decay(r, 1, g))",
        scheduled(lambda r, gamma: optax.exponential_decay(r, 1, gamma)),
    ),
    Cell(
        "schedule_cosine",
        "sgd(cosine_decay_schedule(r, T))",
        scheduled(lambda r, total: optax.cosine_decay_schedule(r, total)),
    ),
    Cell(
        "schedule_warmup_from_zero",
        "sgd(linear_schedule(0, r, n))",
        scheduled(lambda r, warmup: optax.linear_schedule(0.0, r, warmup)),
    ),
)
