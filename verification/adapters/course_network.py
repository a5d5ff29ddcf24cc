"""A classifier of two layers as a course has it written, in NumPy: forward pass, then backward.

Nothing is borrowed from refnet; the formulas are the textbook's, and so are the digits they lose.
"""

import numpy as np


def forward(parameters, x):
    """Probabilities of the classes, and what the backward pass needs again."""
    z1 = x @ parameters["W1"] + parameters["b1"]
    a1 = np.tanh(z1)
    z2 = a1 @ parameters["W2"] + parameters["b2"]
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), a1


def backward(parameters, x, labels):
    """Gradients of the mean cross-entropy, in a dict like that of the parameters."""
    m = x.shape[0]
    probabilities, a1 = forward(parameters, x)
    dz2 = probabilities.copy()
    dz2[np.arange(m), labels] -= 1
    dz2 /= m
    dz1 = (dz2 @ parameters["W2"].T) * (1 - a1**2)
    return {
        "W1": x.T @ dz1,
        "b1": dz1.sum(axis=0),
        "W2": a1.T @ dz2,
        "b2": dz2.sum(axis=0),
    }


def summed(parameters, x, labels):
    """The same with the mean forgotten: what many notebooks have."""
    return {name: g * x.shape[0] for name, g in backward(parameters, x, labels).items()}
