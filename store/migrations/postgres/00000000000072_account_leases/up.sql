-- Who does a chore of an account that only one process may do at a time, such as a sync. The same on both databases.
CREATE TABLE account_leases (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    chore       TEXT NOT NULL,
    owner       TEXT NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (account_id, chore)
);
