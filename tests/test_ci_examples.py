"""The examples of docs/ci.md are read and run as they stand there."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import jax
import pytest

from benchmarks.cold import NETWORK
from verification.campaign.plan import plan

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "ci.md").read_text()


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[list[str]]:
    lines = "\n".join(examples("sh")).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture
def network(folder):
    """Somebody's network, where JAX is as lenient as it is with everybody."""
    (folder / "net.py").write_text(NETWORK)
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield folder


def test_the_campaign_is_a_plan():
    (toml,) = examples("toml")
    found = plan(tomllib.loads(toml), Path("kernels.toml"))

    assert [one.name for one in found.implementations] == ["net", "port", "port", "server"]
    assert len(found.questions) == 4 * 2 * 4


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_understood(refnet, folder, words):
    """Run where its files are missing: it is these that are named, and not the command."""
    status, _, err = refnet(*words[1:])

    assert (words[0], status) == ("refnet", 2)
    assert "no file" in err and ("net.py" in err or "kernels.toml" in err)


def test_validate_writes_its_files_as_the_text_says(refnet, network):
    status, out, err = refnet(*commands()[0][1:], "--cases", "2")

    assert (status, err) == (0, "") and out.count("CORRECT") == 2
    assert {p.name for p in network.glob("finding.*")} == {
        "finding.html",
        "finding.json",
        "finding.xml",
        "finding.sarif",
    }


def test_the_test_of_the_text_passes_on_a_right_gradient_and_fails_on_a_wrong_one(network):
    (code,) = examples("python")
    names: dict = {}
    sys.path.insert(0, str(network))
    exec(code, names)  # the text's own words
    names["test_the_gradient"]()
    wrong: dict = {}
    exec(code.replace("import gradient,", "import wrong as gradient,"), wrong)
    with pytest.raises(AssertionError, match=r"(?s)^WRONG.*wrong in float32, net.py"):
        wrong["test_the_gradient"]()


def test_the_workflow_calls_what_there_is():
    (workflow,) = examples("yaml")
    run = next(line for line in workflow.splitlines() if "refnet validate" in line)
    options = re.findall(r"--[a-z]+", run)

    assert "sarif_file: gradients.sarif" in workflow and "--sarif" in options
    assert "\t" not in workflow
