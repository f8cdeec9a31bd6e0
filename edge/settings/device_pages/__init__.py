"""``docs/devices/``: a page for each driver and each Modbus profile, from what the code already says of them.

A driver's page comes from its module's docstring, its options and its line of the catalogue; a profile's from
its file, comments included. Each ends with lines of a settings file, which a test holds against the loader.
``python -m edge.settings.device_pages docs/devices`` writes them anew.
"""
