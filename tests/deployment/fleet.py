"""Two web processes at one name and two workers, replaced while they work."""

import signal

from livechat.embedded.redis import free_port

OLD, NEW = ("127.0.0.2", "127.0.0.3"), ("127.0.0.4", "127.0.0.5")
STOP_SECONDS = 45


class Fleet:
    """Started on a product's stores, and found by the addresses that ``names`` tells."""

    def __init__(self, product, names):
        self.product, self.names = product, names
        self.port = free_port()
        self.webs, self.workers = {}, []

    def start(self, addresses=OLD):
        """Start a web process at each address, and as many workers."""
        # As with containers, the name leads to them before they listen, and until they have ended.
        self.names.addresses += addresses
        for address in addresses:
            self.webs[address] = self._web_at(address)
            self.workers.append(self.product.new_worker())
            self.webs[address].start()
            self.workers[-1].start()

    def replace_everything(self):
        """As docs/operations.md says it: the new ones first, then each of the old ones ends."""
        old_workers = list(self.workers)
        self.start(NEW)
        for address, worker in zip(OLD, old_workers, strict=True):
            end(self.webs.pop(address))
            self.names.addresses.remove(address)
            end(worker)
            self.workers.remove(worker)

    def stop(self):
        for service in (*self.webs.values(), *self.workers):
            if service.process is not None:
                service.stop()

    def _web_at(self, address):
        place = {"HOST": address, "PORT": str(self.port)}
        web = self.product.new_web(**place, DRAIN_SECONDS="1", TRUSTED_PROXY_COUNT="1")
        web.url = f"http://{address}:{self.port}"
        return web


def end(service):
    service.signal(signal.SIGTERM)
    assert service.process.wait(STOP_SECONDS) == 0
