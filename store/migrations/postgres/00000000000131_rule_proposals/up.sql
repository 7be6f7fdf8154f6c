-- Proposed rules that a person does not want to be shown again.
CREATE TABLE dismissed_proposals (
    account_id    TEXT NOT NULL REFERENCES accounts (account_id),
    proposal      TEXT NOT NULL,
    actor         TEXT NOT NULL,
    dismissed_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, proposal)
);
-- Decisions by hand are few among many.
CREATE INDEX matches_pinned ON matches (account_id, decided_at) WHERE pinned;
