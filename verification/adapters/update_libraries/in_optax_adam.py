"""optax's Adam and its relatives: which variant each of them is."""

import optax

from .cell import Cell

rate, decays = optax.scale_by_learning_rate, optax.add_decayed_weights


def plainly(rule, **more):
    """rule(r, b1, b2, e) with these arguments."""
    return lambda learning_rate, b1, b2, eps: rule(learning_rate, b1, b2, eps, **more)


def yogi(learning_rate, b1, b2, eps, initial_accumulator_value):
    start = initial_accumulator_value
    scale = optax.scale_by_yogi(b1, b2, eps, initial_accumulator_value=start)
    return optax.chain(scale, rate(learning_rate))


CELLS = (
    Cell("adam", "adam(r, b1, b2, eps=e)", plainly(optax.adam)),
    Cell(
        "adam_eps_inside",
        "adam(r, b1, b2, eps=0, eps_root=e)",
        lambda learning_rate, b1, b2, eps: optax.adam(learning_rate, b1, b2, 0.0, eps),
    ),
    Cell(
        "adam_eps_both",
        "adam(r, b1, b2, eps=e, eps_root=e')",
        lambda learning_rate, b1, b2, eps, eps_root: optax.adam(
            learning_rate, b1, b2, eps, eps_root
        ),
    ),
    Cell(
        "adam_l2",
        "chain(add_decayed_weights(l), adam(r, b1, b2, eps=e))",
        lambda learning_rate, b1, b2, eps, weight_decay: optax.chain(
            decays(weight_decay), optax.adam(learning_rate, b1, b2, eps)
        ),
    ),
    Cell(
        "adamw",
        "adamw(r, b1, b2, eps=e, weight_decay=l)",
        lambda learning_rate, b1, b2, eps, weight_decay: optax.adamw(
            learning_rate, b1, b2, eps, weight_decay=weight_decay
        ),
    ),
    Cell(
        "adamw_without_rate",
        "chain(adam(r, b1, b2, eps=e), add_decayed_weights(-l))",
        lambda learning_rate, b1, b2, eps, weight_decay: optax.chain(
            optax.adam(learning_rate, b1, b2, eps), decays(-weight_decay)
        ),
    ),
    Cell("amsgrad", "amsgrad(r, b1, b2, eps=e)", plainly(optax.amsgrad)),
    Cell(
        "amsgrad_uncorrected",
        "amsgrad(r, b1, b2, eps=e, bias_correction_mu=False, bias_correction_nu=False)",
        plainly(optax.amsgrad, bias_correction_mu=False, bias_correction_nu=False),
    ),
    Cell("nadam", "nadam(r, b1, b2, eps=e)", plainly(optax.nadam)),
    Cell("radam", "radam(r, b1, b2, eps=e)", plainly(optax.radam)),
    Cell(
        "adabelief",
        "adabelief(r, b1, b2, eps=e, eps_root=e')",
        lambda learning_rate, b1, b2, eps, eps_root: optax.adabelief(
            learning_rate, b1, b2, eps, eps_root
        ),
    ),
    Cell(
        "adabelief_plain",
        "adabelief(r, b1, b2, eps=e, eps_root=0)",
        plainly(optax.adabelief, eps_root=0.0),
    ),
    Cell("yogi", "chain(scale_by_yogi(b1, b2, e, initial_accumulator_value=a), ...)", yogi),
    Cell("adamax", "adamax(r, b1, b2, eps=e)", plainly(optax.adamax)),
    Cell(
        "lion",
        "lion(r, b1, b2, weight_decay=0)",
        lambda learning_rate, b1, b2: optax.lion(learning_rate, b1, b2, weight_decay=0.0),
    ),
    Cell(
        "lion_decoupled",
        "lion(r, b1, b2, weight_decay=l)",
        lambda learning_rate, b1, b2, weight_decay: optax.lion(
            learning_rate, b1, b2, weight_decay=weight_decay
        ),
    ),
    Cell(
        "lamb",
        "lamb(r, b1, b2, eps=e, weight_decay=l)",
        lambda learning_rate, b1, b2, eps, weight_decay: optax.lamb(
            learning_rate, b1, b2, eps, weight_decay=weight_decay
        ),
    ),
)
