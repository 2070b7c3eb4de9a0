# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped models, their prices, and an operator's file that overrides them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Mask, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import ModelNotFound, StartFailure
from longtake_server.operations.requests.catalogue import Bill, Catalogue, ModelEntry, Stage
from longtake_server.operations.requests.validation import OPTIONAL_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = Catalogue.load()
UNSPECIFIED = GenerateVideosConfig.GENERATION_MODE_UNSPECIFIED
FAST = GenerateVideosConfig.FAST
QUALITY = GenerateVideosConfig.QUALITY
ECONOMY = GenerateVideosConfig.ECONOMY

ROW = """
[models.my-model]
display_name = "Mine"
source = "us"
stage = "PREVIEW"
durations = [5]
default_duration = 5
resolutions = ["720p"]
aspect_ratios = ["1:1"]
fps = [24]
max_videos = 1
supported_fields = ["image", "config.seed"]
"""


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    return tmp_path / "models.toml"


def request(**config: object) -> GenerateVideosRequest:
    return GenerateVideosRequest(config=GenerateVideosConfig(**config))  # type: ignore[arg-type]  # a test's own fields


def test_models_come_in_the_order_of_their_ids() -> None:
    ids = [entry.id for entry in CATALOGUE.models]
    assert ids == sorted(ids)
    assert {"veo-001", "veo-2.0-generate-001", "veo-3.1-generate-001"} <= set(ids)


@pytest.mark.parametrize("entry", CATALOGUE.models, ids=lambda entry: entry.id)
def test_a_shipped_row_is_sound(entry: ModelEntry) -> None:
    assert entry.source
    assert entry.supported_fields <= OPTIONAL_FIELDS.keys()
    assert {price.resolution for price in entry.prices} <= set(entry.resolutions)
    has_references = "config.reference_images" in entry.supported_fields
    assert has_references == bool(entry.max_asset_references or entry.max_style_references)
    if entry.stage is Stage.RETIRED:
        assert CATALOGUE.find(entry.replacement or "").stage is not Stage.RETIRED


@pytest.mark.parametrize(
    ("model", "durations", "resolutions", "audio", "most", "retirement_date"),
    [
        ("veo-2.0-generate-001", (5, 6, 7, 8), ("720p",), False, 4, date(2026, 6, 30)),
        ("veo-3.0-generate-001", (4, 6, 8), ("720p", "1080p"), True, 4, date(2026, 6, 30)),
        ("veo-3.0-generate-preview", (8,), ("720p",), True, 2, date(2026, 4, 2)),
        ("veo-3.1-generate-001", (4, 6, 8), ("720p", "1080p", "4k"), True, 4, date(2027, 5, 4)),
        ("veo-3.1-fast-generate-001", (4, 6, 8), ("720p", "1080p"), True, 4, date(2027, 5, 4)),
        ("veo-3.1-lite-generate-001", (4, 6, 8), ("720p", "1080p"), True, 4, None),
        ("veo-3.1-generate-preview", (4, 6, 8), ("720p", "1080p", "4k"), True, 4, date(2026, 4, 2)),
    ],
)
def test_a_model_can_what_its_pages_say(
    model: str,
    durations: tuple[int, ...],
    resolutions: tuple[str, ...],
    audio: bool,
    most: int,
    retirement_date: date | None,
) -> None:
    entry = CATALOGUE.find(model)
    assert entry.durations == durations
    assert entry.default_duration == 8
    assert entry.resolutions == resolutions
    assert entry.aspect_ratios == ("16:9", "9:16")
    assert entry.fps == (24,)
    assert ("config.generate_audio" in entry.supported_fields) == audio
    assert entry.max_videos == most
    assert entry.retirement_date == retirement_date


def test_a_model_is_found_by_its_id_and_by_its_name() -> None:
    entry = CATALOGUE.find("veo-3.1-generate-001")
    assert CATALOGUE.find("models/veo-3.1-generate-001") is entry
    assert CATALOGUE.get("models/veo-3.1-generate-001") is entry


@pytest.mark.parametrize("model", ["", "models/", "veo", "models/models/veo-001"])
def test_no_such_model(model: str) -> None:
    assert CATALOGUE.get(model) is None
    with pytest.raises(ModelNotFound):
        CATALOGUE.find(model)


@pytest.mark.parametrize(
    ("model", "mode", "sibling"),
    [
        ("veo-3.1-generate-001", UNSPECIFIED, "veo-3.1-generate-001"),
        ("veo-3.1-generate-001", QUALITY, "veo-3.1-generate-001"),
        ("veo-3.1-generate-001", FAST, "veo-3.1-fast-generate-001"),
        ("veo-3.1-generate-001", ECONOMY, "veo-3.1-lite-generate-001"),
        ("veo-3.1-fast-generate-001", QUALITY, "veo-3.1-generate-001"),
        ("veo-3.1-fast-generate-001", FAST, "veo-3.1-fast-generate-001"),
        ("veo-3.1-lite-generate-001", FAST, "veo-3.1-fast-generate-001"),
        ("veo-3.0-generate-001", ECONOMY, "veo-3.0-fast-generate-001"),
        ("veo-2.0-generate-001", QUALITY, "veo-2.0-generate-001"),
        ("veo-2.0-generate-001", FAST, None),
        ("veo-3.1-generate-001", 99, None),
    ],
)
def test_a_generation_mode_picks_a_sibling(model: str, mode: int, sibling: str | None) -> None:
    assert CATALOGUE.find(model).sibling(mode) == sibling


