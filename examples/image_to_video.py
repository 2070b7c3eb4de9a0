# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0

from longtake import Client
from longtake.types import Image, GenerateVideosConfig

client = Client()

# Load reference image
image = Image.from_file('landscape.jpg')

config = GenerateVideosConfig(
    aspect_ratio='16:9',
    duration=8
)

# Generate video from image
operation = client.models.generate_videos(
    model='veo-2.0-generate-001',
    prompt='Camera slowly pans across the landscape',
    image=image,
    config=config
)

print(f"Operation: {operation.name}")
# Poll operation.done until complete
