"""What the settings say, as the rooms below the gateway want it: sources, devices, targets, recorders."""

from edge.wiring.devices import allowed, intaken, opener, sources, targets
from edge.wiring.recorders import holds, known, recorders

__all__ = ["allowed", "holds", "intaken", "known", "opener", "recorders", "sources", "targets"]
