"""Dense layer: the product, then the bias."""

from refnet import Dense
from verification.derivations.dense import DENSE


def rows(x):
    return x.reshape(-1, x.shape[-1])


def forward(layer, x):
    product, shift = DENSE.arrows
    y = shift.function(product.function(layer.w, rows(x)), layer.b)
    return y.reshape(*x.shape[:-1], -1)


def backward(layer, x, dy):
    product, shift = DENSE.arrows
    p = product.function(layer.w, rows(x))
    dp, db = shift.gradient(p, layer.b, rows(dy))
    dw, dx = product.gradient(layer.w, rows(x), dp)
    return Dense(w=dw, b=db), dx.reshape(x.shape)


def test_arrows_compose(composes):
    composes("dense", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("dense")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("dense")
