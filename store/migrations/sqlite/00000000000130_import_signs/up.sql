-- When whoever runs an import last said that it goes on: one that has fallen silent was cut off with its process.
ALTER TABLE imports ADD COLUMN alive_at BIGINT NOT NULL DEFAULT 0;
UPDATE imports SET alive_at = started_at;
