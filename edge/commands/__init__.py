"""Commands from above: judged, carried out, answered once they are on disk (DESIGN §6)."""
