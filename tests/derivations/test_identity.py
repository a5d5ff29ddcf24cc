"""Identity: one arrow, and the cotangent passes as it is."""

from verification.derivations.identity import IDENTITY


def forward(z):
    return IDENTITY.arrows[0].function(z)


def backward(z, da):
    return IDENTITY.arrows[0].gradient(z, da)


def test_arrows_compose(composes):
    composes("identity", forward, backward)


def test_gradient_is_correct(is_correct):
    is_correct("identity")


def test_planted_mistakes_are_caught(twins_are_wrong):
    twins_are_wrong("identity")
