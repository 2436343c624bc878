"""The server as a process of its own: `python tests/servers/alone.py --latency 0.05`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from servers.openai_server import Server, Talk, always, by_chance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds")
    parser.add_argument("--faults", default="", help="429=0.05,500=0.02")
    parser.add_argument("--retry-after", type=float, default=1.0, help="seconds")
    given = parser.parse_args()
    rates = dict(part.split("=") for part in given.faults.split(",") if part)
    chance = by_chance({name: float(rate) for name, rate in rates.items()})
    server = Server(
        latency_s=given.latency,
        faults=chance if rates else always(""),
        retry_after_s=given.retry_after,
        keep=False,
    )

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: Talk(server, loop, set()), "127.0.0.1", 0, backlog=512
        )
        server.port = listening.sockets[0].getsockname()[1]
        print(server.base_url, flush=True)
        await listening.serve_forever()

    try:
        asyncio.run(listen())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
