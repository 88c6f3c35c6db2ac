"""How badly the server behaves: a chance for each kind of misery, drawn anew for every request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mood:
    """Chances are 0 to 1 for one request."""

    #: a storm begins: everything is answered 503 for `storm_s`
    storm: float = 0.0
    storm_s: float = 2.0
    #: the answer comes `slow_s` late
    slow: float = 0.0
    slow_s: float = 30.0
    #: the connection is reset when half of an upload has come
    reset: float = 0.0
    #: it is done, but the connection is reset before the answer
    lost_answer: float = 0.0
    #: something between us delivers the request twice
    duplicate: float = 0.0
    #: an attachment is stored cut short
    corrupt: float = 0.0
    #: reading back states another hash than that of what is stored
    wrong_read_back: float = 0.0
    #: 429 with Retry-After
    throttle: float = 0.0
    retry_after_s: float = 1.0
    #: the token is no longer taken, before its time
    expire: float = 0.0
    #: the answer comes byte by byte, `drip_s` in all
    drip: float = 0.0
    drip_s: float = 3.0
    #: a page of HTML with status 200 (the proxy's maintenance page)
    html: float = 0.0
    #: every `maintenance_every_s` nothing is served for `maintenance_s`, 503 with Retry-After
    maintenance_every_s: float = 0.0
    maintenance_s: float = 0.0
    #: repeats are not recognised by their Idempotency-Key
    forgetful: bool = False


GOOD = Mood()
WORST = Mood(storm=0.003, storm_s=2.0, slow=0.001, slow_s=30.0, reset=0.04, lost_answer=0.06, duplicate=0.03, corrupt=0.02,
             wrong_read_back=0.02, throttle=0.03, retry_after_s=1.0, expire=0.02, drip=0.005, drip_s=3.0, html=0.01,
             maintenance_every_s=60.0, maintenance_s=4.0)  # fmt: skip
