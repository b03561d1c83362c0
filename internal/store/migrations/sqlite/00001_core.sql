-- +goose Up

-- What this database is. The epoch names its life: a log restored or begun anew has another one.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('epoch', lower(hex(randomblob(4))));

-- The tail of each log: the newest position ever given, and the oldest one still kept (position + 1
-- when nothing is). Appending locks the row, so positions follow the order of commit without gaps.
CREATE TABLE logs (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    oldest   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO logs (name, position, oldest) VALUES ('event', 0, 1), ('delivery', 0, 1);

CREATE TABLE accounts (
    id              TEXT PRIMARY KEY,
    username        TEXT NOT NULL,
    username_folded TEXT,
    phone           TEXT,
    password_hash   TEXT NOT NULL,
    roles           TEXT NOT NULL,
    is_owner        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    suspended_at    INTEGER NOT NULL,
    CONSTRAINT accounts_username_key UNIQUE (username_folded),
    CONSTRAINT accounts_phone_key UNIQUE (phone)
) STRICT;
CREATE INDEX accounts_owners ON accounts (id) WHERE is_owner = 1;

-- An identity may be inserted before its account within one transaction.
CREATE TABLE identities (
    provider   TEXT NOT NULL,
    realm      TEXT NOT NULL,
    subject    TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
    unionid    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, realm, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_account ON identities (account_id);
CREATE INDEX identities_unionid ON identities (provider, unionid, created_at) WHERE unionid <> '';

CREATE TABLE sessions (
    id                 TEXT PRIMARY KEY,
    account_id         TEXT NOT NULL REFERENCES accounts (id),
    kind               TEXT NOT NULL,
    skey_hash          TEXT UNIQUE,
    sealed_session_key TEXT NOT NULL,
    app_id             TEXT NOT NULL,
    address            TEXT NOT NULL,
    user_agent         TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    last_seen_at       INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    ends_at            INTEGER NOT NULL,
    ended_at           INTEGER NOT NULL,
    end_reason         TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_live ON sessions (account_id, id) WHERE ended_at = 0;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at > 0;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE challenges (
    id              TEXT PRIMARY KEY,
    username_folded TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    channel         TEXT NOT NULL,
    code_hash       TEXT NOT NULL,
    tries           INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    consumed_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX challenges_expiry ON challenges (expires_at);

CREATE TABLE cooldowns (
    username_folded TEXT PRIMARY KEY,
    ends_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cooldowns_end ON cooldowns (ends_at);

CREATE TABLE limit_counters (
    rule    TEXT NOT NULL,
    subject TEXT NOT NULL,
    hits    INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (rule, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX limit_counters_end ON limit_counters (ends_at);

CREATE TABLE robots (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    keywords      TEXT NOT NULL,
    sealed_token  TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    token_hash    TEXT NOT NULL,
    blocked_until INTEGER NOT NULL,
    turns         INTEGER NOT NULL DEFAULT 0,
    created_at    INTEGER NOT NULL,
    CONSTRAINT robots_name_key UNIQUE (name),
    CONSTRAINT robots_token_key UNIQUE (token_hash)
) STRICT;
CREATE INDEX robots_blocked ON robots (blocked_until);

CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    app         TEXT NOT NULL,
    dedupe_key  TEXT NOT NULL,
    type        TEXT NOT NULL,
    corp_id     TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    payload     BLOB NOT NULL,
    CONSTRAINT events_dedupe_key UNIQUE (app, dedupe_key)
) STRICT;
CREATE INDEX events_type ON events (type, position);
CREATE INDEX events_corp ON events (corp_id, position);
CREATE INDEX events_type_corp ON events (type, corp_id, position);

CREATE TABLE consumers (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE broadcasts (
    id              TEXT PRIMARY KEY,
    author          TEXT NOT NULL,
    message         TEXT NOT NULL,
    mentions        TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash    TEXT NOT NULL,
    send_at         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX broadcasts_idempotency_key ON broadcasts (author, idempotency_key) WHERE idempotency_key <> '';

-- A delivery without a broadcast is a notice.
CREATE TABLE deliveries (
    id              TEXT PRIMARY KEY,
    broadcast_id    TEXT REFERENCES broadcasts (id),
    robot_id        TEXT NOT NULL REFERENCES robots (id),
    priority        INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),
    status          TEXT NOT NULL,
    msg_uuid        TEXT NOT NULL,
    sealed_notice   TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    lease_until     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id, id) WHERE broadcast_id IS NOT NULL;
-- The worker's indexes hold unfinished deliveries only, so that millions of finished ones cost nothing.
CREATE INDEX deliveries_queue ON deliveries (robot_id, priority, next_attempt_at, id) WHERE status = 'QUEUED';
CREATE INDEX deliveries_next ON deliveries (next_attempt_at) WHERE status = 'QUEUED';
CREATE INDEX deliveries_expiring ON deliveries (robot_id, expires_at) WHERE status = 'QUEUED' AND expires_at > 0;
CREATE UNIQUE INDEX deliveries_sending ON deliveries (robot_id) WHERE status = 'SENDING';
CREATE INDEX deliveries_lease ON deliveries (lease_until) WHERE status = 'SENDING';
CREATE INDEX deliveries_old_notices ON deliveries (created_at) WHERE broadcast_id IS NULL AND finished_at > 0;

CREATE TABLE attempts (
    id               TEXT PRIMARY KEY,
    delivery_id      TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    robot_id         TEXT NOT NULL,
    started_at       INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    outcome          TEXT NOT NULL,
    platform_code    TEXT NOT NULL,
    platform_message TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_delivery ON attempts (delivery_id, id);
CREATE INDEX attempts_robot ON attempts (robot_id, ended_at);
CREATE INDEX attempts_open ON attempts (delivery_id) WHERE ended_at = 0;

CREATE TABLE delivery_updates (
    position    INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL,
    status      TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
