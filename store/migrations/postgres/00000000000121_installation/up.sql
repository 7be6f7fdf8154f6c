-- Which installation this database belongs to, and how far it has come: a copy or a backup that was put back is seen by it.
CREATE TABLE installation (
    one              INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    installation_id  TEXT NOT NULL,
    generation       BIGINT NOT NULL,
    place            TEXT NOT NULL,
    seen_at          BIGINT NOT NULL,
    held_at          BIGINT,
    held_reason      TEXT
);
