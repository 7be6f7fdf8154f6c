-- First schema, SQLite. Times are microseconds since 1970 UTC, JSON and decimals are TEXT.
CREATE TABLE accounts (
    account_id           TEXT PRIMARY KEY NOT NULL,
    name                 TEXT NOT NULL,
    company_uuid         TEXT NOT NULL,
    authentication_type  TEXT NOT NULL CHECK (authentication_type IN ('user_level', 'company_level')),
    base_uri             TEXT NOT NULL,
    geolocation          TEXT,
    settings             TEXT NOT NULL,
    first_connected_at   BIGINT,
    paused_at            BIGINT,
    paused_reason        TEXT,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_name ON accounts (name);

-- Sealed secrets of an account, one row each.
CREATE TABLE credentials (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);

-- What Concur's token endpoint gave us, and the lease that makes the refresh single-flight.
CREATE TABLE oauth_tokens (
    account_id         TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    access_token       BLOB NOT NULL,
    access_expires_at  BIGINT NOT NULL,
    refresh_token      BLOB NOT NULL,
    refresh_issued_at  BIGINT NOT NULL,
    previous_refresh   BLOB,
    geolocation        TEXT NOT NULL,
    scopes             TEXT NOT NULL,
    updated_at         BIGINT NOT NULL
);
CREATE TABLE refresh_leases (
    account_id  TEXT PRIMARY KEY NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    owner       TEXT NOT NULL,
    until       BIGINT NOT NULL
);

-- Our own bearer tokens: never the secret, only its HMAC.
CREATE TABLE tokens (
    token_id      TEXT PRIMARY KEY NOT NULL,
    account_id    TEXT REFERENCES accounts (account_id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    secret_hmac   BLOB NOT NULL,
    scopes        TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT,
    last_used_at  BIGINT
);
CREATE INDEX tokens_account ON tokens (account_id);

CREATE TABLE resources (
    resource_id       TEXT PRIMARY KEY NOT NULL,
    account_id        TEXT NOT NULL REFERENCES accounts (account_id),
    resource_type     TEXT NOT NULL CHECK (resource_type IN ('User', 'Group')),
    scim_id           TEXT NOT NULL,
    user_name         TEXT,
    user_name_folded  TEXT,
    external_id       TEXT,
    employee_number   TEXT,
    active            BOOLEAN NOT NULL,
    body              TEXT NOT NULL,
    version           BIGINT NOT NULL,
    shown             BOOLEAN NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    deleted_at        BIGINT
);
-- Uniqueness is decided here and nowhere else (reliability I3); tombstones free the name.
CREATE UNIQUE INDEX resources_user_name ON resources (account_id, resource_type, user_name_folded)
    WHERE deleted_at IS NULL;
-- An id that was ever given out is never given to another resource, so tombstones count.
CREATE UNIQUE INDEX resources_scim_id ON resources (account_id, scim_id);
CREATE INDEX resources_order ON resources (account_id, resource_type, created_at, resource_id)
    WHERE deleted_at IS NULL;
CREATE INDEX resources_external_id ON resources (account_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX resources_employee_number ON resources (account_id, employee_number) WHERE deleted_at IS NULL;
CREATE INDEX resources_tombstones ON resources (account_id, user_name_folded) WHERE deleted_at IS NOT NULL;

CREATE TABLE resource_emails (
    resource_id   TEXT NOT NULL REFERENCES resources (resource_id) ON DELETE CASCADE,
    account_id    TEXT NOT NULL,
    email_folded  TEXT NOT NULL,
    PRIMARY KEY (resource_id, email_folded)
);
CREATE INDEX resource_emails_email ON resource_emails (account_id, email_folded);

-- Which Concur user a resource is; outlives the deletion of the resource.
CREATE TABLE links (
    resource_id     TEXT PRIMARY KEY NOT NULL REFERENCES resources (resource_id),
    account_id      TEXT NOT NULL,
    concur_user_id  TEXT,
    known           TEXT,
    adopted         BOOLEAN NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX links_concur_user ON links (account_id, concur_user_id);
CREATE TABLE link_extensions (
    resource_id    TEXT NOT NULL REFERENCES resources (resource_id),
    extension      TEXT NOT NULL,
    state          TEXT NOT NULL,
    provision_id   TEXT,
    error_code     TEXT,
    error_message  TEXT,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (resource_id, extension)
);

-- The outbox. What workers look at and compare is here; what they carry is in operation_details.
CREATE TABLE operations (
    op_id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id    TEXT NOT NULL REFERENCES accounts (account_id),
    resource_id   TEXT NOT NULL REFERENCES resources (resource_id),
    user_seq      BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('accepted', 'held', 'ready', 'sending', 'submitted', 'verifying',
                                                 'unknown', 'done', 'failed', 'superseded', 'cancelled')),
    attempt       INTEGER NOT NULL,
    due_at        BIGINT NOT NULL,
    lease_owner   TEXT,
    lease_epoch   BIGINT NOT NULL,
    lease_until   BIGINT,
    ever_unknown  BOOLEAN NOT NULL,
    settle_until  BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX operations_user_seq ON operations (resource_id, user_seq);
-- At most one operation of a resource is on its way, over all replicas (reliability I7).
CREATE UNIQUE INDEX operations_one_in_flight ON operations (resource_id)
    WHERE state IN ('sending', 'submitted', 'verifying', 'unknown');
CREATE INDEX operations_due ON operations (state, priority, due_at, op_id);
CREATE INDEX operations_account_state ON operations (account_id, state);
CREATE TABLE operation_details (
    op_id           BIGINT PRIMARY KEY NOT NULL REFERENCES operations (op_id),
    payload         TEXT NOT NULL,
    payload_hash    TEXT NOT NULL,
    provision_id    TEXT,
    error_code      TEXT,
    error_message   TEXT,
    correlation_id  TEXT,
    reason          TEXT
);
CREATE TABLE attempts (
    op_id           BIGINT NOT NULL REFERENCES operations (op_id),
    attempt         INTEGER NOT NULL,
    started_at      BIGINT NOT NULL,
    lease_owner     TEXT NOT NULL,
    payload_hash    TEXT NOT NULL,
    ended_at        BIGINT,
    outcome         TEXT,
    error_code      TEXT,
    error_message   TEXT,
    correlation_id  TEXT,
    provision_id    TEXT,
    PRIMARY KEY (op_id, attempt)
);
CREATE TABLE operation_extensions (
    op_id       BIGINT NOT NULL REFERENCES operations (op_id),
    extension   TEXT NOT NULL,
    state       TEXT NOT NULL,
    code        TEXT,
    message     TEXT,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (op_id, extension)
);

CREATE TABLE runs (
    run_id       TEXT PRIMARY KEY NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    finished_at  BIGINT,
    progress     TEXT NOT NULL,
    error        TEXT
);
CREATE INDEX runs_newest ON runs (account_id, kind, started_at, run_id);
CREATE TABLE cursors (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id),
    data_type   TEXT NOT NULL,
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, data_type, name)
);

-- Concur users as read from Concur; what we want of them is in resources.
CREATE TABLE users (
    account_id       TEXT NOT NULL REFERENCES accounts (account_id),
    concur_user_id   TEXT NOT NULL,
    user_name        TEXT NOT NULL,
    external_id      TEXT,
    employee_number  TEXT,
    display_name     TEXT,
    active           BOOLEAN NOT NULL,
    raw              TEXT NOT NULL,
    content_hash     TEXT NOT NULL,
    updated_at       BIGINT NOT NULL,
    removed_at       BIGINT,
    PRIMARY KEY (account_id, concur_user_id)
);

CREATE TABLE reports (
    account_id       TEXT NOT NULL REFERENCES accounts (account_id),
    source           TEXT NOT NULL,
    report_id        TEXT NOT NULL,
    name             TEXT NOT NULL,
    owner_login      TEXT NOT NULL,
    owner_name       TEXT,
    currency         TEXT NOT NULL,
    total            TEXT NOT NULL,
    approval_status  TEXT,
    payment_status   TEXT,
    last_modified    BIGINT,
    raw              TEXT NOT NULL,
    content_hash     TEXT NOT NULL,
    updated_at       BIGINT NOT NULL,
    removed_at       BIGINT,
    PRIMARY KEY (account_id, source, report_id)
);

-- One canonical expense line (design D11): key, money, dates here; words in line_texts; the source in line_raw.
CREATE TABLE lines (
    line_id               TEXT PRIMARY KEY NOT NULL,
    account_id            TEXT NOT NULL REFERENCES accounts (account_id),
    source                TEXT NOT NULL,
    source_key            TEXT NOT NULL,
    report_id             TEXT,
    entry_id              TEXT,
    itemization_id        TEXT,
    owner_login           TEXT NOT NULL,
    transaction_date      TEXT NOT NULL,
    transaction_amount    TEXT NOT NULL,
    transaction_currency  TEXT NOT NULL,
    posted_amount         TEXT NOT NULL,
    posted_currency       TEXT NOT NULL,
    counted               BOOLEAN NOT NULL,
    content_hash          TEXT NOT NULL,
    removed_at            BIGINT
);
CREATE INDEX lines_newest ON lines (account_id, transaction_date, line_id);
CREATE INDEX lines_report ON lines (account_id, source, report_id);
CREATE TABLE line_texts (
    line_id              TEXT PRIMARY KEY NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    vendor_description   TEXT,
    vendor_list_item     TEXT,
    description          TEXT,
    business_purpose     TEXT,
    expense_type_code    TEXT,
    expense_type_name    TEXT,
    spend_category_code  TEXT,
    spend_category_name  TEXT,
    is_personal          BOOLEAN NOT NULL,
    has_itemizations     BOOLEAN NOT NULL,
    updated_at           BIGINT NOT NULL
);
CREATE TABLE line_raw (
    line_id  TEXT PRIMARY KEY NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    raw      TEXT NOT NULL
);
CREATE TABLE matches (
    line_id             TEXT PRIMARY KEY NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    account_id          TEXT NOT NULL,
    line_hash           TEXT NOT NULL,
    status              TEXT NOT NULL CHECK (status IN ('matched', 'unmatched', 'ignored', 'archived')),
    app_id              TEXT,
    score               DOUBLE NOT NULL,
    band                TEXT NOT NULL CHECK (band IN ('certain', 'likely', 'possible', 'none')),
    matched_by          TEXT NOT NULL,
    candidate           TEXT,
    explanation         TEXT NOT NULL,
    dictionary_version  TEXT NOT NULL,
    pinned              BOOLEAN NOT NULL,
    decided_at          BIGINT NOT NULL
);
CREATE INDEX matches_app ON matches (account_id, app_id);

-- The audit chain (reliability S7). `chain` is the account id, or '' for what concerns no account.
CREATE TABLE audit_heads (
    chain  TEXT PRIMARY KEY NOT NULL,
    seq    BIGINT NOT NULL,
    hash   TEXT NOT NULL
);
CREATE TABLE audit (
    chain          TEXT NOT NULL,
    seq            BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    actor          TEXT NOT NULL,
    action         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    details        TEXT NOT NULL,
    previous_hash  TEXT NOT NULL,
    hash           TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit rows are append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit rows are append-only');
END;
