"""Everything that talks to a device, and nothing that knows what it is for."""
