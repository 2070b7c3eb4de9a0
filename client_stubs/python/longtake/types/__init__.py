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
from longtake.types.google_names import (
    GenerateVideosConfigOrDict,
    GenerateVideosSourceOrDict,
    GetOperationConfigOrDict,
    HttpOptionsOrDict,
    HttpRetryOptionsOrDict,
    ImageOrDict,
    ImageResizeMode,
    VideoCompressionQuality,
    VideoGenerationMask,
    VideoGenerationMaskDict,
    VideoGenerationMaskMode,
    VideoGenerationMaskOrDict,
    VideoGenerationReferenceImage,
    VideoGenerationReferenceImageDict,
    VideoGenerationReferenceImageOrDict,
    VideoGenerationReferenceType,
    VideoOrDict,
)
from longtake.types.guides import Mask, ReferenceImage
from longtake.types.http_options import (
    GetOperationConfig,
    GetOperationConfigDict,
    HttpOptions,
    HttpOptionsDict,
    HttpRetryOptions,
    HttpRetryOptionsDict,
)
from longtake.types.media import FileData, Image, ImageDict, Video, VideoDict
from longtake.types.model import Model, ModelPrice
from longtake.types.operation import (
    AsyncGenerateVideosOperation,
    GenerateVideosOperation,
    GenerateVideosOptions,
    Money,
    Operation,
    OperationError,
    OperationMetadata,
)
from longtake.types.response import GeneratedVideo, GenerateVideosResponse
from longtake.types.source import GenerateVideosSource, GenerateVideosSourceDict
from longtake.types.stored_video import AsyncStoredVideo, StoredVideo
from longtake.types.usage import Usage
from longtake.types.video_url import VideoUrl
from longtake.types.webhook import DeliveryState, Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "AsyncGenerateVideosOperation",
    "AsyncStoredVideo",
    "Budget",
    "Caller",
    "CameraControl",
    "CompressionQuality",
    "DeliveryState",
    "Disposition",
    "FileData",
    "GenerateVideosConfig",
    "GenerateVideosConfigDict",
    "GenerateVideosConfigOrDict",
    "GenerateVideosOperation",
    "GenerateVideosOptions",
    "GenerateVideosResponse",
    "GenerateVideosSource",
    "GenerateVideosSourceDict",
    "GenerateVideosSourceOrDict",
    "GeneratedVideo",
    "GenerationMode",
    "GetOperationConfig",
    "GetOperationConfigDict",
    "GetOperationConfigOrDict",
    "HttpOptions",
    "HttpOptionsDict",
    "HttpOptionsOrDict",
    "HttpRetryOptions",
    "HttpRetryOptionsDict",
    "HttpRetryOptionsOrDict",
    "Image",
    "ImageDict",
    "ImageOrDict",
    "ImageResizeMode",
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
    "VideoCompressionQuality",
    "VideoDict",
    "VideoGenerationMask",
    "VideoGenerationMaskDict",
    "VideoGenerationMaskMode",
    "VideoGenerationMaskOrDict",
    "VideoGenerationReferenceImage",
    "VideoGenerationReferenceImageDict",
    "VideoGenerationReferenceImageOrDict",
    "VideoGenerationReferenceType",
    "VideoOrDict",
    "VideoUrl",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
]
