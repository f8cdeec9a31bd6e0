"""What the settings say, as the rooms below the gateway want it: sources, devices, targets, recorders."""

from edge.wiring.devices import allowed, intaken, opener, sources, stores, targets, to_stores
from edge.wiring.recorders import holds, instruments, known, recorders

__all__ = [
    "allowed",
    "holds",
    "instruments",
    "intaken",
    "known",
    "opener",
    "recorders",
    "sources",
    "stores",
    "targets",
    "to_stores",
]
