-- +goose Up

-- What this database is. The epoch names its life: a log restored or begun anew has another one.
CREATE TABLE meta (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('epoch', substr(gen_random_uuid()::text, 1, 8));

-- The tail of each log: the newest position ever given, and the oldest one still kept (position + 1
-- when nothing is). Appending locks the row, so positions follow the order of commit without gaps.
CREATE TABLE logs (
    name     TEXT COLLATE "C" PRIMARY KEY,
    position BIGINT NOT NULL,
    oldest   BIGINT NOT NULL
);
INSERT INTO logs (name, position, oldest) VALUES ('event', 0, 1), ('delivery', 0, 1);

CREATE TABLE accounts (
    id              TEXT COLLATE "C" PRIMARY KEY,
    username        TEXT NOT NULL,
    username_folded TEXT COLLATE "C",
    phone           TEXT COLLATE "C",
    password_hash   TEXT NOT NULL,
    roles           TEXT NOT NULL,
    is_owner        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    suspended_at    BIGINT NOT NULL,
    CONSTRAINT accounts_username_key UNIQUE (username_folded),
    CONSTRAINT accounts_phone_key UNIQUE (phone)
);
CREATE INDEX accounts_owners ON accounts (id) WHERE is_owner = 1;

-- An identity may be inserted before its account within one transaction.
CREATE TABLE identities (
    provider   TEXT COLLATE "C" NOT NULL,
    realm      TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
    unionid    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, realm, subject)
);
CREATE INDEX identities_account ON identities (account_id);
CREATE INDEX identities_unionid ON identities (provider, unionid, created_at) WHERE unionid <> '';

CREATE TABLE sessions (
    id                 TEXT COLLATE "C" PRIMARY KEY,
    account_id         TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    kind               TEXT NOT NULL,
    skey_hash          TEXT COLLATE "C" UNIQUE,
    sealed_session_key TEXT NOT NULL,
    app_id             TEXT NOT NULL,
    address            TEXT NOT NULL,
    user_agent         TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    last_seen_at       BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL,
    ends_at            BIGINT NOT NULL,
    ended_at           BIGINT NOT NULL,
    end_reason         TEXT NOT NULL
);
CREATE INDEX sessions_live ON sessions (account_id, id) WHERE ended_at = 0;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at > 0;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       TEXT COLLATE "C" PRIMARY KEY,
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE challenges (
    id              TEXT COLLATE "C" PRIMARY KEY,
    username_folded TEXT COLLATE "C" NOT NULL,
    account_id      TEXT COLLATE "C" NOT NULL,
    channel         TEXT NOT NULL,
    code_hash       TEXT NOT NULL,
    tries           BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    consumed_at     BIGINT NOT NULL
);
CREATE INDEX challenges_expiry ON challenges (expires_at);

CREATE TABLE cooldowns (
    username_folded TEXT COLLATE "C" PRIMARY KEY,
    ends_at         BIGINT NOT NULL
);
CREATE INDEX cooldowns_end ON cooldowns (ends_at);

CREATE TABLE limit_counters (
    rule    TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    hits    BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (rule, subject)
);
CREATE INDEX limit_counters_end ON limit_counters (ends_at);

CREATE TABLE robots (
    id            TEXT COLLATE "C" PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL,
    keywords      TEXT NOT NULL,
    sealed_token  TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    token_hash    TEXT COLLATE "C" NOT NULL,
    blocked_until BIGINT NOT NULL,
    turns         BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    CONSTRAINT robots_name_key UNIQUE (name),
    CONSTRAINT robots_token_key UNIQUE (token_hash)
);
CREATE INDEX robots_blocked ON robots (blocked_until);

CREATE TABLE events (
    position    BIGINT PRIMARY KEY,
    id          TEXT COLLATE "C" NOT NULL,
    app         TEXT COLLATE "C" NOT NULL,
    dedupe_key  TEXT COLLATE "C" NOT NULL,
    type        TEXT COLLATE "C" NOT NULL,
    corp_id     TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    payload     BYTEA NOT NULL,
    CONSTRAINT events_dedupe_key UNIQUE (app, dedupe_key)
);
CREATE INDEX events_type ON events (type, position);
CREATE INDEX events_corp ON events (corp_id, position);
CREATE INDEX events_type_corp ON events (type, corp_id, position);

CREATE TABLE consumers (
    name     TEXT COLLATE "C" PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE broadcasts (
    id              TEXT COLLATE "C" PRIMARY KEY,
    author          TEXT COLLATE "C" NOT NULL,
    message         TEXT NOT NULL,
    mentions        TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    request_hash    TEXT NOT NULL,
    send_at         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX broadcasts_idempotency_key ON broadcasts (author, idempotency_key) WHERE idempotency_key <> '';

-- A delivery without a broadcast is a notice.
CREATE TABLE deliveries (
    id              TEXT COLLATE "C" PRIMARY KEY,
    broadcast_id    TEXT COLLATE "C" REFERENCES broadcasts (id),
    robot_id        TEXT COLLATE "C" NOT NULL REFERENCES robots (id),
    priority        BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 2),
    status          TEXT COLLATE "C" NOT NULL,
    msg_uuid        TEXT NOT NULL,
    sealed_notice   TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL,
    lease_until     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id, id) WHERE broadcast_id IS NOT NULL;
-- The worker's indexes hold unfinished deliveries only, so that millions of finished ones cost nothing.
CREATE INDEX deliveries_queue ON deliveries (robot_id, priority, next_attempt_at, id) WHERE status = 'QUEUED';
CREATE INDEX deliveries_next ON deliveries (next_attempt_at) WHERE status = 'QUEUED';
CREATE INDEX deliveries_expiring ON deliveries (robot_id, expires_at) WHERE status = 'QUEUED' AND expires_at > 0;
CREATE UNIQUE INDEX deliveries_sending ON deliveries (robot_id) WHERE status = 'SENDING';
CREATE INDEX deliveries_lease ON deliveries (lease_until) WHERE status = 'SENDING';
CREATE INDEX deliveries_old_notices ON deliveries (created_at) WHERE broadcast_id IS NULL AND finished_at > 0;

CREATE TABLE attempts (
    id               TEXT COLLATE "C" PRIMARY KEY,
    delivery_id      TEXT COLLATE "C" NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    robot_id         TEXT COLLATE "C" NOT NULL,
    started_at       BIGINT NOT NULL,
    ended_at         BIGINT NOT NULL,
    outcome          TEXT NOT NULL,
    platform_code    TEXT NOT NULL,
    platform_message TEXT NOT NULL
);
CREATE INDEX attempts_delivery ON attempts (delivery_id, id);
CREATE INDEX attempts_robot ON attempts (robot_id, ended_at);
CREATE INDEX attempts_open ON attempts (delivery_id) WHERE ended_at = 0;

CREATE TABLE delivery_updates (
    position    BIGINT PRIMARY KEY,
    delivery_id TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL
);
