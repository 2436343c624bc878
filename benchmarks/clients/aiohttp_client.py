"""The bare asyncio client: nothing but the requests.  It knows no retry, no cache, no score."""

import asyncio
import json
import sys

import aiohttp

base_url, count, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


async def main() -> None:
    answered = 0
    gate = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(n: int) -> None:
            nonlocal answered
            body = {
                "model": "gpt-5-mini",
                "messages": [
                    {
                        "role": "system",
                        "content": f"You are a support agent. The order is A-{n}. Answer briefly.",
                    },
                    {"role": "user", "content": f"Where is my parcel {n}?"},
                ],
            }
            async with gate, session.post(f"{base_url}/chat/completions", json=body) as response:
                data = await response.json()
                answered += bool(data["choices"][0]["message"]["content"])

        await asyncio.gather(*(ask(n) for n in range(count)))
    json.dump({"scored": answered}, sys.stdout)


asyncio.run(main())