@pytest.mark.parametrize(
    ("model", "asked", "bill"),
    [
        ("veo-3.1-generate-001", request(), Bill(8.0, 3_200_000)),
        ("veo-3.1-generate-001", request(generate_audio=True), Bill(8.0, 3_200_000)),
        ("veo-3.1-generate-001", request(generate_audio=False), Bill(8.0, 1_600_000)),
        (
            "veo-3.1-generate-001",
            request(duration_seconds=4, resolution="4k", number_of_videos=3),
            Bill(12.0, 7_200_000),
        ),
        (
            "models/veo-3.1-lite-generate-001",
            request(duration_seconds=6, generate_audio=False),
            Bill(6.0, 180_000),
        ),
        (
            "veo-3.1-generate-001",
            GenerateVideosRequest(video=Video(data=b"")),
            Bill(7.0, 2_800_000),
        ),
        (
            "veo-2.0-generate-001",
            GenerateVideosRequest(
                video=Video(data=b""), config=GenerateVideosConfig(mask=Mask(), duration_seconds=5)
            ),
            Bill(5.0, 2_500_000),
        ),
        ("veo-001", request(duration_seconds=5), Bill(5.0, None)),
        ("a-model-of-yesterday", request(duration_seconds=5), Bill(5.0, None)),
    ],
)
def test_a_request_costs_its_seconds_by_the_list(
    model: str, asked: GenerateVideosRequest, bill: Bill
) -> None:
    assert CATALOGUE.bill(model, asked) == bill


def test_what_was_delivered_is_billed_and_not_what_was_asked_for() -> None:
    asked = request(number_of_videos=4)
    assert CATALOGUE.bill("veo-3.1-generate-001", asked, 1) == Bill(8.0, 3_200_000)
    assert CATALOGUE.bill("veo-3.1-generate-001", asked, 0) == Bill(0.0, 0)


def test_an_operator_adds_a_model(extra: Path) -> None:
    extra.write_text(ROW)
    catalogue = Catalogue.load(extra)
    assert catalogue.find("my-model").aspect_ratios == ("1:1",)
    assert len(catalogue.models) == len(CATALOGUE.models) + 1


def test_an_operator_changes_a_field_of_a_row_and_no_other(extra: Path) -> None:
    extra.write_text('[models."veo-3.1-generate-001"]\nrequests_per_minute = 5\n')
    before = CATALOGUE.find("veo-3.1-generate-001")
    after = Catalogue.load(extra).find("veo-3.1-generate-001")
    assert after == before.model_copy(update={"requests_per_minute": 5})


def test_an_operator_may_use_every_usual_name_of_a_media_type(extra: Path) -> None:
    extra.write_text(f"{ROW}extension_types = ['video/quicktime', 'video/MOV', 'video/mpg']")
    assert Catalogue.load(extra).find("my-model").extension_types == ("video/mov", "video/mpeg")


@pytest.mark.parametrize(
    ("gone", "replacement"),
    [
        ("veo-3.1-generate-preview", "veo-3.1-generate-001"),
        ("veo-3.1-fast-generate-preview", "veo-3.1-fast-generate-001"),
    ],
)
def test_the_previews_went_on_the_day_of_their_notice(gone: str, replacement: str) -> None:
    entry = CATALOGUE.find(gone)
    assert (entry.stage, entry.retirement_date) == (Stage.RETIRED, date(2026, 4, 2))
    assert entry.replacement == replacement


def test_every_preview_that_the_notice_is_about_is_retired() -> None:
    veo = [one for one in CATALOGUE.models if one.id.startswith("veo-")]
    previews = {one.stage for one in veo if one.id.endswith("-preview")}
    assert previews == {Stage.RETIRED}


def test_an_operator_changes_a_family(extra: Path) -> None:
    extra.write_text("[families.veo_3_1]\nmax_videos = 2\n")
    assert Catalogue.load(extra).find("veo-3.1-generate-preview").max_videos == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("models = 3", "models is not a table"),
        ("[model.x]", "the catalogue file has model; accepted are aliases, families, models"),
        ("[models]\nx = 3", "models.x is not a table"),
        ("[models.x]\nfamily = 'veo_9'", "models.x.family 'veo_9' does not exist"),
        ("[models.x]\nfamily = ['veo_3']", "models.x.family"),
        ("[models.x]\nfamily = 'veo_3'", "models.x is wrong: display_name: is missing"),
        (f"{ROW}colour = 1", "models.my-model is wrong: colour: is not known"),
        (ROW.replace("max_videos = 1", "max_videos = 0"), "max_videos: accepted is 1 or more"),
        (ROW.replace("[5]", "['five']"), "durations.0: accepted is a whole number"),
        (ROW.replace("_duration = 5", "_duration = 6"), "default_duration: it is not one of"),
        (f"{ROW}reference_duration = 8", "reference_duration: it is not one of durations"),
        (ROW.replace("config.seed", "config.sed"), "supported_fields: config.sed are no fields"),
        (f"{ROW}extension_types = ['video/mkv']", "extension_types: video/matroska cannot be sent"),
        (f"{ROW}extension_types = [7]", "extension_types.0: accepted is"),
        (f"{ROW}extension_seconds = 7", "extension_types: an extension needs at least one"),
        (ROW.replace("PREVIEW", "RETIRED"), "replacement: a retired model needs one"),
        (f"{ROW}replacement = 'other'", "models.my-model.replacement is 'other'"),
        (f"{ROW}fast = 'other'", "models.my-model.fast is 'other'"),
        ("[models", "at its end: this is not TOML; an entry is written as"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_key(extra: Path, text: str, named: str) -> None:
    extra.write_text(text)
    with pytest.raises(StartFailure) as raised:
        Catalogue.load(extra)
    assert named in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(extra: Path, content: bytes | None) -> None:
    if content is not None:
        extra.write_bytes(content)
    with pytest.raises(StartFailure, match=f"the catalogue file {extra} cannot be read"):
        Catalogue.load(extra)
