"""What the protocols of UHF readers share: the electronic product code of an ISO 18000-6C tag.

::

    protocol control (PC)                       EPC
    bits 15 … 11: length of the EPC in words    two bytes for each word, 0 to 31 words

An EPC is kept as hexadecimal digits, as the reader sent it: what the ministry writes into the EPC of an ear
tag is not published, and hooks bear whatever their maker wrote.

Source: EPC UHF Gen2 air interface 2.0, 6.3.2.1.2.
"""

from __future__ import annotations

from drivers.contract import Code, Reason, Reject


def tag(epc: bytes) -> Code:
    """The code of a tag. Raises Reject: ``length`` for an odd number of bytes, ``sentinel`` where there are
    none. An EPC of zeros stands as the tag says it: one frame may hold it beside the tags of others."""
    if len(epc) % 2:
        raise Reject(Reason.LENGTH, f"an EPC of {len(epc)} bytes: {epc.hex(' ')}")
    if not epc:
        raise Reject(Reason.SENTINEL, "a tag without EPC")
    return Code("epc-uhf", epc.hex().upper())


def tag_with_pc(data: bytes) -> Code:
    """The code of a tag from its PC and EPC. Raises Reject: ``length`` where they disagree."""
    words = data[0] >> 3 if data else 0
    if len(data) != 2 + 2 * words:
        raise Reject(Reason.LENGTH, f"the tag says {words} words of EPC: {data.hex(' ')}")
    return tag(data[2:])
