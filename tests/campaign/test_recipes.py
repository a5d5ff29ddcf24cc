"""The recipes of examples/cluster say what a campaign on a cluster needs."""

import re
import subprocess
from pathlib import Path

import pytest

from verification.campaign.relay import DAEMON

yaml = pytest.importorskip("yaml")
RECIPES = Path(__file__).resolve().parents[2] / "examples" / "cluster"
KUBERNETES = (RECIPES / "kubernetes.yaml").read_text()
SLURM = RECIPES / "slurm.sh"


def containers(text: str) -> dict[str, dict]:
    kinds = [part for part in yaml.safe_load_all(text) if part["kind"] == "Deployment"]
    every = [one for part in kinds for one in part["spec"]["template"]["spec"]["containers"]]
    return {one["name"]: one for one in every}


def allowed(text: str) -> bool:
    """Whether workers may start processes, and each has one thread."""
    worker = containers(text)["worker"]
    given = {pair["name"]: pair["value"] for pair in worker["env"]}
    return given.get(DAEMON) == "False" and worker["command"][-2:] == ["--nthreads", "1"]


def test_the_workers_of_kubernetes_may_start_processes_and_find_the_scheduler():
    assert allowed(KUBERNETES) and not allowed(KUBERNETES.replace(DAEMON, "OTHER"))
    service = next(p for p in yaml.safe_load_all(KUBERNETES) if p["kind"] == "Service")
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert address in containers(KUBERNETES)["worker"]["command"]
    assert f"--scheduler {address}" in KUBERNETES


@pytest.mark.parametrize(("text", "status"), [(SLURM.read_text(), 0), ("if true; do", 2)])
def test_the_job_of_slurm_is_a_script(text, status):
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == status
    if not status:
        asked = int(re.search(r"--ntasks=(\d+)\n", text)[1])  # the scheduler has a place of its own
        assert f"srun --ntasks={asked - 1} " in text and f"{DAEMON}=False" in text
