# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The models as data: capabilities, prices, quotas and retirement dates."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import Enum
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

from longtake.media_types import VIDEOS
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from longtake_server.configuration.words import syntax_fault, words_of
from longtake_server.errors import ModelNotFound, StartFailure
from longtake_server.frozen import frozen_by_types

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MICROS = 1_000_000
_QUOTAS = ("requests_per_minute", "max_concurrent")
_NAMES_OF_MODELS = ("replacement", "fast", "quality", "economy")


class Stage(Enum):
    """The stage in the life of a model. The values are the contract's names."""

    EXPERIMENTAL = "EXPERIMENTAL"
    PREVIEW = "PREVIEW"
    GENERALLY_AVAILABLE = "GENERALLY_AVAILABLE"
    DEPRECATED = "DEPRECATED"
    RETIRED = "RETIRED"


class Price(BaseModel):
    """The list price of a second of video in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resolution: str
    audio: bool
    usd_per_second: float = Field(ge=0)

    @property
    def micros_per_second(self) -> int:
        """The price in millionths of a US dollar."""
        return round(self.usd_per_second * _MICROS)


def _none_for_zero(value: object) -> object:
    return None if value == 0 else value


# TOML has no null, so 0 stands for no limit.
_Quota = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_none_for_zero)]


def _canonical_types(types: object) -> object:
    """Return media types by their canonical names, each once."""
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        return types
    named = tuple(dict.fromkeys(VIDEOS.canonical(one) for one in types))
    if unknown := [one for one in named if one not in VIDEOS.accepted]:
        accepted = ", ".join(VIDEOS.accepted)
        raise ValueError(f"{', '.join(unknown)} cannot be sent; accepted are {accepted}")
    return named


class ModelEntry(BaseModel):
    """A row of the catalogue. Durations are in seconds. The first value of a list is the default.

    Attributes:
        supported_fields: The optional fields that the model takes, as paths of
            GenerateVideosRequest.
        extension_seconds: What an extension adds to a video, whatever the requested
            duration. 0 if the model cannot extend, or extends by extension_durations.
        extension_durations: What an extension may add, as the requested duration.
        extension_types: The canonical media types of the videos that it takes as input.
        reference_duration: The only duration with reference images, None for any.
        retirement_date: The earliest day of retirement, None if unknown.
        requests_per_minute: Submissions per minute that the upstream takes, None for no limit.
        max_concurrent: Generations that run at the same time, None for no limit.
        fallbacks: Models of the same upstream that serve a request when this one has no quota
            left and the caller allows it. The first that can serves it.
        fast, quality, economy: The models of the generation modes.
        source: Where the facts of the row come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    display_name: str
    source: str
    upstream: str = "agent_platform"
    stage: Stage
    durations: tuple[int, ...] = Field(min_length=1)
    default_duration: int
    resolutions: tuple[str, ...] = Field(min_length=1)
    aspect_ratios: tuple[str, ...] = Field(min_length=1)
    fps: tuple[int, ...] = Field(min_length=1)
    max_videos: int = Field(ge=1)
    supported_fields: frozenset[str]
    extension_seconds: int = Field(default=0, ge=0)
    extension_durations: tuple[int, ...] = ()
    extension_types: Annotated[tuple[str, ...], BeforeValidator(_canonical_types)] = ()
    max_asset_references: int = Field(default=0, ge=0)
    max_style_references: int = Field(default=0, ge=0)
    reference_duration: int | None = None
    prices: tuple[Price, ...] = ()
    requests_per_minute: _Quota = None
    max_concurrent: _Quota = None
    fallbacks: tuple[str, ...] = ()
    retirement_date: date | None = None
    replacement: str | None = None
    fast: str | None = None
    quality: str | None = None
    economy: str | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ModelEntry:
        unknown = sorted(path for path in self.supported_fields if not _is_field(path))
        if unknown:
            raise ValueError(f"supported_fields: {', '.join(unknown)} are no fields of a request")
        for name in ("default_duration", "reference_duration"):
            if getattr(self, name) not in (None, *self.durations):
                raise ValueError(f"{name}: it is not one of durations")
        if self.extends and not self.extension_types:
            raise ValueError("extension_types: an extension needs at least one")
        if self.stage is Stage.RETIRED and self.replacement is None:
            raise ValueError("replacement: a retired model needs one")
        return self

    @property
    def extends(self) -> bool:
        """Whether the model makes a video longer."""
        return bool(self.extension_seconds or self.extension_durations)

    def sibling(self, mode: int) -> str | None:
        """Return the id of the model for a generation mode, or None."""
        if mode == GenerateVideosConfig.GENERATION_MODE_UNSPECIFIED:
            return self.id
        siblings: dict[int, str | None] = {
            GenerateVideosConfig.FAST: self.fast,
            GenerateVideosConfig.QUALITY: self.quality,
            GenerateVideosConfig.ECONOMY: self.economy,
        }
        return siblings.get(mode)


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Output:
    """The resolution and the length of each video of a generation.

    Attributes:
        resolution: For example `720p`; empty if unknown.
        seconds: The length; of an extension, what it adds.
    """

    resolution: str
    seconds: int


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Bill:
    """The list price of a generation.

    Attributes:
        seconds: The seconds of all videos.
        cost_micros: Millionths of a US dollar; None if the price is unknown.
    """

    seconds: float
    cost_micros: int | None


