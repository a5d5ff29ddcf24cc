"""Mistakes of activations, losses, networks and updates: class, and where people meet them."""

from .named import Named

NAMED: dict[str, Named] = {
    "upstream ignored": Named(
        "upstream ignored",
        "A custom backward that returns its local slope: right while it is the last layer.",
    ),
    "slope of the output": Named(
        "slope from the output",
        "f'(a) for f'(z): the saved activation handed to a slope that wants the input.",
    ),
    "value for slope": Named("wrong formula", "f(z) where f'(z) was meant."),
    "1 for the slope": Named("missing term", "The activation left out of the backward pass."),
    "1 - a for a (1 - a)": Named(
        "missing term",
        "One of the two factors of the logistic slope is lost.",
    ),
    "1 - a for 1 - a^2": Named("wrong formula", "The square forgotten in the slope of tanh."),
    "1 - z^2 for 1 - a^2": Named("wrong variable", "The input where the saved output was meant."),
    "leak of 0": Named(
        "kink, branch or saturation",
        "The leak in the forward only: a copy of ReLU's backward.",
    ),
    "sides swapped": Named("kink, branch or saturation", "The comparison the wrong way round."),
    "s(-z) for s(z)": Named("sign", "The sign of the argument lost in softplus's slope."),
    "alpha forgotten": Named(
        "factor",
        "The alpha of an exponential unit left out of its backward pass: right while it is 1.",
    ),
    "alpha outside the exponent": Named(
        "wrong formula",
        "ELU's slope under a CELU: e^z where e^(z / alpha) belongs.",
    ),
    "not squared": Named("wrong formula", "1 / (1 + |z|) for its square in softsign's slope."),
    "cap not looked at": Named(
        "kink, branch or saturation",
        "The slope of a plain rectifier under one that stops: what is beyond the cap still learns.",
    ),
    "ramp of slope 1": Named("factor", "The ramp of a hard sigmoid without its 1/6."),
    "density's path missing": Named(
        "missing term",
        "GELU differentiated as z P(z) with P taken as constant.",
    ),
    "slope of the tanh form": Named(
        "wrong formula",
        "The approximation's slope under the exact GELU: two frameworks mixed.",
    ),
    "gate's path missing": Named(
        "missing term",
        "The gate of a gated activation taken as constant.",
    ),
    "3 of the cube missing": Named(
        "factor",
        "The inner derivative of the cubic term in tanh-GELU without its 3.",
    ),
    "slope of s alone": Named("missing term", "The product rule of SiLU with one term."),
    "path through s missing": Named("missing term", "The gate of SiLU taken as constant."),
    "target - prediction": Named(
        "sign",
        "The residual the wrong way round, compensated by += in one's own loop.",
    ),
    "1/n missing": Named("factor", "A mean in the loss, a sum in its gradient."),
    "2 missing": Named("factor", "Half a squared error in the book, a whole one in the code."),
    "y - a": Named("sign", "The residual the wrong way round."),
    "one half only": Named("missing term", "Only the term of label 1 is differentiated."),
    "slope of the sigmoid again": Named(
        "factor",
        "Cross-entropy of logits, multiplied by a (1 - a) as squared error would be.",
    ),
    "diagonal only": Named("missing term", "The softmax's Jacobian taken to be diagonal."),
    "targets taken to sum to 1": Named(
        "wrong formula",
        "p - t, with label smoothing or weights that do not sum to one.",
    ),
    "mean over entries": Named("wrong reduction", "Divided by examples times classes."),
    "labels off by one": Named("off by one", "Classes counted from one, as in MATLAB or R."),
    "bias averaged": Named(
        "wrong reduction",
        "The bias gradient as a mean over the batch, the weights' as a sum.",
    ),
    "slope at the last layer too": Named(
        "wrong formula",
        "An activation's slope applied at an output that has none.",
    ),
    "no history": Named("missing term", "Momentum's past taken as constant."),
    "dampened": Named("factor", "(1 - b) g for g in the accumulator: two conventions mixed."),
    "no look-ahead": Named("missing term", "Nesterov's momentum without its second step."),
    "no bias correction": Named(
        "bias correction",
        "Adam's moments used as they are: too small at first.",
    ),
    "eps inside the root": Named("epsilon placement", "sqrt(v + eps) for sqrt(v) + eps."),
    "variance taken as constant": Named("missing term", "The second moment is not differentiated."),
    "no decay": Named("missing term", "AdamW's decay forgotten, or taken as part of the gradient."),
    "eps outside the root": Named("epsilon placement", "sqrt(v) + eps for sqrt(v + eps)."),
    "start of 0": Named(
        "stale or contaminated state",
        "The accumulator's initial value forgotten.",
    ),
}
