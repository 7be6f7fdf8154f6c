-- Files that people handed in, and which lines each of them brought. A line can come with several.
CREATE TABLE imports (
    import_id    TEXT PRIMARY KEY NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (account_id),
    name         TEXT NOT NULL,
    layout       TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('running', 'complete', 'failed', 'undone')),
    inserted     BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    unchanged    BIGINT NOT NULL,
    rejected     BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    finished_at  BIGINT
);
CREATE INDEX imports_newest ON imports (account_id, started_at, import_id);
CREATE TABLE import_lines (
    import_id  TEXT NOT NULL REFERENCES imports (import_id) ON DELETE CASCADE,
    line_id    TEXT NOT NULL REFERENCES lines (line_id) ON DELETE CASCADE,
    PRIMARY KEY (import_id, line_id)
);
CREATE INDEX import_lines_line ON import_lines (line_id);
