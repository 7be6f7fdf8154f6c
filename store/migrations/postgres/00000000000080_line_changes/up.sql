-- Where an account's lines have got to: the number of their last change, and which revision of its rules holds.
CREATE TABLE line_heads (
    account_id      TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id),
    change          BIGINT NOT NULL,
    rules_revision  BIGINT NOT NULL
);
-- The last change of each line, of its own or of its decision: what a reader of changes goes through.
CREATE TABLE line_changes (
    line_id     TEXT PRIMARY KEY NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    account_id  TEXT NOT NULL,
    change      BIGINT NOT NULL,
    added_at    BIGINT NOT NULL
);
CREATE INDEX line_changes_feed ON line_changes (account_id, change, line_id);
-- Decisions that stood once, each with the change that ended it.
CREATE TABLE past_matches (
    line_id             TEXT NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    change              BIGINT NOT NULL,
    account_id          TEXT NOT NULL,
    status              TEXT NOT NULL,
    app_id              TEXT,
    score               DOUBLE PRECISION NOT NULL,
    band                TEXT NOT NULL,
    matched_by          TEXT NOT NULL,
    rule                TEXT,
    candidate           TEXT,
    explanation         TEXT NOT NULL,
    dictionary_version  TEXT NOT NULL,
    rules_revision      BIGINT NOT NULL,
    pinned              BOOLEAN NOT NULL,
    since               BIGINT NOT NULL,
    until               BIGINT NOT NULL,
    PRIMARY KEY (line_id, change)
);
-- A customer's rules, as they were set one after the other. The last one of an account holds.
CREATE TABLE rule_revisions (
    account_id      TEXT NOT NULL REFERENCES accounts (account_id),
    revision        BIGINT NOT NULL,
    rules           TEXT NOT NULL,
    actor           TEXT NOT NULL,
    note            TEXT NOT NULL,
    set_at          BIGINT NOT NULL,
    lines_changed   BIGINT NOT NULL,
    PRIMARY KEY (account_id, revision)
);
ALTER TABLE matches ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE matches ADD COLUMN rules_revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE matches ADD COLUMN rule TEXT;
UPDATE matches SET since = decided_at;
INSERT INTO line_heads SELECT account_id, 1, 0 FROM accounts;
INSERT INTO line_changes
    SELECT lines.line_id, lines.account_id, 1, line_texts.updated_at
    FROM lines JOIN line_texts ON line_texts.line_id = lines.line_id;
