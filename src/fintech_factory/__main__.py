"""`python -m fintech_factory`: the command `factory`, for whoever has its interpreter only."""

import sys

from fintech_factory.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