class Catalogue:
    """The models that requests can name."""

    def __init__(
        self, models: Mapping[str, ModelEntry], aliases: Mapping[str, str] | None = None
    ) -> None:
        self._models = dict(sorted(models.items()))
        self._aliases = dict(aliases or {})

    @classmethod
    def load(cls, extra: Path | None = None, *, shipped_quotas: bool = True) -> Catalogue:
        """Read the shipped catalogue, and a file that adds rows or changes them.

        Args:
            extra: The file.
            shipped_quotas: Whether the shipped quotas apply where the file has none.

        Raises:
            StartFailure: The file cannot be read, or a row is wrong.

        """
        shipped = resources.files(__package__).joinpath("models.toml").read_text("utf-8")
        tables = tomllib.loads(shipped)
        if not shipped_quotas:
            _drop_quotas(tables)
        if extra is not None:
            _merge(tables, _read(extra))
        families = tables["families"]
        entries = {model: _entry(model, row, families) for model, row in tables["models"].items()}
        _check_references(entries)
        aliases = {str(name): str(target) for name, target in tables["aliases"].items()}
        _check_aliases(aliases, entries)
        return cls(entries, aliases)

    @property
    def models(self) -> tuple[ModelEntry, ...]:
        """All rows, in the order of their ids."""
        return tuple(self._models.values())

    def get(self, model: str) -> ModelEntry | None:
        """Return a row by its id or its name, `models/{id}`."""
        return self._models.get(model.removeprefix("models/"))

    def serving(self, model: str) -> ModelEntry | None:
        """Return the row that serves a model; an alias may name another one."""
        return self.get(self._aliases.get(model.removeprefix("models/"), model))

    def find(self, model: str) -> ModelEntry:
        """Return a row as `get` does. Raises ModelNotFound."""
        if (entry := self.get(model)) is None:
            raise ModelNotFound(f"models/{model.removeprefix('models/')}")
        return entry

    def bill(self, model: str, request: GenerateVideosRequest, videos: int | None = None) -> Bill:
        """Return the price of a request, or of the number of delivered videos.

        A model that is no longer in the catalogue has no price.
        """
        config, entry = request.config, self.get(model)
        count = (config.number_of_videos or 1) if videos is None else videos
        output = _output(entry, request, config)
        seconds = float(output.seconds * count)
        price = None if entry is None else _price(entry, output.resolution, config)
        return Bill(seconds, None if price is None else round(seconds * price))

    def output(self, model: str, request: GenerateVideosRequest) -> Output:
        """Return what a model makes of a request. An unknown model has no defaults."""
        return _output(self.get(model), request, request.config)


