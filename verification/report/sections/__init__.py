"""The sections that are tables: the name of each one's stage, and where its rows come from."""

from . import (
    corpora,
    experiments,
    gates,
    kill_table,
    kinds,
    naming,
    other_implementations,
    training_runs,
    update_rules,
)
from .section import Section

SECTIONS: dict[str, Section] = {
    "other implementations": other_implementations.SECTION,
    "kill table": kill_table.SECTION,
    "gates": gates.SECTION,
    "corpora": corpora.SECTION,
    "kinds": kinds.SECTION,
    "naming": naming.SECTION,
    "update rules": update_rules.SECTION,
    "training loops": training_runs.SECTION,
    "experiments": experiments.SECTION,
}
