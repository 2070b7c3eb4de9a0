// Generated from client_stubs/service_config.json by scripts/generate_typescript.sh.
/* eslint-disable */
export const serviceConfig = {
  "methodConfig": [
    {
      "name": [
        {"service": "longtake.v1.VideoService", "method": "GenerateVideos"},
        {"service": "longtake.v1.VideoService", "method": "GetOperation"},
        {"service": "longtake.v1.VideoService", "method": "WaitOperation"},
        {"service": "longtake.v1.VideoService", "method": "ListOperations"},
        {"service": "longtake.v1.VideoService", "method": "CancelOperation"},
        {"service": "longtake.v1.VideoService", "method": "DeleteOperation"},
        {"service": "longtake.v1.VideoService", "method": "CreateVideoUrl"},
        {"service": "longtake.v1.VideoService", "method": "ListModels"},
        {"service": "longtake.v1.VideoService", "method": "GetModel"},
        {"service": "longtake.v1.VideoService", "method": "GetCaller"},
        {"service": "longtake.v1.VideoService", "method": "GetUsage"},
        {"service": "longtake.v1.WebhookService", "method": "GetWebhook"},
        {"service": "longtake.v1.WebhookService", "method": "ListWebhooks"},
        {"service": "longtake.v1.WebhookService", "method": "UpdateWebhook"},
        {"service": "longtake.v1.WebhookService", "method": "DeleteWebhook"},
        {"service": "longtake.v1.WebhookService", "method": "GetWebhookDelivery"},
        {"service": "longtake.v1.WebhookService", "method": "ListWebhookDeliveries"},
        {"service": "longtake.v1.WebhookService", "method": "RedeliverWebhookDelivery"}
      ],
      "waitForReady": false,
      "retryPolicy": {
        "maxAttempts": 5,
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]
      }
    }
  ]
} as const;
