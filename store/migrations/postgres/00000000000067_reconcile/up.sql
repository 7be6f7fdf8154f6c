-- What reconciling finds: today's differences, one row a Concur user. The same on both databases.
CREATE TABLE drift (
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    concur_user_id  TEXT NOT NULL,
    resource_id     TEXT REFERENCES resources (resource_id),
    kind            TEXT NOT NULL,
    details         TEXT NOT NULL,
    op_id           BIGINT,
    found_at        BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    PRIMARY KEY (account_id, concur_user_id)
);

-- Which Concur users a full read has met, and when: who is not among them is not in Concur.
CREATE TABLE reconcile_seen (
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    concur_user_id  TEXT NOT NULL,
    seen_at         BIGINT NOT NULL,
    PRIMARY KEY (account_id, concur_user_id)
);
