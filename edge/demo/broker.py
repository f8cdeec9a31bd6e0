"""The demo's broker: amqtt in a process of its own, on the loopback address, without accounts.

``python -m edge.demo.broker PORT``; ends with its standard input, so that it never outlives the demo.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Final

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig

PLUGINS: Final = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


async def serve(port: int) -> None:
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    broker = Broker(BrokerConfig.from_dict({"listeners": listeners, "plugins": PLUGINS}))
    await broker.start()
    await asyncio.to_thread(sys.stdin.read)
    await broker.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)  # it calls every closed connection an error
    asyncio.run(serve(int(sys.argv[1])))
