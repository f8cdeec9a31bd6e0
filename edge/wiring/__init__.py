"""What the settings say, as the rooms below the gateway want it: sources, devices, targets, recorders."""

from edge.wiring.devices import (
    Hung,
    allowed,
    hanging,
    intaken,
    opener,
    source,
    sources,
    stores,
    targets,
    to_store,
)
from edge.wiring.recorders import holds, instruments, known, recorders

__all__ = [
    "Hung",
    "allowed",
    "hanging",
    "holds",
    "instruments",
    "intaken",
    "known",
    "opener",
    "recorders",
    "source",
    "sources",
    "stores",
    "targets",
    "to_store",
]
