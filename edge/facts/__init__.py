"""What people say and no sensor gives (录入信息): the kinds of fact, and how one is read and refused."""

from edge.facts.kinds import FACTS
from edge.facts.reading import read_fact

__all__ = ["FACTS", "read_fact"]
