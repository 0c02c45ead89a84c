"""Puts a workspace together; the only package that names concrete warehouses and sources."""

from fintech_factory.app.factory import Factory
from fintech_factory.app.settings_files import config_models

__all__ = ["Factory", "config_models"]
