"""Queue `rediss://`: Redis over TLS."""

from digitizer.queue.redis import open as open
