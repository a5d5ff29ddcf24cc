"""Gradients of the kinds that strangers bring: each is what it is, by default arguments."""

import pytest

import verification as vf

from .of_every_kind import CASES


@pytest.mark.parametrize("name", CASES)
def test_each_is_what_it_is(name):
    wanted, gradient, of, args, more = CASES[name]
    finding = vf.validate(gradient, of=of, args=args, cases=4, **more)
    assert finding.verdict == wanted, finding.reason
