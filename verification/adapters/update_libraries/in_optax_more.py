"""optax's newer rules: Muon, AdEMAMix, Adan, Prodigy, without a schedule, and around a rule."""

from functools import partial

import optax

from ..optax_rule import optax_rule
from .cell import Cell

contrib = optax.contrib


def adan(learning_rate, b1, b2, b3, eps, weight_decay=0.0):
    return optax.adan(learning_rate, b1, b2, b3, eps, eps_root=0.0, weight_decay=weight_decay)


def before_sgd(make):
    """make(**hyperparameters) in front of gradient descent."""
    return lambda learning_rate, **h: optax.chain(make(**h), optax.sgd(learning_rate))


def muon(learning_rate, decay, eps, weight_decay):
    return contrib.muon(learning_rate, beta=decay, eps=eps, weight_decay=weight_decay)


def prodigy(learning_rate, b1, b2, **h):
    return optax_rule(contrib.prodigy(learning_rate, (b1, b2), **h))


def schedule_free(make, learning_rate, **h):
    return optax_rule(make(learning_rate, **h))


def sam(learning_rate, radius):
    ascent = optax.chain(contrib.normalize(), optax.sgd(radius))
    return optax_rule(contrib.sam(optax.sgd(learning_rate), ascent, sync_period=2))


CELLS = (
    Cell(
        "ademamix", "contrib.ademamix(r, b1, b2, b3, alpha, e)",
        lambda learning_rate, **h: contrib.ademamix(learning_rate, **h),
    ),
    Cell(
        "ademamix_decoupled", "contrib.ademamix(r, b1, b2, b3, alpha, e, weight_decay=l)",
        lambda learning_rate, **h: contrib.ademamix(learning_rate, **h),
    ),
    Cell(
        "ademamix_simplified", "contrib.simplified_ademamix(r, b1, b2, alpha, e)",
        lambda learning_rate, **h: contrib.simplified_ademamix(learning_rate, **h),
    ),
    Cell("adan", "adan(r, b1, b2, b3, e, eps_root=0)", adan),
    Cell("adan_decoupled", "adan(r, b1, b2, b3, e, eps_root=0, weight_decay=l)", adan),
    Cell(
        "lars_joined", "lars(r, l, trust_coefficient=c, momentum=b)",
        lambda learning_rate, decay, weight_decay, trust: optax.lars(
            learning_rate, weight_decay, trust_coefficient=trust, momentum=decay
        ),
    ),
    Cell(
        "clip_by_unit", "chain(adaptive_grad_clip(c, e), sgd(r))",
        before_sgd(optax.adaptive_grad_clip),
    ),
    Cell("centralized_rows", "chain(centralize(), sgd(r))", before_sgd(optax.centralize)),
    Cell("muon_corrected", "contrib.muon(r, beta=b, eps=e, weight_decay=l)", muon),
    Cell(
        "schedule_free_sgd", "contrib.schedule_free_sgd(r, b1=b1)",
        partial(schedule_free, contrib.schedule_free_sgd),
    ),
    Cell(
        "schedule_free_sgd_l2", "contrib.schedule_free_sgd(r, b1=b1, weight_decay=l)",
        partial(schedule_free, contrib.schedule_free_sgd),
    ),
    Cell(
        "schedule_free_adamw",
        "contrib.schedule_free_adamw(r, b1=b1, b2=b2, eps=e, weight_decay=l)",
        partial(schedule_free, contrib.schedule_free_adamw),
    ),
    Cell(
        "prodigy",
        "contrib.prodigy(r, (b1, b2), eps=e, estim_lr0=d, estim_lr_coef=c, weight_decay=l)",
        prodigy,
    ),
    Cell(
        "skip_not_finite", "apply_if_finite(sgd(r), n)",
        lambda learning_rate: optax.apply_if_finite(optax.sgd(learning_rate), 5),
    ),
    Cell(
        "sharpness_aware",
        "contrib.sam(sgd(r), chain(contrib.normalize(), sgd(radius)), sync_period=2)", sam,
    ),
)  # fmt: skip
