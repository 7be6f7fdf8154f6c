-- Who approves for whom in Concur, as it was last delivered: whose approver leaves is told.
CREATE TABLE approvers (
    resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (resource_id) ON DELETE CASCADE,
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    approver    TEXT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX approvers_by_approver ON approvers (account_id, approver);
