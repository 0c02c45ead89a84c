"""Lets the tests of the pipeline find what they build."""

import sys
from pathlib import Path

# Tests are not a package; their builders are found beside them.
sys.path.insert(0, str(Path(__file__).parent))
