"""Trace (追溯): from a code back to animal, county and certificate, forward to rooms, trucks and receivers.

From the journal alone, opened read-only, whether the daemon runs or not. Every question is bounded, and the
answer says when a bound was met.
"""

from edge.trace.answer import NothingKnown, among, trace
from edge.trace.asked import Question, Unclear, answered
from edge.trace.meetings import Epidemic, of_county, of_lot

__all__ = [
    "Epidemic",
    "NothingKnown",
    "Question",
    "Unclear",
    "among",
    "answered",
    "of_county",
    "of_lot",
    "trace",
]
