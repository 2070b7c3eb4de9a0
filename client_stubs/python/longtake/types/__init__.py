# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The values that you pass to the client and that it returns.

This package imports neither gRPC nor protobuf.
"""

from longtake.types.caller import Budget, Caller
from longtake.types.config import GenerateVideosConfig, GenerateVideosConfigDict
from longtake.types.enums import (
    CameraControl,
    CompressionQuality,
    Disposition,
    GenerationMode,
    MaskMode,
    PersonGeneration,
    ReferenceType,
    ResizeMode,
    SafetyFilterLevel,
)
from longtake.types.events import (
    InitialSetComplete,
    InitialSetRestarted,
    OperationChanged,
    OperationDeleted,
    OperationEvent,
)
from longtake.types.media import FileData, Image, Mask, ReferenceImage, Video
from longtake.types.model import Model, ModelPrice
from longtake.types.operation import (
    AsyncGenerateVideosOperation,
    GeneratedVideo,
    GenerateVideosOperation,
    GenerateVideosOptions,
    GenerateVideosResponse,
    Money,
    Operation,
    OperationError,
    OperationMetadata,
)
from longtake.types.stored_video import AsyncStoredVideo, StoredVideo
from longtake.types.usage import Usage
from longtake.types.video_url import VideoUrl

__all__ = [
    "AsyncGenerateVideosOperation",
    "AsyncStoredVideo",
    "Budget",
    "Caller",
    "CameraControl",
    "CompressionQuality",
    "Disposition",
    "FileData",
    "GenerateVideosConfig",
    "GenerateVideosConfigDict",
    "GenerateVideosOperation",
    "GenerateVideosOptions",
    "GenerateVideosResponse",
    "GeneratedVideo",
    "GenerationMode",
    "Image",
    "InitialSetComplete",
    "InitialSetRestarted",
    "Mask",
    "MaskMode",
    "Model",
    "ModelPrice",
    "Money",
    "Operation",
    "OperationChanged",
    "OperationDeleted",
    "OperationError",
    "OperationEvent",
    "OperationMetadata",
    "PersonGeneration",
    "ReferenceImage",
    "ReferenceType",
    "ResizeMode",
    "SafetyFilterLevel",
    "StoredVideo",
    "Usage",
    "Video",
    "VideoUrl",
]
