"""A full disk is said to be one, whoever met it; what else goes wrong is not taken for it."""

import errno
from collections.abc import Callable

import pytest

from fintech_factory.cli.failures import guarded


def failing(error: Exception, cause: Exception | None = None) -> Callable[[], None]:
    def run() -> None:
        raise error from cause

    return run


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (FULL, None),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), None),
        (RuntimeError("Could not write file: No space left on device"), None),
        (RuntimeError("it could not be written"), FULL),
    ],
)
def test_a_full_disk_is_said_with_what_to_do(
    error: Exception, cause: Exception | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(failing(error, cause), as_json=False) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the disk is full; what was published stays as it was (")
    assert "hint: make room, then run the same command again" in said


def test_another_failure_of_the_disk_is_not_taken_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert guarded(failing(OSError(errno.EIO, "Input/output error")), as_json=False) == 1
    assert "something unexpected happened" in capsys.readouterr().err
