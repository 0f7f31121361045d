"""Damaged files, and what reads them; see `scripts/fault_test.py`."""
