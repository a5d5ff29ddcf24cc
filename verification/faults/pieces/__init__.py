"""Mistakes in one piece of a chain rule: every equation of the forward program is an arrow."""
