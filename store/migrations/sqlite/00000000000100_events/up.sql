-- What SAP Concur tells of its own accord. The same on both databases.
--
-- Who listens: the address that events come to is derived from the account and address_no, and stands nowhere.
CREATE TABLE event_listeners (
    account_id     TEXT NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    address_no     BIGINT NOT NULL,
    subscribed_at  BIGINT NOT NULL,
    alive_at       BIGINT NOT NULL,
    checked_at     BIGINT,
    trouble        TEXT,
    gap_from       BIGINT,
    gap_to         BIGINT,
    gap_closed_at  BIGINT
);
CREATE TABLE event_subscriptions (
    account_id       TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    topic            TEXT NOT NULL,
    subscription_id  TEXT NOT NULL,
    PRIMARY KEY (account_id, topic)
);
-- Events that were taken, kept for as long as they may come again. No facts but the id of what they are about.
CREATE TABLE events (
    account_id   TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    event_id     TEXT NOT NULL,
    topic        TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    subject      TEXT,
    happened_at  BIGINT,
    received_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, event_id)
);
CREATE INDEX events_subject ON events (subject) WHERE subject IS NOT NULL;
CREATE INDEX events_received ON events (received_at);
CREATE TABLE event_counts (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    outcome     TEXT NOT NULL,
    events      BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, outcome)
);
-- Reports that are to be read again because an event named them.
CREATE TABLE touched_reports (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    report_id   TEXT NOT NULL,
    owner_id    TEXT,
    deleted     BOOLEAN NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    tries       INTEGER NOT NULL,
    PRIMARY KEY (account_id, report_id)
);
CREATE INDEX touched_reports_due ON touched_reports (account_id, due_at);
CREATE INDEX operation_details_provision ON operation_details (provision_id) WHERE provision_id IS NOT NULL;
