"""Findings on other people's gradients, as JSON, JUnit, SARIF and HTML: from rows of plain data.

A row is a finding's JSON with its `location`, file and line, and the `implementation`'s name.
"""
