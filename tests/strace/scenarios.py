"""All scenarios, in the order in which they are played."""

import proxy        # noqa: F401  finds the tools
import exchanges    # noqa: F401  each adds its own
import failures     # noqa: F401
import protected    # noqa: F401
import features     # noqa: F401
import bulk         # noqa: F401
from tracesuite import SCENARIOS

__all__ = ['SCENARIOS']
