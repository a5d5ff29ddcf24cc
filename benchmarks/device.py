"""What an accelerator changes: verdicts, a GPT judged whole, a sweep and training steps on it.

    python -m benchmarks.device [--seconds 290]

Each stage has a process of its own, on whatever jax.devices() has, and ends in time or is ended and
said to be.  Writes device.json and device.md beside this file.  On a CPU all of it runs scaled
down, is printed, and leaves the table empty.  Exits with 1 where a right gradient, its products
with all their digits, is not `correct`; as the device computes by default it may be `inaccurate`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verification.report.findings.writing import write_text

HERE = Path(__file__)
SHARES = {"smoke": 0.2, "sweep": 0.15, "training": 0.15, "gpt": 1.0}  # of the seconds that are left
CPU = "cpu"
NONE = "No accelerator was at hand when this was written, so there is no row."
DTYPES = ("float32", "bfloat16")


# --- on the device -------------------------------------------------------------------------------


def smoke(small: bool) -> list[dict]:
    """Right gradients, compiled for the device; float32 also as its products are by default."""
    found = subjects(small).items()
    rows = [judged(name, *one, dtype, "highest") for name, one in found for dtype in DTYPES]
    return rows + [judged(name, *one, "float32", "default") for name, one in found]


def judged(name: str, of: Callable, draw: Callable, dtype: str, precision: str) -> dict:
    """A verdict on the device's own answer, with its products in this precision."""
    import jax

    import verification as vf

    slope = jax.jit(jax.grad(of, argnums=(0, 1)))

    def gradient(*args):
        with jax.default_matmul_precision(precision):
            return slope(*args)

    start = time.perf_counter()
    found = vf.validate(gradient, of=of, args=draw, argnums=(0, 1), dtype=dtype, cases=4)
    verdict = "verdict" if precision == "highest" else "by default"
    seen = {"what": name, "dtype": dtype, verdict: str(found.verdict)}
    return seen | {"seconds": round(time.perf_counter() - start, 2), "said": found.reason[:200]}


def subjects(small: bool) -> dict[str, tuple[Callable, Callable]]:
    """name -> (a function of two arrays, how they are drawn)."""
    import jax.numpy as jnp

    import refnet as rn

    n = 3 if small else 16
    pair = lambda rng: (rng.normal(size=(n, n + 1)), rng.normal(size=(n + 1, n + 2)))
    both = lambda rng: (rng.normal(size=(n, n + 1)), rng.normal(size=(n, n + 1)))
    entropy = lambda z, y: -jnp.sum(rn.softmax(y) * rn.log_softmax(z))
    return {
        "product": (lambda a, b: jnp.sum(jnp.tanh(a @ b) ** 2), pair),
        "softmax cross-entropy": (entropy, both),
        "sum of sigmoids": (lambda a, b: jnp.sum(rn.sigmoid(a) * b), both),
    }


def gpt(small: bool) -> list[dict]:
    """Every entry of the gradient of GPT-2-small, in float32."""
    from benchmarks.gpt2 import SIZES, judge

    size = "tiny" if small else "GPT-2-small"
    row = judge(SIZES[size], "float32", "")
    return [{"what": size, **{k: row[k] for k in ("dtype", "verdict", "parameters", "seconds")}}]


def sweep(small: bool) -> list[dict]:
    """256 runs as one program, beside one by one."""
    from benchmarks.sweep import SETTINGS, measured

    chosen = SETTINGS[:1] if small else SETTINGS[-2:]
    rows = []
    for setting in chosen:
        together, singly, _, ratio, _ = measured(setting, 1 if small else 3)
        sizes = "-".join(map(str, setting.sizes))
        rows.append({"what": sizes, "seconds": together, "single": singly, "ratio": ratio})
    return rows


def training(small: bool) -> list[dict]:
    """A step of training, beside the loop by hand."""
    from benchmarks import training as peers

    peers.REPEATS = 1 if small else 5
    rows = []
    for setting in peers.SETTINGS[:1] if small else peers.SETTINGS[:3]:
        row = peers.measured(setting)
        sizes = "-".join(map(str, row["sizes"]))
        micro = row["microseconds_per_step"]["refnet"]
        rows.append({"what": sizes, "microseconds": round(micro, 2), "ratio": row["ratio"]})
    return rows


STAGES: dict[str, Callable[[bool], list[dict]]] = {
    "smoke": smoke,
    "sweep": sweep,
    "training": training,
    "gpt": gpt,
}


def alone(stage: str) -> dict[str, Any]:
    """One stage, and the device that it ran on."""
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    device = jax.devices()[0]
    rows = STAGES[stage](device.platform == CPU)
    name, count = device.device_kind, len(jax.devices())
    return {"platform": device.platform, "device": name, "devices": count, "rows": rows}


# --- beside it -----------------------------------------------------------------------------------


def asked(stage: str, seconds: float) -> dict[str, Any]:
    """The stage's rows, or what is to be said where there are none."""
    command = [sys.executable, "-m", "benchmarks.device", "--alone", stage]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"rows": [{"what": stage, "said": f"it did not end within {seconds:.0f} s"}]}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return {"rows": [{"what": stage, "said": f"it ended with {done.returncode}: {last}"}]}
    return json.loads(done.stdout.splitlines()[-1])


def all_stages(seconds: float) -> dict[str, dict]:
    """Each stage within its share of what is left."""
    end, found = time.monotonic() + seconds, {}
    for stage, share in SHARES.items():
        found[stage] = asked(stage, share * max(end - time.monotonic(), 1.0))
        print(stage, json.dumps(found[stage]), flush=True)
    return found


def page(found: dict[str, dict]) -> str:
    """The stages as Markdown; no table where there was no accelerator."""
    lines = ["# On an accelerator", "", (__doc__ or "").split("\n\n")[0], ""]
    if not found:
        return "\n".join([*lines, NONE]) + "\n"
    where = next((one for one in found.values() if "device" in one), {})
    lines += [f"{where.get('devices', 0)} x {where.get('device', 'unknown')}.", ""]
    lines += ["| stage | what | seen |", "| --- | --- | --- |"]
    for stage, one in found.items():
        for row in one["rows"]:
            seen = ", ".join(f"{k} {_shown(v)}" for k, v in row.items() if k != "what")
            lines.append(f"| {stage} | {row['what']} | {seen} |")
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "/")


def is_right(found: dict[str, dict]) -> bool:
    """Whether every stage ended, and every verdict on a right gradient is `correct`."""
    rows = [row for one in found.values() for row in one["rows"]]
    ended = all("device" in one for one in found.values())
    return ended and all(row.get("verdict", "correct") == "correct" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=290.0)
    parser.add_argument("--alone", choices=STAGES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(alone(given.alone)))
        return 0
    found = all_stages(given.seconds)
    on_device = {one.get("platform", CPU) for one in found.values()} != {CPU}
    kept = found if on_device else {}
    write_text(HERE.with_suffix(".json"), json.dumps(kept, indent=1) + "\n")
    write_text(HERE.with_suffix(".md"), page(kept))
    return int(not is_right(found))


if __name__ == "__main__":
    sys.exit(main())
