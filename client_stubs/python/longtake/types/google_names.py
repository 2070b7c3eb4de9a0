# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The names that google-genai has for types of this package."""

from __future__ import annotations

from longtake.types.config import GenerateVideosConfig, GenerateVideosConfigDict
from longtake.types.enums import CompressionQuality, MaskMode, ReferenceType, ResizeMode
from longtake.types.guides import Mask, MaskDict, ReferenceImage, ReferenceImageDict
from longtake.types.http_options import (
    GetOperationConfig,
    GetOperationConfigDict,
    HttpOptions,
    HttpOptionsDict,
    HttpRetryOptions,
    HttpRetryOptionsDict,
)
from longtake.types.media import Image, ImageDict, Video, VideoDict
from longtake.types.source import GenerateVideosSource, GenerateVideosSourceDict

ImageResizeMode = ResizeMode
VideoCompressionQuality = CompressionQuality
VideoGenerationMask = Mask
VideoGenerationMaskDict = MaskDict
VideoGenerationMaskMode = MaskMode
VideoGenerationReferenceImage = ReferenceImage
VideoGenerationReferenceImageDict = ReferenceImageDict
VideoGenerationReferenceType = ReferenceType

GenerateVideosConfigOrDict = GenerateVideosConfig | GenerateVideosConfigDict
GenerateVideosSourceOrDict = GenerateVideosSource | GenerateVideosSourceDict
GetOperationConfigOrDict = GetOperationConfig | GetOperationConfigDict
HttpRetryOptionsOrDict = HttpRetryOptions | HttpRetryOptionsDict
HttpOptionsOrDict = HttpOptions | HttpOptionsDict
ImageOrDict = Image | ImageDict
VideoGenerationMaskOrDict = Mask | MaskDict
VideoGenerationReferenceImageOrDict = ReferenceImage | ReferenceImageDict
VideoOrDict = Video | VideoDict
