"""Byte-level stand-ins for the devices, and scenarios that play a day. They import nothing of Tagtrail.

``python -m simulators SCENARIO`` starts them for any gateway; ``simulators.site.Site`` starts them inside a
test. The format of a scenario and the faults are described in ``scenarios/README.md``.
"""
