# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A file of the Python client gets its name only when it is complete, and leaves nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from longtake._saving import PartialFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _part(path: Path) -> Iterator[PartialFile]:
    file = PartialFile(path)
    try:
        file.open()
        yield file
    finally:
        file.discard()


def test_two_that_save_to_one_path_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with _part(path) as first:
        first.write(b"whole ")
        with _part(path) as second:
            second.write(b"cut")
        first.write(b"video")
        first.commit()
    assert path.read_bytes() == b"whole video"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_taken_meanwhile_leaves_no_part(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with _part(path) as file:
        file.write(b"video")
        path.mkdir()
        with pytest.raises(IsADirectoryError):
            file.commit()
    assert list(tmp_path.iterdir()) == [path]
