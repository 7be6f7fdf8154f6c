-- Persons who are to be read again, because a request whose outcome was unknown may still take effect (reliability I12).
-- The same on both databases.
CREATE TABLE drift_watches (
    chain_id    TEXT PRIMARY KEY NOT NULL REFERENCES resources (resource_id),
    account_id  TEXT NOT NULL REFERENCES accounts (account_id),
    since       BIGINT NOT NULL,
    looks       INTEGER NOT NULL,
    due_at      BIGINT NOT NULL
);
CREATE INDEX drift_watches_due ON drift_watches (due_at);

-- When the outbox has work next: the first of each state that nobody works on, and the first lease that ends.
CREATE INDEX operations_next_due ON operations (state, due_at) WHERE lease_until IS NULL;
CREATE INDEX operations_leased ON operations (lease_until) WHERE lease_until IS NOT NULL;
