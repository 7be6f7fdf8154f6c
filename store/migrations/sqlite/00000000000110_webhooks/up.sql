-- Who is told what happens here, and what they were told. The same on both databases but for the type of secrets.
CREATE TABLE webhooks (
    webhook_id       TEXT NOT NULL PRIMARY KEY,
    account_id       TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    url              TEXT NOT NULL,
    topics           TEXT NOT NULL,
    secret           BLOB NOT NULL,
    created_at       BIGINT NOT NULL,
    disabled_at      BIGINT,
    disabled_reason  TEXT,
    told_change      BIGINT NOT NULL,
    told_at          BIGINT NOT NULL
);
CREATE INDEX webhooks_account ON webhooks (account_id);
-- One message to one webhook: written with what it tells of, in one transaction.
CREATE TABLE webhook_messages (
    message_id  TEXT NOT NULL PRIMARY KEY,
    webhook_id  TEXT NOT NULL REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    topic       TEXT NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    due_at      BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    status      INTEGER,
    error       TEXT
);
-- Whoever waits has not ended: a state that is a parameter would not let SQLite use the index.
CREATE INDEX webhook_messages_due ON webhook_messages (due_at) WHERE ended_at IS NULL;
CREATE INDEX webhook_messages_ended ON webhook_messages (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX webhook_messages_of ON webhook_messages (webhook_id, message_id);
