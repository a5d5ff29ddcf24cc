"""The measurement of clipped pages sees what is planted, and would say so if it did not."""

import shutil

import pytest

from tests.ci_files import ci_file

overflow = ci_file("overflow.py")
BROWSER = next(filter(shutil.which, ("chromium", "chromium-browser", "google-chrome")), "")


@pytest.mark.skipif(not BROWSER, reason="wants chromium")
def test_what_is_past_the_edge_cut_or_hidden_is_seen():
    overflow.controlled(BROWSER)


@pytest.mark.parametrize("blind", sorted(overflow.CAUGHT))
def test_a_measurement_that_does_not_see_it_is_refused(monkeypatch, blind):
    found = [f"div | wide | {one} | text | 999" for one in overflow.CAUGHT - {blind}]
    monkeypatch.setattr(overflow, "measured", lambda *asked: {"found": found})
    with pytest.raises(ValueError, match="planted are") as said:
        overflow.controlled("")
    assert str(sorted(overflow.CAUGHT - {blind})) in str(said.value)


def test_shaded_regions_are_none_of_them(monkeypatch):
    found = [f"div | wide | {one} | text | 999" for one in (*overflow.CAUGHT, "shaded")]
    monkeypatch.setattr(overflow, "measured", lambda *asked: {"found": found})
    with pytest.raises(ValueError, match="shaded"):
        overflow.controlled("")
