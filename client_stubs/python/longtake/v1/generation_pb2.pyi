from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from longtake.v1 import media_pb2 as _media_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateVideosConfig(_message.Message):
    __slots__ = ("number_of_videos", "aspect_ratio", "duration_seconds", "resolution", "fps", "seed", "negative_prompt", "enhance_prompt", "generate_audio", "person_generation", "safety_filter_level", "compressed", "compression_quality", "generation_mode", "last_frame", "reference_images", "mask", "camera_control", "resize_mode", "labels", "output_gcs_uri", "pubsub_topic")
    class SafetyFilterLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SAFETY_FILTER_LEVEL_UNSPECIFIED: _ClassVar[GenerateVideosConfig.SafetyFilterLevel]
        BLOCK_MOST: _ClassVar[GenerateVideosConfig.SafetyFilterLevel]
        BLOCK_SOME: _ClassVar[GenerateVideosConfig.SafetyFilterLevel]
        BLOCK_FEW: _ClassVar[GenerateVideosConfig.SafetyFilterLevel]
    SAFETY_FILTER_LEVEL_UNSPECIFIED: GenerateVideosConfig.SafetyFilterLevel
    BLOCK_MOST: GenerateVideosConfig.SafetyFilterLevel
    BLOCK_SOME: GenerateVideosConfig.SafetyFilterLevel
    BLOCK_FEW: GenerateVideosConfig.SafetyFilterLevel
    class PersonGeneration(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PERSON_GENERATION_UNSPECIFIED: _ClassVar[GenerateVideosConfig.PersonGeneration]
        DONT_ALLOW: _ClassVar[GenerateVideosConfig.PersonGeneration]
        ALLOW_ADULT: _ClassVar[GenerateVideosConfig.PersonGeneration]
        ALLOW_ALL: _ClassVar[GenerateVideosConfig.PersonGeneration]
    PERSON_GENERATION_UNSPECIFIED: GenerateVideosConfig.PersonGeneration
    DONT_ALLOW: GenerateVideosConfig.PersonGeneration
    ALLOW_ADULT: GenerateVideosConfig.PersonGeneration
    ALLOW_ALL: GenerateVideosConfig.PersonGeneration
    class GenerationMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        GENERATION_MODE_UNSPECIFIED: _ClassVar[GenerateVideosConfig.GenerationMode]
        FAST: _ClassVar[GenerateVideosConfig.GenerationMode]
        QUALITY: _ClassVar[GenerateVideosConfig.GenerationMode]
        ECONOMY: _ClassVar[GenerateVideosConfig.GenerationMode]
    GENERATION_MODE_UNSPECIFIED: GenerateVideosConfig.GenerationMode
    FAST: GenerateVideosConfig.GenerationMode
    QUALITY: GenerateVideosConfig.GenerationMode
    ECONOMY: GenerateVideosConfig.GenerationMode
    class CompressionQuality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COMPRESSION_QUALITY_UNSPECIFIED: _ClassVar[GenerateVideosConfig.CompressionQuality]
        OPTIMIZED: _ClassVar[GenerateVideosConfig.CompressionQuality]
        LOSSLESS: _ClassVar[GenerateVideosConfig.CompressionQuality]
    COMPRESSION_QUALITY_UNSPECIFIED: GenerateVideosConfig.CompressionQuality
    OPTIMIZED: GenerateVideosConfig.CompressionQuality
    LOSSLESS: GenerateVideosConfig.CompressionQuality
    class ResizeMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        RESIZE_MODE_UNSPECIFIED: _ClassVar[GenerateVideosConfig.ResizeMode]
        CROP: _ClassVar[GenerateVideosConfig.ResizeMode]
        PAD: _ClassVar[GenerateVideosConfig.ResizeMode]
    RESIZE_MODE_UNSPECIFIED: GenerateVideosConfig.ResizeMode
    CROP: GenerateVideosConfig.ResizeMode
    PAD: GenerateVideosConfig.ResizeMode
    class CameraControl(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CAMERA_CONTROL_UNSPECIFIED: _ClassVar[GenerateVideosConfig.CameraControl]
        FIXED: _ClassVar[GenerateVideosConfig.CameraControl]
        PAN_LEFT: _ClassVar[GenerateVideosConfig.CameraControl]
        PAN_RIGHT: _ClassVar[GenerateVideosConfig.CameraControl]
        TILT_UP: _ClassVar[GenerateVideosConfig.CameraControl]
        TILT_DOWN: _ClassVar[GenerateVideosConfig.CameraControl]
        TRUCK_LEFT: _ClassVar[GenerateVideosConfig.CameraControl]
        TRUCK_RIGHT: _ClassVar[GenerateVideosConfig.CameraControl]
        PEDESTAL_UP: _ClassVar[GenerateVideosConfig.CameraControl]
        PEDESTAL_DOWN: _ClassVar[GenerateVideosConfig.CameraControl]
        PUSH_IN: _ClassVar[GenerateVideosConfig.CameraControl]
        PULL_OUT: _ClassVar[GenerateVideosConfig.CameraControl]
    CAMERA_CONTROL_UNSPECIFIED: GenerateVideosConfig.CameraControl
    FIXED: GenerateVideosConfig.CameraControl
    PAN_LEFT: GenerateVideosConfig.CameraControl
    PAN_RIGHT: GenerateVideosConfig.CameraControl
    TILT_UP: GenerateVideosConfig.CameraControl
    TILT_DOWN: GenerateVideosConfig.CameraControl
    TRUCK_LEFT: GenerateVideosConfig.CameraControl
    TRUCK_RIGHT: GenerateVideosConfig.CameraControl
    PEDESTAL_UP: GenerateVideosConfig.CameraControl
    PEDESTAL_DOWN: GenerateVideosConfig.CameraControl
    PUSH_IN: GenerateVideosConfig.CameraControl
    PULL_OUT: GenerateVideosConfig.CameraControl
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NUMBER_OF_VIDEOS_FIELD_NUMBER: _ClassVar[int]
    ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    ENHANCE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    GENERATE_AUDIO_FIELD_NUMBER: _ClassVar[int]
    PERSON_GENERATION_FIELD_NUMBER: _ClassVar[int]
    SAFETY_FILTER_LEVEL_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_QUALITY_FIELD_NUMBER: _ClassVar[int]
    GENERATION_MODE_FIELD_NUMBER: _ClassVar[int]
    LAST_FRAME_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IMAGES_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    CAMERA_CONTROL_FIELD_NUMBER: _ClassVar[int]
    RESIZE_MODE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_GCS_URI_FIELD_NUMBER: _ClassVar[int]
    PUBSUB_TOPIC_FIELD_NUMBER: _ClassVar[int]
    number_of_videos: int
    aspect_ratio: str
    duration_seconds: int
    resolution: str
    fps: int
    seed: int
    negative_prompt: str
    enhance_prompt: bool
    generate_audio: bool
    person_generation: GenerateVideosConfig.PersonGeneration
    safety_filter_level: GenerateVideosConfig.SafetyFilterLevel
    compressed: bool
    compression_quality: GenerateVideosConfig.CompressionQuality
    generation_mode: GenerateVideosConfig.GenerationMode
    last_frame: _media_pb2.Image
    reference_images: _containers.RepeatedCompositeFieldContainer[_media_pb2.ReferenceImage]
    mask: _media_pb2.Mask
    camera_control: GenerateVideosConfig.CameraControl
    resize_mode: GenerateVideosConfig.ResizeMode
    labels: _containers.ScalarMap[str, str]
    output_gcs_uri: str
    pubsub_topic: str
    def __init__(self, number_of_videos: _Optional[int] = ..., aspect_ratio: _Optional[str] = ..., duration_seconds: _Optional[int] = ..., resolution: _Optional[str] = ..., fps: _Optional[int] = ..., seed: _Optional[int] = ..., negative_prompt: _Optional[str] = ..., enhance_prompt: _Optional[bool] = ..., generate_audio: _Optional[bool] = ..., person_generation: _Optional[_Union[GenerateVideosConfig.PersonGeneration, str]] = ..., safety_filter_level: _Optional[_Union[GenerateVideosConfig.SafetyFilterLevel, str]] = ..., compressed: _Optional[bool] = ..., compression_quality: _Optional[_Union[GenerateVideosConfig.CompressionQuality, str]] = ..., generation_mode: _Optional[_Union[GenerateVideosConfig.GenerationMode, str]] = ..., last_frame: _Optional[_Union[_media_pb2.Image, _Mapping]] = ..., reference_images: _Optional[_Iterable[_Union[_media_pb2.ReferenceImage, _Mapping]]] = ..., mask: _Optional[_Union[_media_pb2.Mask, _Mapping]] = ..., camera_control: _Optional[_Union[GenerateVideosConfig.CameraControl, str]] = ..., resize_mode: _Optional[_Union[GenerateVideosConfig.ResizeMode, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., output_gcs_uri: _Optional[str] = ..., pubsub_topic: _Optional[str] = ...) -> None: ...

class GenerateVideosResponse(_message.Message):
    __slots__ = ("generated_videos", "rai_media_filtered_count", "rai_media_filtered_reasons")
    GENERATED_VIDEOS_FIELD_NUMBER: _ClassVar[int]
    RAI_MEDIA_FILTERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RAI_MEDIA_FILTERED_REASONS_FIELD_NUMBER: _ClassVar[int]
    generated_videos: _containers.RepeatedCompositeFieldContainer[GeneratedVideo]
    rai_media_filtered_count: int
    rai_media_filtered_reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, generated_videos: _Optional[_Iterable[_Union[GeneratedVideo, _Mapping]]] = ..., rai_media_filtered_count: _Optional[int] = ..., rai_media_filtered_reasons: _Optional[_Iterable[str]] = ...) -> None: ...

class GeneratedVideo(_message.Message):
    __slots__ = ("name", "video", "generation_seed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    GENERATION_SEED_FIELD_NUMBER: _ClassVar[int]
    name: str
    video: _media_pb2.Video
    generation_seed: int
    def __init__(self, name: _Optional[str] = ..., video: _Optional[_Union[_media_pb2.Video, _Mapping]] = ..., generation_seed: _Optional[int] = ...) -> None: ...
