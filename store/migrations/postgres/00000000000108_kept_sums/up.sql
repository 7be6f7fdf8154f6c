-- Sums of whole months, kept beside the lines so that questions about a year do not read all of it.
CREATE TABLE kept_sums (
    account_id  TEXT NOT NULL,
    month       TEXT NOT NULL,
    app_id      TEXT NOT NULL,
    currency    TEXT NOT NULL,
    lines       BIGINT NOT NULL,
    posted      TEXT NOT NULL,
    first_day   TEXT NOT NULL,
    last_day    TEXT NOT NULL,
    PRIMARY KEY (account_id, month, app_id, currency)
);
-- A month's sums hold while no line of it has changed after `change` (see line_heads).
CREATE TABLE kept_months (
    account_id  TEXT NOT NULL,
    month       TEXT NOT NULL,
    change      BIGINT NOT NULL,
    PRIMARY KEY (account_id, month)
);
