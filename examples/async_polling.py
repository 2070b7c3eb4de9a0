# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0

import asyncio
from longtake import Client

async def generate_and_wait():
    client = Client()

    # Start generation
    operation = await client.aio.models.generate_videos(
        model='veo-2.0-generate-001',
        prompt='A cat playing with a ball of yarn'
    )

    print(f"Started operation: {operation.name}")

    # Poll until complete
    while not operation.done:
        await asyncio.sleep(10)
        operation = await client.aio.operations.get(operation)
        print("Checking status...")

    if operation.error:
        print(f"Error: {operation.error}")
    else:
        print(f"Success! {len(operation.response.generated_videos)} videos generated")

asyncio.run(generate_and_wait())
