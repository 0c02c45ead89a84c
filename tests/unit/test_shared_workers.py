"""Tests that share what is dear to make share the worker that makes it."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one worker runs every test")
@pytest.mark.xdist_group("shared")
def test_a_group_of_tests_reaches_whoever_hands_them_out(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@shared")
