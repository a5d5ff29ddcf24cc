"""Training runs, judged each step alone and all of them together: open validate.py first.

In: a loop or a recorded run (steps.py), the loss, the rule, the start and the batches.
On the way: local.py and single_steps.py have the reference's step from the candidate's own weights,
band.py how far rounding takes a run; mistakes.py asks other_gradients.py and other_updates.py why.
Out: a TrainingFinding (finding.py): the first wrong step, its tensor, and why it is wrong.
"""
