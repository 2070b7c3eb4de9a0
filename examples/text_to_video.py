# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0

import time
from longtake import Client
from longtake.types import GenerateVideosConfig

client = Client()

# Start video generation
config = GenerateVideosConfig(
    aspect_ratio='16:9',
    duration=5,  # 5 seconds
    negative_prompt='blurry, low quality'
)

operation = client.models.generate_videos(
    model='veo-2.0-generate-001',
    prompt='A dog running through a field of flowers at sunset',
    config=config
)

print(f"Operation started: {operation.name}")

# Poll for completion
while True:
    operation = client.operations.get(operation)

    if operation.done:
        if operation.error:
            print(f"Error: {operation.error}")
        else:
            response = operation.response
            print(f"Generated {len(response.generated_videos)} video(s)")

            # Save videos
            for i, video in enumerate(response.generated_videos):
                with open(f'generated_{i}.mp4', 'wb') as f:
                    f.write(video.video.data)
        break

    print("Still generating...")
    time.sleep(10)  # Wait 10 seconds before polling again
