-- What somebody said about a file, by its headings, for the next file that has the same ones.
CREATE TABLE import_options (
    account_id  TEXT NOT NULL REFERENCES accounts (account_id),
    headings    TEXT NOT NULL,
    options     TEXT NOT NULL,
    file        TEXT NOT NULL,
    said_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, headings)
);