def _output(
    entry: ModelEntry | None, request: GenerateVideosRequest, config: GenerateVideosConfig
) -> Output:
    if entry is None:
        return Output(config.resolution, config.duration_seconds)
    length = config.duration_seconds or entry.default_duration
    if entry.extension_seconds and extends(request):
        length = entry.extension_seconds
    return Output(config.resolution or entry.resolutions[0], length)


def extends(request: GenerateVideosRequest) -> bool:
    """Return whether a request extends its video. With a mask it edits it."""
    return request.HasField("video") and not request.config.HasField("mask")


def _price(entry: ModelEntry, resolution: str, config: GenerateVideosConfig) -> int | None:
    """Return the price of a second in micros; the highest if the request leaves audio open."""
    accepted = (config.generate_audio,) if config.HasField("generate_audio") else (True, False)
    fitting = [
        price.micros_per_second
        for price in entry.prices
        if price.resolution == resolution and price.audio in accepted
    ]
    return max(fitting, default=None)


def _is_field(path: str) -> bool:
    message = GenerateVideosConfig if path.startswith("config.") else GenerateVideosRequest
    return path.removeprefix("config.") in message.DESCRIPTOR.fields_by_name


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        fault = syntax_fault(file, error, 'house-style = "veo-3.1-fast-generate-001"')
        raise StartFailure(f"the catalogue file {fault}") from error
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StartFailure(f"the catalogue file {file} cannot be read: {cause}") from error


def _drop_quotas(tables: dict[str, Any]) -> None:
    for row in (*tables["families"].values(), *tables["models"].values()):
        for name in _QUOTAS:
            row.pop(name, None)


def _merge(tables: dict[str, Any], extra: dict[str, Any]) -> None:
    for kind, rows in extra.items():
        if kind not in tables:
            accepted = ", ".join(tables)
            raise StartFailure(f"the catalogue file has {kind}; accepted are {accepted}")
        if not isinstance(rows, dict):
            raise StartFailure(f"the catalogue file's {kind} is not a table")
        if kind == "aliases":
            tables[kind].update(rows)
            continue
        for name, row in rows.items():
            if not isinstance(row, dict):
                raise StartFailure(f"the catalogue file's {kind}.{name} is not a table")
            tables[kind].setdefault(name, {}).update(row)


def _entry(model: str, row: dict[str, Any], families: dict[str, Any]) -> ModelEntry:
    fields = dict(row)
    if "family" in fields:
        family = str(fields.pop("family"))
        if family not in families:
            raise StartFailure(f"the catalogue's models.{model}.family {family!r} does not exist")
        fields = {**families[family], **fields}
    try:
        return ModelEntry(**{**fields, "id": model})
    except ValidationError as error:
        faults = "; ".join(
            _fault(fault["loc"], words_of(fault)) for fault in error.errors(include_input=False)
        )
        raise StartFailure(f"the catalogue's models.{model} is wrong: {faults}") from error


def _fault(place: tuple[int | str, ...], said: str) -> str:
    return f"{'.'.join(map(str, place))}: {said}" if place else said


def _check_aliases(aliases: Mapping[str, str], entries: Mapping[str, ModelEntry]) -> None:
    for name, target in aliases.items():
        if target not in entries:
            raise StartFailure(
                f"the catalogue's aliases.{name} is {target!r}, which is no model of it"
            )


def _check_references(entries: Mapping[str, ModelEntry]) -> None:
    for entry in entries.values():
        for other in entry.fallbacks:
            if other not in entries or entries[other].upstream != entry.upstream:
                raise StartFailure(
                    f"the catalogue's models.{entry.id}.fallbacks has {other!r}, which is no model "
                    f"of {entry.upstream}"
                )
        for key in _NAMES_OF_MODELS:
            named = getattr(entry, key)
            if named is not None and named not in entries:
                raise StartFailure(
                    f"the catalogue's models.{entry.id}.{key} is {named!r}, which is no model of it"
                )
