"""Training on four devices, of one process or of two, is that on one; what does not fit is said."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end
SCRIPT = Path(__file__).with_name("on_four_devices.py")
DIGITS = 1e-14  # of numbers of about 1: tens of units; what is shared wrongly is off by 1e-2


def started(*args: str) -> subprocess.Popen:
    command = [sys.executable, str(SCRIPT), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answered(process: subprocess.Popen) -> dict:
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def seen() -> dict:
    return answered(started())


def test_a_batch_that_is_dealt_to_four_devices_trains_as_on_one(seen):
    assert seen["devices"] == 4 and seen["everywhere"]
    assert seen["weights apart"] < DIGITS and seen["losses apart"] < DIGITS < seen["moved"]
    assert seen["dropout apart"] < DIGITS, "the masks are those of one device"
    assert seen["told"] == [1, 2]


def test_it_has_the_same_bits_where_sums_are_exact(seen):
    assert seen["exact"] == 0.0
    assert seen["weights apart"] != 0.0, "elsewhere the sums have another order"


def test_it_is_judged_correct(seen):
    assert seen["judged"][0] == "correct", seen["judged"]


def test_runs_that_are_dealt_to_four_devices_are_those_of_one(seen):
    assert seen["runs apart"] < DIGITS and seen["goes on"] < DIGITS < seen["moved again"]
    assert seen["runs are shared"] == [2, 1, 2], "each device has one seed of four"
    assert seen["rates are shared"] == [1, 1, 2], "each device has one rate of four"


def test_a_gradient_of_four_devices_is_judged_on_them(seen):
    assert seen["collective"] == ["correct", "wrong"]


def test_what_does_not_fit_is_a_sentence(seen):
    beginnings = (
        "TypeError: sharding is of type str; pass jax.sharding.NamedSharding(mesh, ",
        "ValueError: sharding has P('data', 'model'); the rows of a batch are dealt over its first",
        "ValueError: sharding has P(None, 'model'); the rows of a batch are dealt over its first",
        "ValueError: sharding: 4 devices are to share 6 rows, the batch; pass a batch that is a",
        "ValueError: sharding has a mesh without devices; make one by jax.make_mesh",
        "ValueError: devices: 4 of them are to share 2 rates and 3 seeds; pass a multiple of 4 of",
        "ValueError: devices is empty; pass such as jax.devices(), or None for the first",
    )
    for said, begins in zip(seen["refused"], beginnings, strict=True):
        assert said.startswith(begins), said


def test_four_devices_of_two_processes_train_as_one():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    first, second = [started(port, str(i)) for i in range(2)]
    a, b = answered(first), answered(second)
    assert a["devices"] == 4 and a["here"] == 2
    assert a["weights"] == b["weights"] and max(a["apart"], b["apart"]) < DIGITS
