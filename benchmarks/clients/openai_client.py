"""The openai SDK with a semaphore, as its documentation would have you write it."""

import asyncio
import json
import sys

from openai import AsyncOpenAI

base_url, count, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


async def main() -> None:
    answered = 0
    gate = asyncio.Semaphore(concurrency)
    async with AsyncOpenAI(base_url=base_url, api_key="sk-benchmark-0123456789") as client:

        async def ask(n: int) -> None:
            nonlocal answered
            async with gate:
                done = await client.chat.completions.create(
                    model="gpt-5-mini",
                    messages=[
                        {
                            "role": "system",
                            "content": "You are a support agent. "
                            f"The order is A-{n}. Answer briefly.",
                        },
                        {"role": "user", "content": f"Where is my parcel {n}?"},
                    ],
                )
            answered += bool(done.choices[0].message.content)

        await asyncio.gather(*(ask(n) for n in range(count)))
    json.dump({"scored": answered}, sys.stdout)


asyncio.run(main())
