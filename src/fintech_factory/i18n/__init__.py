"""English and Spanish: how figures and dates are written in each."""

from fintech_factory.i18n.figures import absent, day, figure, moment

__all__ = ["absent", "day", "figure", "moment"]
