"""The tables. The ledger is the truth about state. The store holds bytes, a queue holds hints.

Times of events are ISO 8601 in UTC, times that are compared (leases, next tries) are seconds since the epoch.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

source = sa.Table(
    "source",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    # known once a worker has opened it
    sa.Column("media_type", sa.String(80)),
    sa.Column("pages", sa.Integer),
    sa.Column("signed", sa.Boolean),
)

# one file, or one folder ingested as a book
bundle = sa.Table(
    "bundle",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # NEW, READING, FINISHING, DONE, FAILED
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("error", sa.JSON),
    sa.Column("result", sa.String(80)),
    # of a book: the totals its closing statement names, {} without one. Null where a version before migration 0011 noted it
    sa.Column("stated", sa.JSON(none_as_null=True)),
)

bundle_source = sa.Table(
    "bundle_source",
    metadata,
    sa.Column("bundle", sa.ForeignKey("bundle.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("source", sa.ForeignKey("source.id"), nullable=False),
)

intake = sa.Table(
    "intake",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("bundle", sa.ForeignKey("bundle.id"), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("agency", sa.String(40)),
    sa.Column("dossier", sa.String(80), index=True),
    sa.Column("component", sa.String(80)),
    sa.Column("book", sa.String(80)),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("lane", sa.String(16), nullable=False),
    sa.Column("received_at", sa.String(40), nullable=False),
    # codes of the routing rules that found something but no one dossier
    sa.Column("routing", sa.JSON(none_as_null=True)),
    sa.Index("ix_intake_listed", "received_at", "id"),
    sa.Index("ix_intake_actor", "actor", "received_at"),
)

# one reading of one scan by one engine. Shared by every bundle that holds the scan
page = sa.Table(
    "page",
    metadata,
    sa.Column("source", sa.ForeignKey("source.id"), primary_key=True),
    sa.Column("scan", sa.Integer, primary_key=True),
    sa.Column("engine", sa.String(200), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    # store key of its PageTexts
    sa.Column("texts", sa.String(80)),
    sa.Column("error", sa.JSON),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # open, read, finish
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("bundle", sa.ForeignKey("bundle.id"), nullable=False),
    # read: scans first … first + count - 1 of this source
    sa.Column("source", sa.String(64), nullable=False, default=""),
    sa.Column("first", sa.Integer, nullable=False, default=0),
    sa.Column("count", sa.Integer, nullable=False, default=0),
    # 0 counter, 1 bulk
    sa.Column("lane", sa.Integer, nullable=False),
    # 0 finish, 1 read, 2 open: what was begun is ended before more is begun
    sa.Column("step", sa.Integer, nullable=False),
    # QUEUED, LEASED, DONE, FAILED
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # rises with each claim: a worker that lost its lease cannot write any more
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("worker", sa.String(120)),
    sa.Column("lease_until", sa.Float),
    sa.UniqueConstraint("bundle", "kind", "source", "first", "count"),
    sa.Index("ix_job_claim", "state", "lane", "step", "id"),
)

record = sa.Table(
    "record",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("bundle", sa.ForeignKey("bundle.id"), nullable=False, index=True),
    sa.Column("doctype", sa.String(80)),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    # positions in the bundle of the scans it lies on. Null where a version before migration 0011 noted it
    sa.Column("pages", sa.JSON(none_as_null=True)),
    # its place in the queue of people: 0 for the counter or 1, then when its file came
    sa.Column("place", sa.String(64)),
    # its values, folded, for searching. Null where nothing was noted since migration 0015
    sa.Column("words", sa.Text),
    sa.Index("ix_record_queue", "state", "place", "id"),
)

# records that a person has open
record_lease = sa.Table(
    "record_lease",
    metadata,
    sa.Column("record", sa.ForeignKey("record.id"), primary_key=True),
    # name of the account
    sa.Column("account", sa.String(64), nullable=False),
    # seconds since the epoch
    sa.Column("until", sa.Float, nullable=False),
)

# every version of a record. The one OCR proposed stays
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("record", sa.ForeignKey("record.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
)

artifact = sa.Table(
    "artifact",
    metadata,
    sa.Column("bundle", sa.ForeignKey("bundle.id"), primary_key=True),
    # pdf, json
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("key", sa.String(80), nullable=False),
)

# the outbox: what dossier systems and others still have to get, and what they gave for it
delivery = sa.Table(
    "delivery",
    metadata,
    # order of writing, which is the order of sending within one target and order key
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("target", sa.String(120), nullable=False),
    # attach, attach_result, update_fields, add_register_case, and those of other senders
    sa.Column("kind", sa.String(24), nullable=False),
    # dossier, book or client
    sa.Column("order_key", sa.String(120), nullable=False),
    sa.Column("intake", sa.ForeignKey("intake.id"), index=True),
    sa.Column("record", sa.String(120)),
    sa.Column("revision", sa.Integer),
    sa.Column("key", sa.String(300), nullable=False, unique=True),
    sa.Column("dossier", sa.String(80), index=True),
    # ids and codes for its sender
    sa.Column("detail", sa.JSON, nullable=False),
    # how far an upload came
    sa.Column("progress", sa.JSON, nullable=False),
    # PENDING, DONE, HANDED, ELSEWHERE, DEAD
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    # failures while the target took others
    sa.Column("strikes", sa.Integer, nullable=False, default=0),
    sa.Column("next_try", sa.Float, nullable=False),
    sa.Column("lease_until", sa.Float),
    sa.Column("failed_at", sa.Float),
    sa.Column("made_at", sa.String(40), nullable=False),
    sa.Column("receipt", sa.JSON),
    sa.Column("error", sa.JSON),
    sa.Index("ix_delivery_due", "state", "target", "next_try", "seq"),
    sa.Index("ix_delivery_order", "target", "order_key", "state", "seq"),
)

# how each target of deliveries is doing, for all processes
target = sa.Table(
    "target",
    metadata,
    sa.Column("name", sa.String(120), primary_key=True),
    # CLOSED, OPEN, HALF_OPEN
    sa.Column("circuit", sa.String(16), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("paused_until", sa.Float, nullable=False),
    sa.Column("pause_s", sa.Float, nullable=False),
    # deliveries at a time
    sa.Column("pace", sa.Float, nullable=False),
    sa.Column("tokens", sa.Float, nullable=False),
    sa.Column("tokens_at", sa.Float, nullable=False),
    sa.Column("usual_s", sa.Float, nullable=False),
    sa.Column("last_success", sa.Float, nullable=False),
    sa.Column("error", sa.String(60)),
)

# what a system outside may do with an API key. Of the key itself only a hash is kept
api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    # the system it was given to
    sa.Column("client", sa.String(64), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("agencies", sa.JSON, nullable=False),
    sa.Column("verbs", sa.JSON, nullable=False),
    # limits other than those of the settings
    sa.Column("limits", sa.JSON, nullable=False),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("revoked_at", sa.String(40)),
)

# a person who may log in to the station
account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    # typed at login, and the actor of events
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("full_name", sa.Text, nullable=False),
    # argon2id hash. Null: no login by password
    sa.Column("password", sa.Text),
    sa.Column("must_change", sa.Boolean, nullable=False),
    # what an OpenID provider says of this person
    sa.Column("external", sa.String(255), unique=True),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("disabled_at", sa.String(40)),
)

account_role = sa.Table(
    "account_role",
    metadata,
    sa.Column("account", sa.ForeignKey("account.id"), primary_key=True),
    # keyer, checker, approver, manager, auditor
    sa.Column("role", sa.String(16), primary_key=True),
    # and those below it, `*` all
    sa.Column("agency", sa.String(40), primary_key=True),
)

# an open session of a browser
web_session = sa.Table(
    "web_session",
    metadata,
    # SHA-256 of its token
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("account", sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("csrf", sa.String(64), nullable=False),
    # password, link, openid
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
)

# links that log in once
login_link = sa.Table(
    "login_link",
    metadata,
    # SHA-256 of its token
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("account", sa.ForeignKey("account.id"), nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)

# failed logins of a name or an address, by its SHA-256
login_pace = sa.Table(
    "login_pace",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("wait_until", sa.Float, nullable=False),
)

# where clients want to be told. secrets: [{secret, until}], newest first
callback = sa.Table(
    "callback",
    metadata,
    sa.Column("client", sa.String(64), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secrets", sa.JSON, nullable=False),
)

# a scan agent's upload: session -> documents -> pages, each announced with its hash, so that a missing one is noticed
upload = sa.Table(
    "upload",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("agency", sa.String(40), nullable=False),
    sa.Column("dossier", sa.String(80)),
    sa.Column("lane", sa.String(16), nullable=False),
    # [{name, component, book}]
    sa.Column("documents", sa.JSON, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
    # ids of the intakes, once it is complete
    sa.Column("intakes", sa.JSON),
)

upload_page = sa.Table(
    "upload_page",
    metadata,
    sa.Column("upload", sa.ForeignKey("upload.id"), primary_key=True),
    # positions, from 1
    sa.Column("document", sa.Integer, primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    # store key, once it has come
    sa.Column("key", sa.String(80)),
)

# requests with an Idempotency-Key, and the intake each one made
repeat = sa.Table(
    "repeat",
    metadata,
    sa.Column("client", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    # of what was asked
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("intake", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)

# dossiers as their system or an imported list has them: the denominators of the indicators
dossier = sa.Table(
    "dossier",
    metadata,
    sa.Column("code", sa.String(80), primary_key=True),
    sa.Column("agency", sa.String(40), nullable=False, index=True),
    sa.Column("procedure", sa.String(40)),
    # days in Asia/Ho_Chi_Minh, ISO
    sa.Column("received_on", sa.String(10), index=True),
    sa.Column("resolved_on", sa.String(10), index=True),
    # codes of the components handed in
    sa.Column("components", sa.JSON, nullable=False),
    # where it comes from: connector, import
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("seen_at", sa.String(40), nullable=False),
)

# the procedures catalogue: what a dossier of a procedure consists of
component = sa.Table(
    "component",
    metadata,
    sa.Column("procedure", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(80), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("doctype", sa.String(80)),
    sa.Column("required", sa.Boolean, nullable=False),
    sa.Column("result", sa.Boolean, nullable=False),
)

# frozen figures of a month. A later one of the same month is a restatement, none is ever changed
snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("definition", sa.String(8), nullable=False),
    # state of the event log the figures are of
    sa.Column("as_of", sa.String(40), nullable=False),
    # agency -> counts
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("by", sa.String(120), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Index("ix_snapshot_month", "month", "definition"),
)

# who did what and when. `seq`, `prev`, `hash` are filled by the sealer, behind the writers
event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=False, index=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("seq", sa.Integer, unique=True),
    sa.Column("prev", sa.String(64)),
    sa.Column("hash", sa.String(64)),
)

# a file found where scanners leave them, in one version of its content
arrival = sa.Table(
    "arrival",
    metadata,
    # of address and version
    sa.Column("id", sa.String(64), primary_key=True),
    # a path, or s3://bucket/key
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("key", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("intake", sa.String(64)),
    sa.Column("at", sa.String(40), nullable=False),
)

# packages carried by hand. The id is the SHA-256 of the manifest
package = sa.Table(
    "package",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # OUT, IN
    sa.Column("direction", sa.String(8), nullable=False),
    # OUT: for whom; IN: fingerprint of the key it was sealed with
    sa.Column("peer", sa.String(120), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    # the newest event in it
    sa.Column("last_event", sa.Integer, nullable=False),
)

carried_bundle = sa.Table(
    "carried_bundle",
    metadata,
    sa.Column("package", sa.ForeignKey("package.id"), primary_key=True),
    sa.Column("bundle", sa.ForeignKey("bundle.id"), primary_key=True),
)

# bundles another side decides about. Ours have no row
holder = sa.Table(
    "holder",
    metadata,
    sa.Column("bundle", sa.ForeignKey("bundle.id"), primary_key=True),
    sa.Column("owner", sa.String(120), nullable=False),
)

# sealed events of other sides, as they came
foreign_event = sa.Table(
    "foreign_event",
    metadata,
    sa.Column("origin", sa.String(80), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=False, index=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("prev", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
