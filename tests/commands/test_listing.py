"""`refnet list`: a line for every name."""

import pytest

from verification.commands.listing import KINDS


@pytest.mark.parametrize(
    "kind", ["derivations", "oracles", "faults", "claims", "updates", "protocol"]
)
def test_each_list_has_a_line_for_each_name(refnet, kind):
    status, out, err = refnet("list", kind)
    names = list(KINDS[kind]())
    assert (status, err) == (0, "")
    assert all(map(str.startswith, out.splitlines(), names))
    assert len(out.splitlines()) == len(names) > 0


def test_the_whole_list_has_every_kind(refnet):
    status, out, _ = refnet("list")
    assert status == 0
    assert all(f"\n{kind} (" in f"\n{out}" for kind in KINDS)
