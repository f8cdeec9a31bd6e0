"""Pure state machines: (state, what happened) -> (state, records)."""
