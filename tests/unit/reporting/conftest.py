"""Mornings with defaults, and the shipped departments."""

import sys
from pathlib import Path

# Tests are not a package; what they share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))
