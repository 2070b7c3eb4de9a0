-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Written by `make proto`; do not edit it. docs/api/openapi.yaml describes the fields.

local contract = {
  routes = {
    {
      template = "/v1/operations/{operation}/videos/{video}:createUrl",
      path = "^/v1/operations/[^/]+/videos/[^/]+:createUrl$",
      methods = {
        POST = { body = "longtake.v1.CreateVideoUrlRequest" },
      },
    },
    {
      template = "/v1/operations/{operation}/videos/{video}:download",
      path = "^/v1/operations/[^/]+/videos/[^/]+:download$",
      methods = {
        GET = { download = true },
      },
    },
    {
      template = "/v1/operations/{operation}:cancel",
      path = "^/v1/operations/[^/]+:cancel$",
      methods = {
        POST = { body = "longtake.v1.CancelOperationRequest" },
      },
    },
    {
      template = "/v1/operations/{operation}:wait",
      path = "^/v1/operations/[^/]+:wait$",
      methods = {
        POST = { body = "longtake.v1.WaitOperationRequest" },
      },
    },
    {
      template = "/v1/operations/{operation}:watch",
      path = "^/v1/operations/[^/]+:watch$",
      methods = {
        GET = { watch = true },
      },
    },
    {
      template = "/v1/operations:watch",
      path = "^/v1/operations:watch$",
      methods = {
        GET = { watch = true },
      },
    },
    {
      template = "/v1/videos:generate",
      path = "^/v1/videos:generate$",
      methods = {
        POST = { body = "longtake.v1.GenerateVideosRequest" },
      },
    },
    {
      template = "/v1/webhooks/{webhook}/deliveries/{delivery}:redeliver",
      path = "^/v1/webhooks/[^/]+/deliveries/[^/]+:redeliver$",
      methods = {
        POST = { body = "longtake.v1.RedeliverWebhookDeliveryRequest" },
      },
    },
    {
      template = "/v1/webhooks/{webhook}:rotateSecret",
      path = "^/v1/webhooks/[^/]+:rotateSecret$",
      methods = {
        POST = { body = "longtake.v1.RotateWebhookSecretRequest" },
      },
    },
    {
      template = "/v1/webhooks/{webhook}:test",
      path = "^/v1/webhooks/[^/]+:test$",
      methods = {
        POST = { body = "longtake.v1.TestWebhookRequest" },
      },
    },
    {
      template = "/v1/caller",
      path = "^/v1/caller$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/models",
      path = "^/v1/models$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/models/{model}",
      path = "^/v1/models/[^/]+$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/operations",
      path = "^/v1/operations$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/operations/{operation}",
      path = "^/v1/operations/[^/]+$",
      methods = {
        GET = {},
        DELETE = {},
      },
    },
    {
      template = "/v1/usage",
      path = "^/v1/usage$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/webhooks",
      path = "^/v1/webhooks$",
      methods = {
        POST = { body = "longtake.v1.Webhook" },
        GET = {},
      },
    },
    {
      template = "/v1/webhooks/{webhook}",
      path = "^/v1/webhooks/[^/]+$",
      methods = {
        GET = {},
        PATCH = { body = "longtake.v1.Webhook" },
        DELETE = {},
      },
    },
    {
      template = "/v1/webhooks/{webhook}/deliveries",
      path = "^/v1/webhooks/[^/]+/deliveries$",
      methods = {
        GET = {},
      },
    },
    {
      template = "/v1/webhooks/{webhook}/deliveries/{delivery}",
      path = "^/v1/webhooks/[^/]+/deliveries/[^/]+$",
      methods = {
        GET = {},
      },
    },
  },
  messages = {
    ["longtake.v1.GenerateVideosRequest"] = {
      { json = "requestId", field = "request_id", kind = "string" },
      { json = "model", field = "model", kind = "string" },
      { json = "prompt", field = "prompt", kind = "string" },
      { json = "image", field = "image", kind = "message", message = "longtake.v1.Image" },
      { json = "video", field = "video", kind = "message", message = "longtake.v1.Video" },
      { json = "config", field = "config", kind = "message", message = "longtake.v1.GenerateVideosConfig" },
      { json = "resubmitIfUnknown", field = "resubmit_if_unknown", kind = "bool" },
      { json = "queueTimeout", field = "queue_timeout", kind = "duration" },
      { json = "priority", field = "priority", kind = "int32" },
      { json = "allowModelFallback", field = "allow_model_fallback", kind = "bool" },
      { json = "previousOperation", field = "previous_operation", kind = "string" },
      { json = "validateOnly", field = "validate_only", kind = "bool" },
      { json = "maxCost", field = "max_cost", kind = "message", message = "google.type.Money" },
      { json = "webhook", field = "webhook", kind = "string" },
      { json = "webhookMetadata", field = "webhook_metadata", kind = "map", value = { kind = "string" } },
    },
    ["longtake.v1.WaitOperationRequest"] = {
      { json = "afterRevision", field = "after_revision", kind = "int64" },
      { json = "timeout", field = "timeout", kind = "duration" },
    },
    ["longtake.v1.CancelOperationRequest"] = {
    },
    ["longtake.v1.CreateVideoUrlRequest"] = {
      { json = "lifetime", field = "lifetime", kind = "duration" },
      { json = "disposition", field = "disposition", kind = "enum", values = { "DISPOSITION_UNSPECIFIED", "INLINE", "ATTACHMENT" } },
    },
    ["longtake.v1.Webhook"] = {
      { json = "url", field = "url", kind = "string" },
      { json = "eventTypes", field = "event_types", kind = "enum", values = { "EVENT_TYPE_UNSPECIFIED", "OPERATION_SUCCEEDED", "OPERATION_FAILED", "OPERATION_CANCELLED", "OPERATION_RUNNING", "BUDGET_THRESHOLD", "WEBHOOK_TEST" }, repeated = true },
      { json = "disabled", field = "disabled", kind = "bool" },
      { json = "disableReason", field = "disable_reason", kind = "enum", values = { "DISABLE_REASON_UNSPECIFIED", "REQUESTED", "FAILING", "GONE" } },
      { json = "disableTime", field = "disable_time", kind = "timestamp" },
      { json = "failingSinceTime", field = "failing_since_time", kind = "timestamp" },
      { json = "secret", field = "secret", kind = "string" },
      { json = "previousSecretExpireTime", field = "previous_secret_expire_time", kind = "timestamp" },
      { json = "principal", field = "principal", kind = "string" },
      { json = "fromFile", field = "from_file", kind = "bool" },
      { json = "createTime", field = "create_time", kind = "timestamp" },
      { json = "updateTime", field = "update_time", kind = "timestamp" },
    },
    ["longtake.v1.RotateWebhookSecretRequest"] = {
      { json = "principal", field = "principal", kind = "string" },
    },
    ["longtake.v1.TestWebhookRequest"] = {
      { json = "principal", field = "principal", kind = "string" },
    },
    ["longtake.v1.RedeliverWebhookDeliveryRequest"] = {
      { json = "principal", field = "principal", kind = "string" },
    },
    ["longtake.v1.Image"] = {
      { json = "data", field = "data", kind = "bytes", oneof = "source" },
      { json = "fileData", field = "file_data", kind = "message", message = "longtake.v1.FileData", oneof = "source" },
      { json = "mimeType", field = "mime_type", kind = "string" },
    },
    ["longtake.v1.Video"] = {
      { json = "data", field = "data", kind = "bytes", oneof = "source" },
      { json = "fileData", field = "file_data", kind = "message", message = "longtake.v1.FileData", oneof = "source" },
      { json = "mimeType", field = "mime_type", kind = "string" },
      { json = "sizeBytes", field = "size_bytes", kind = "int64" },
      { json = "sha256", field = "sha256", kind = "string" },
      { json = "expireTime", field = "expire_time", kind = "timestamp" },
    },
    ["longtake.v1.GenerateVideosConfig"] = {
      { json = "numberOfVideos", field = "number_of_videos", kind = "int32" },
      { json = "aspectRatio", field = "aspect_ratio", kind = "string" },
      { json = "durationSeconds", field = "duration_seconds", kind = "int32" },
      { json = "resolution", field = "resolution", kind = "string" },
      { json = "fps", field = "fps", kind = "int32" },
      { json = "seed", field = "seed", kind = "uint32" },
      { json = "negativePrompt", field = "negative_prompt", kind = "string" },
      { json = "enhancePrompt", field = "enhance_prompt", kind = "bool" },
      { json = "generateAudio", field = "generate_audio", kind = "bool" },
      { json = "personGeneration", field = "person_generation", kind = "enum", values = { "PERSON_GENERATION_UNSPECIFIED", "DONT_ALLOW", "ALLOW_ADULT", "ALLOW_ALL" } },
      { json = "safetyFilterLevel", field = "safety_filter_level", kind = "enum", values = { "SAFETY_FILTER_LEVEL_UNSPECIFIED", "BLOCK_MOST", "BLOCK_SOME", "BLOCK_FEW" } },
      { json = "compressed", field = "compressed", kind = "bool" },
      { json = "compressionQuality", field = "compression_quality", kind = "enum", values = { "COMPRESSION_QUALITY_UNSPECIFIED", "OPTIMIZED", "LOSSLESS" } },
      { json = "generationMode", field = "generation_mode", kind = "enum", values = { "GENERATION_MODE_UNSPECIFIED", "FAST", "QUALITY", "ECONOMY" } },
      { json = "lastFrame", field = "last_frame", kind = "message", message = "longtake.v1.Image" },
      { json = "referenceImages", field = "reference_images", kind = "message", message = "longtake.v1.ReferenceImage", repeated = true },
      { json = "mask", field = "mask", kind = "message", message = "longtake.v1.Mask" },
      { json = "cameraControl", field = "camera_control", kind = "enum", values = { "CAMERA_CONTROL_UNSPECIFIED", "FIXED", "PAN_LEFT", "PAN_RIGHT", "TILT_UP", "TILT_DOWN", "TRUCK_LEFT", "TRUCK_RIGHT", "PEDESTAL_UP", "PEDESTAL_DOWN", "PUSH_IN", "PULL_OUT" } },
      { json = "resizeMode", field = "resize_mode", kind = "enum", values = { "RESIZE_MODE_UNSPECIFIED", "CROP", "PAD" } },
      { json = "labels", field = "labels", kind = "map", value = { kind = "string" } },
      { json = "outputGcsUri", field = "output_gcs_uri", kind = "string" },
      { json = "pubsubTopic", field = "pubsub_topic", kind = "string" },
    },
    ["google.type.Money"] = {
      { json = "currencyCode", field = "currency_code", kind = "string" },
      { json = "units", field = "units", kind = "int64" },
      { json = "nanos", field = "nanos", kind = "int32" },
    },
    ["longtake.v1.FileData"] = {
      { json = "fileUri", field = "file_uri", kind = "string" },
      { json = "mimeType", field = "mime_type", kind = "string" },
    },
    ["longtake.v1.ReferenceImage"] = {
      { json = "image", field = "image", kind = "message", message = "longtake.v1.Image" },
      { json = "referenceType", field = "reference_type", kind = "enum", values = { "REFERENCE_TYPE_UNSPECIFIED", "ASSET", "STYLE" } },
    },
    ["longtake.v1.Mask"] = {
      { json = "image", field = "image", kind = "message", message = "longtake.v1.Image" },
      { json = "maskMode", field = "mask_mode", kind = "enum", values = { "MASK_MODE_UNSPECIFIED", "INSERT", "REMOVE", "REMOVE_STATIC", "OUTPAINT" } },
    },
  },
}

for _, message in pairs(contract.messages) do
  message.by_name = {}
  for _, field in ipairs(message) do
    message.by_name[field.json] = field
    message.by_name[field.field] = field
    if field.values then
      field.known = {}
      for _, value in ipairs(field.values) do
        field.known[value] = true
      end
    end
  end
end

return contract
