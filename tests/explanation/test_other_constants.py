"""A constant that is another than the forward's is found from the answer, and named at its line."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def standardised(x):
    return (x - x.mean(axis=0)[None]) / jnp.sqrt(x.var(axis=0)[None] + 1e-5)


def standardised_back(x, d, eps):
    h = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return (d - d.mean(axis=0) - h * (d * h).mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


def focal(z):
    return jnp.sum((1.0 - jax.nn.sigmoid(z)) ** 2.5 * jax.nn.softplus(-z))


def focal_back(z, gamma):
    p, s = 1 / (1 + np.exp(-z)), np.logaddexp(0.0, -z)
    return -((1 - p) ** gamma) * (gamma * p * s + (1 - p))


def swish_back(z, d, beta):
    s = 1 / (1 + np.exp(-beta * z))
    return d * (s + beta * z * s * (1 - s))


KNOWN = {  # the constant and what it is taken for: of, gradient
    ("1e-05", "1e-08"): (standardised, lambda x, d: standardised_back(x, d, 1e-8)),
    ("1e-05", "0.001"): (standardised, lambda x, d: standardised_back(x, d, 1e-3)),
    ("2.5", "2"): (focal, lambda z: focal_back(z, 2.0)),
    ("1.702", "0.1702"): (
        lambda z: z * jax.nn.sigmoid(1.702 * z),
        lambda z, d: swish_back(z, d, 0.1702),
    ),
}


def judged(gradient, of):
    return vf.validate(gradient, of=of, args=lambda rng: (rng.normal(size=(5, 3)),), cases=4)


@pytest.mark.parametrize("constants", KNOWN)
def test_another_constant_is_found_and_named(constants):
    of, gradient = KNOWN[constants]
    said = judged(gradient, of).explanation[0]
    assert said.fits and said.mistake == f"the constant {constants[0]} is {constants[1]} there"
    assert said.remedy == f"write {constants[0]}, as the forward does"


def test_what_no_constant_explains_is_not_called_another():
    odd = lambda x, d: standardised_back(x, d, 1e-8) + 1e-6 * np.sin(x)
    found = judged(odd, standardised).explanation
    assert found and not any("the constant" in one.mistake for one in found)
