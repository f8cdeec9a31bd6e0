"""What is drawn at random in tests of faults is drawn from this, which a failing test tells."""

from __future__ import annotations

import os
import random
from typing import Final

SEED: Final = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))
AGAIN: Final = f"again with FAULTS_SEED={SEED}"
