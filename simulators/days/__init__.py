"""Whole days, played in virtual time: what each port says and when, and what truly happened.

Nothing here sleeps or opens a port: a day is worked out at once, byte for byte, for a gateway whose clock is
handed to it.
"""
