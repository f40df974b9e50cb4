"""Measurements against a bare program in the same run; they print ratios and assert nothing."""
