-- Which lines an import brought, as ranges of their numbers: lines that come together have numbers in a row, so a file is a
-- few ranges where it was a row and two index entries for each line.
CREATE TABLE import_ranges (
    import_id  TEXT NOT NULL REFERENCES imports (import_id) ON DELETE CASCADE,
    first_no   BIGINT NOT NULL,
    last_no    BIGINT NOT NULL,
    PRIMARY KEY (import_id, first_no, last_no)
);
INSERT INTO import_ranges
    SELECT import_id, min(line_no), max(line_no)
    FROM (
        SELECT import_id, line_no,
            line_no - row_number() OVER (PARTITION BY import_id ORDER BY line_no) AS run
        FROM import_lines
    ) AS numbered
    GROUP BY import_id, run;
DROP TABLE import_lines;
-- Most lines pay for no app; who asks for one asks for an app by its id.
DROP INDEX matches_app;
CREATE INDEX matches_app ON matches (account_id, app_id) WHERE app_id IS NOT NULL;
