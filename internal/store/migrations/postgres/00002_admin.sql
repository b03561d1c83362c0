-- +goose Up

-- What a client that did not hear the answer repeats an exchange with (its keyed hash).
ALTER TABLE refresh_tokens ADD COLUMN retry_hash TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Robots that were deleted stay as bare rows, without name, webhook and secret, for the deliveries that
-- name them.
ALTER TABLE robots ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;

-- One event is found by its id, and the failures to look at by their time.
CREATE INDEX events_id ON events (id);
CREATE INDEX deliveries_failed ON deliveries (finished_at) WHERE status = 'FAILED';

-- How often what happened, by quarters of an hour, counted in the transaction in which it did. So a chart
-- costs the same however much has happened, and remembers what retention has dropped.
CREATE TABLE activity (
    at   BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    n    BIGINT NOT NULL,
    PRIMARY KEY (at, kind)
);
INSERT INTO activity (at, kind, n)
SELECT received_at / 900000 * 900000, 'event', COUNT(*) FROM events GROUP BY 1
UNION ALL
SELECT finished_at / 900000 * 900000, 'sent', COUNT(*) FROM deliveries WHERE status = 'SENT' GROUP BY 1
UNION ALL
SELECT finished_at / 900000 * 900000, 'failed', COUNT(*) FROM deliveries WHERE status = 'FAILED' GROUP BY 1
UNION ALL
SELECT created_at / 900000 * 900000, 'sign_in', COUNT(*) FROM sessions GROUP BY 1;

-- The one row under whose lock owners come and go, and the token of the set-up link that makes the first
-- (its keyed hash; empty when none is out).
CREATE TABLE set_up (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    token_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
INSERT INTO set_up (id, token_hash, expires_at) VALUES (1, '', 0);
