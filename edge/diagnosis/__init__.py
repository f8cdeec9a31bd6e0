"""What helps to find a fault from afar: a pack without secrets and without what was observed."""
