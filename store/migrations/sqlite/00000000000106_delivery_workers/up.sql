-- Which processes deliver, and how often each has said that it lives. The others watch whether the number still grows, so
-- nobody's clock counts. The same on both databases.
CREATE TABLE delivery_workers (
    owner  TEXT NOT NULL PRIMARY KEY,
    beats  BIGINT NOT NULL
);
