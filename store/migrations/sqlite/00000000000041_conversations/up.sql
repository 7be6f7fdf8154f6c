-- What was asked of the SCIM server, and how it was answered: no place for a value, only for structure.
CREATE TABLE request_log (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    at           BIGINT NOT NULL,
    request_id   TEXT NOT NULL,
    method       TEXT NOT NULL,
    route        TEXT NOT NULL,
    target       TEXT,
    status       INTEGER NOT NULL,
    scim_type    TEXT,
    duration_ms  BIGINT NOT NULL,
    token_id     TEXT NOT NULL,
    provider     TEXT NOT NULL,
    shape        TEXT NOT NULL,
    habits       TEXT NOT NULL
);
CREATE INDEX request_log_account ON request_log (account_id, seq);

-- What was bent for whom, and when last.
CREATE TABLE bent_habits (
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    provider     TEXT NOT NULL,
    habit        TEXT NOT NULL,
    requests     BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, provider, habit)
);

-- Accounts whose conversations are recorded for a while.
CREATE TABLE recorders (
    account_id   TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id),
    started_at   BIGINT NOT NULL,
    until        BIGINT NOT NULL,
    most         INTEGER NOT NULL
);

-- Recorded conversations; what was said is sealed.
CREATE TABLE recordings (
    recording_id TEXT PRIMARY KEY NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    at           BIGINT NOT NULL,
    method       TEXT NOT NULL,
    route        TEXT NOT NULL,
    status       INTEGER NOT NULL,
    sealed       BLOB NOT NULL
);
CREATE INDEX recordings_account ON recordings (account_id, recording_id);
