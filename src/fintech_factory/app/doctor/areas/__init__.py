"""The areas that can be looked at; the name of a module is the name of its area."""
