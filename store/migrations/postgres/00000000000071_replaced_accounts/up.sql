-- Accounts whose name another company has taken over: kept, with what it takes to undo it. The same on both databases.
CREATE TABLE replaced_accounts (
    account_id     TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    replaced_by    TEXT NOT NULL,
    replaced_at    BIGINT NOT NULL,
    paused_at      BIGINT,
    paused_reason  TEXT
);
CREATE INDEX replaced_accounts_name ON replaced_accounts (name, replaced_at);
