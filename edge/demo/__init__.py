"""Simulated devices, the gateway and a broker in one command: no hardware, no server, no root.

The example settings of ``config/examples`` run as they are, but for where their ports lead, where they
publish and where the journal lies.
"""

from edge.demo.play import play

__all__ = ["play"]
