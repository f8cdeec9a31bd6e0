"""Byte-level stand-ins for the devices, and scenarios that play a day. They import nothing of Tagtrail."""
