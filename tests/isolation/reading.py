"""What the product reads of the bodies and frames that it is sent, as it reads them."""

from collections import defaultdict

from tenants import strict_json


class Reading:
    """The names that were looked up, by where; those in an object behind a point."""

    def __init__(self, patch):
        self.names, self.where = defaultdict(set), ""
        read = strict_json.loads_object
        patch.setattr(strict_json, "loads_object", lambda text: self.watched(read(text)))

    def watched(self, value, prefix=""):
        return Watched(self, prefix, value) if isinstance(value, dict) else value

    def note(self, name):
        self.names[self.where].add(name)


class Watched(dict):
    """An object of JSON that tells what is looked up in it."""

    def __init__(self, reading, prefix, fields):
        super().__init__(fields)
        self._reading, self._prefix = reading, prefix

    def get(self, name, default=None):
        self._reading.note(self._prefix + name)
        value = super().get(name, default)
        return self._reading.watched(value, f"{self._prefix}{name}.")

    def __getitem__(self, name):
        self._reading.note(self._prefix + name)
        return self._reading.watched(super().__getitem__(name), f"{self._prefix}{name}.")

    def __contains__(self, name):
        self._reading.note(self._prefix + name)
        return super().__contains__(name)
