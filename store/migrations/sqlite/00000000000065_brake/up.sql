-- The deprovisioning brake (reliability section 4): one row an account, which a transaction locks before it accepts a
-- deactivation, so that replicas count one after the other. The same on both databases.
CREATE TABLE brakes (
    account_id    TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    counted_from  BIGINT,
    tripped_at    BIGINT,
    reason        TEXT,
    alerted_at    BIGINT,
    off_until     BIGINT,
    off_reason    TEXT,
    off_by        TEXT,
    updated_at    BIGINT NOT NULL
);

-- Whose access was ended, and when last: one row a user, so that nobody counts twice.
CREATE TABLE brake_counts (
    account_id   TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    resource_id  TEXT NOT NULL REFERENCES resources (resource_id),
    counted_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, resource_id)
);
CREATE INDEX brake_counts_at ON brake_counts (account_id, counted_at);

-- Operations that the brake holds, and not a person: these does `brake release` let go.
CREATE TABLE brake_holds (
    op_id       BIGINT PRIMARY KEY NOT NULL REFERENCES operations (op_id) ON DELETE CASCADE,
    account_id  TEXT NOT NULL,
    held_at     BIGINT NOT NULL
);
CREATE INDEX brake_holds_account ON brake_holds (account_id, op_id);
