"""Lets the property tests find the random books that they share."""

import sys
from pathlib import Path

# Tests are not a package; their builders are found beside them.
sys.path.insert(0, str(Path(__file__).parent))
