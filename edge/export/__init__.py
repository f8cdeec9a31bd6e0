"""Readings and records out of the journal, for spreadsheets and programs, with the seals that prove them.

Read-only and in short pieces, whether the gateway runs or not.
"""
