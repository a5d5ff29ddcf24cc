"""Many implementations judged unattended: open run.py first.

In: a TOML file (plan.py, keys.py), or what a command names (implementation.py).
On the way: pool.py and worker.py judge in processes that may die, journal.py keeps each answer as
soon as it is there, so that a stopped campaign goes on where it was.
Out: findings of all of them in the order of the plan, the same however it was run (results.py).
"""
