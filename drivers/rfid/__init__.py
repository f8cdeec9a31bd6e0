"""Readers of ear tags, hooks and labels: one file per protocol."""
