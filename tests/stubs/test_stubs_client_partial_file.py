# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A file of the Python client gets its name only when it is whole, and leaves nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from longtake.types.partial_file import PartialFile

if TYPE_CHECKING:
    from pathlib import Path


def test_two_that_save_to_one_path_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    with PartialFile(path) as first:
        first.write(b"whole ")
        with PartialFile(path) as second:
            second.write(b"cut")
        first.write(b"video")
        assert first.commit() == path
    assert path.read_bytes() == b"whole video"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_taken_leaves_no_part(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    path.mkdir()
    with PartialFile(path) as file:
        file.write(b"video")
        with pytest.raises(IsADirectoryError):
            file.commit()
    assert list(tmp_path.iterdir()) == [path]
