"""Sequences: tasks that are drawn by key, for networks that read step by step; each is a Split.

`key` is None for jax.random.key(0).  Symbols are int32, from 0 up; both parts are drawn alike.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .datasets import Examples, MaybeKey, Split, key_of, part_keys

LETTERS = " abcdefghijklmnopqrstuvwxyz."
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def adding(key: MaybeKey = None, n: int = 4000, steps: int = 20, dtype=jnp.float32) -> Split:
    """y = the sum of two marked numbers.  x (n, steps, 2): number and mark of each;  y (n, 1).

    Numbers are even in [0, 1); one of each half is marked by 1, the others by 0.  Who always says
    1 has a mean squared error of 1/6.  Raises ValueError for n < 1 or steps < 2.
    Hochreiter & Schmidhuber 1997, experiment 4.
    """
    _check("adding", n, steps, 2)
    return Split(*(_adding(k, n, steps, dtype) for k in part_keys(key)))


def copying(key: MaybeKey = None, n: int = 1000, length: int = 5, gap: int = 10) -> Split:
    """x (n, 2 length + gap): symbols 1 to 8, blanks (0), then 9 at each step that asks for one.

    y, alike: 0 until it is asked, then the symbols in their order.  Raises ValueError for sizes
    below 1.  Hochreiter & Schmidhuber 1997; as in Arjovsky, Shah & Bengio 2016, section 5.1.
    """
    _check("copying", n, min(length, gap), 1)
    return Split(*(_copying(k, n, length, gap) for k in part_keys(key)))


def modular_addition(key: MaybeKey = None, modulus: int = 31, fraction: float = 0.8) -> Split:
    """y = (a + b) mod m.  x (n, 3): a, b, and m for the equals sign;  y (n,);  all m^2 pairs.

    `fraction` of the pairs train.  Raises ValueError for m < 2 or a part without a pair.
    Power et al. 2022, Grokking.
    """
    count = round(fraction * modulus * modulus)
    if modulus < 2 or not 0 < count < modulus * modulus:
        raise ValueError(
            f"modulus, fraction are {modulus}, {fraction}; at least 2, and a share between 0 and 1"
        )
    a, b = np.divmod(np.arange(modulus * modulus), modulus)
    x = np.stack([a, b, np.full_like(a, modulus)], axis=-1)
    order = np.asarray(jax.random.permutation(key_of(key), len(x)))
    part = lambda rows: Examples(_symbols(x[rows]), _symbols((a + b)[rows] % modulus))
    return Split(part(order[:count]), part(order[count:]))


def sums_in_words(key: MaybeKey = None, n: int = 1000, length: int = 32) -> Split:
    """Characters of "three plus four is seven. ..."; x (n, length), y the character that follows.

    A symbol is a place in `LETTERS`.  Nothing is read from a disk: the text is drawn.
    Raises ValueError for sizes below 1.
    """
    _check("sums_in_words", n, length, 1)
    return Split(*(_sums(k, n, length) for k in part_keys(key)))


def _adding(key, n: int, steps: int, dtype) -> Examples:
    numbers, early, late = jax.random.split(key, 3)
    value, half = jax.random.uniform(numbers, (n, steps), dtype), steps // 2
    place = jnp.arange(steps)[None, :]
    first = jax.random.randint(early, (n, 1), 0, half) == place
    second = jax.random.randint(late, (n, 1), half, steps) == place
    mark = (first | second).astype(dtype)
    return Examples(jnp.stack([value, mark], axis=-1), jnp.sum(value * mark, axis=1)[:, None])


def _copying(key, n: int, length: int, gap: int) -> Examples:
    said = np.asarray(jax.random.randint(key, (n, length), 1, 9))
    fill = lambda size, symbol: np.full((n, size), symbol)
    x = np.concatenate([said, fill(gap, 0), fill(length, 9)], axis=1)
    return Examples(_symbols(x), _symbols(np.concatenate([fill(length + gap, 0), said], axis=1)))


def _sums(key, n: int, length: int) -> Examples:
    shortest = len("one plus one is two. ") - 1
    pairs = np.asarray(jax.random.randint(key, (n, length // shortest + 2, 2), 0, 5))
    sentence = lambda a, b: f"{WORDS[a]} plus {WORDS[b]} is {WORDS[a + b]}. "
    texts = ["".join(sentence(a, b) for a, b in row) for row in pairs.tolist()]
    rows = np.array([[LETTERS.index(c) for c in text[: length + 1]] for text in texts])
    return Examples(_symbols(rows[:, :-1]), _symbols(rows[:, 1:]))


def _symbols(values):
    return jnp.asarray(values, jnp.int32)


def _check(name: str, n: int, steps: int, least: int) -> None:
    if n < 1 or steps < least:
        raise ValueError(f"n, length are {n}, {steps}; {name} wants at least 1 and {least}")


SEQUENCES: dict[str, Callable[..., Split]] = {
    "adding": adding,
    "copying": copying,
    "modular_addition": modular_addition,
    "sums_in_words": sums_in_words,
}
