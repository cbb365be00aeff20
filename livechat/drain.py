"""Whether this web process is on its way out; from then on it is not ready for new traffic."""

from threading import Event

draining = Event()
