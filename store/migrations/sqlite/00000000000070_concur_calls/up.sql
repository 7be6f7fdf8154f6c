-- How often each endpoint of Concur was called for an account: from it follows which scopes are used.
CREATE TABLE concur_calls (
    account_id    TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    endpoint      TEXT NOT NULL,
    succeeded     BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (account_id, endpoint)
);
