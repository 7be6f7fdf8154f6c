-- Lines are numbered as they come, and what belongs to a line is kept under its number: new rows go to the end of each
-- table, where ids, which are hashes, would touch another page with every row.
DROP INDEX lines_newest;
DROP INDEX lines_report;
DROP INDEX lines_by_id;
DROP INDEX matches_app;
DROP INDEX line_changes_feed;
DROP INDEX import_lines_line;
ALTER TABLE lines RENAME TO old_lines;
ALTER TABLE line_texts RENAME TO old_line_texts;
ALTER TABLE line_raw RENAME TO old_line_raw;
ALTER TABLE line_changes RENAME TO old_line_changes;
ALTER TABLE matches RENAME TO old_matches;
ALTER TABLE past_matches RENAME TO old_past_matches;
ALTER TABLE import_lines RENAME TO old_import_lines;

CREATE TABLE lines (
    line_no               INTEGER PRIMARY KEY NOT NULL,
    line_id               TEXT NOT NULL UNIQUE,
    account_id            TEXT NOT NULL REFERENCES accounts (account_id),
    source                TEXT NOT NULL,
    source_key            TEXT NOT NULL,
    report_id             TEXT,
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
INSERT INTO lines
    SELECT rowid, line_id, account_id, source, source_key, report_id, owner_login, transaction_date,
        transaction_amount, transaction_currency, posted_amount, posted_currency, counted,
        content_hash, removed_at
    FROM old_lines ORDER BY rowid;
-- An index ends with the number by itself.
CREATE INDEX lines_by_account ON lines (account_id);
CREATE INDEX lines_newest ON lines (account_id, transaction_date);
CREATE INDEX lines_report ON lines (account_id, report_id) WHERE report_id IS NOT NULL;

CREATE TABLE line_texts (
    line_no              INTEGER PRIMARY KEY NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
    entry_id             TEXT,
    itemization_id       TEXT,
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
INSERT INTO line_texts
    SELECT old_lines.rowid, entry_id, itemization_id, vendor_description, vendor_list_item, description,
        business_purpose, expense_type_code, expense_type_name, spend_category_code, spend_category_name, is_personal,
        has_itemizations, updated_at
    FROM old_lines JOIN old_line_texts ON old_line_texts.line_id = old_lines.line_id ORDER BY old_lines.rowid;

CREATE TABLE line_raw (
    line_no  INTEGER PRIMARY KEY NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
    raw      TEXT NOT NULL
);
INSERT INTO line_raw
    SELECT lines.line_no, raw
    FROM lines JOIN old_line_raw ON old_line_raw.line_id = lines.line_id ORDER BY lines.line_no;

CREATE TABLE line_changes (
    line_no     INTEGER PRIMARY KEY NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
    account_id  TEXT NOT NULL,
    change      BIGINT NOT NULL,
    added_at    BIGINT NOT NULL
);
INSERT INTO line_changes
    SELECT lines.line_no, old_line_changes.account_id, change, added_at
    FROM lines JOIN old_line_changes ON old_line_changes.line_id = lines.line_id ORDER BY lines.line_no;
CREATE INDEX line_changes_feed ON line_changes (account_id, change);

CREATE TABLE matches (
    line_no             INTEGER PRIMARY KEY NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
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
    decided_at          BIGINT NOT NULL,
    since               BIGINT NOT NULL,
    rules_revision      BIGINT NOT NULL,
    rule                TEXT
);
INSERT INTO matches
    SELECT lines.line_no, old_matches.account_id, line_hash, status, app_id, score, band, matched_by, candidate,
        explanation, dictionary_version, pinned, decided_at, since, rules_revision, rule
    FROM lines JOIN old_matches ON old_matches.line_id = lines.line_id ORDER BY lines.line_no;
CREATE INDEX matches_app ON matches (account_id, app_id);

CREATE TABLE past_matches (
    line_no             INTEGER NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
    change              BIGINT NOT NULL,
    account_id          TEXT NOT NULL,
    status              TEXT NOT NULL,
    app_id              TEXT,
    score               DOUBLE NOT NULL,
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
    PRIMARY KEY (line_no, change)
);
INSERT INTO past_matches
    SELECT lines.line_no, change, old_past_matches.account_id, status, app_id, score, band, matched_by, rule, candidate,
        explanation, dictionary_version, rules_revision, pinned, since, until
    FROM lines JOIN old_past_matches ON old_past_matches.line_id = lines.line_id ORDER BY lines.line_no, change;

CREATE TABLE import_lines (
    import_id  TEXT NOT NULL REFERENCES imports (import_id) ON DELETE CASCADE,
    line_no    INTEGER NOT NULL REFERENCES lines (line_no) ON DELETE CASCADE,
    PRIMARY KEY (import_id, line_no)
) WITHOUT ROWID;
INSERT INTO import_lines
    SELECT import_id, lines.line_no
    FROM lines JOIN old_import_lines ON old_import_lines.line_id = lines.line_id ORDER BY import_id, lines.line_no;
CREATE INDEX import_lines_line ON import_lines (line_no);

DROP TABLE old_import_lines;
DROP TABLE old_past_matches;
DROP TABLE old_matches;
DROP TABLE old_line_changes;
DROP TABLE old_line_raw;
DROP TABLE old_line_texts;
DROP TABLE old_lines;
