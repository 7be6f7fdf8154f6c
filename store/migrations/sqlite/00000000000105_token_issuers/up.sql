-- Whose tokens stand for one of ours: a token with a row here has no secret. JWTs of the issuer that name the audience and
-- hold the claims open what the token opens. The keys are at an address or stand here. The same on both databases.
CREATE TABLE token_issuers (
    token_id  TEXT NOT NULL PRIMARY KEY REFERENCES tokens (token_id) ON DELETE CASCADE,
    issuer    TEXT NOT NULL,
    audience  TEXT NOT NULL,
    claims    TEXT NOT NULL,
    keys_url  TEXT,
    keys      TEXT,
    CHECK ((keys_url IS NULL) <> (keys IS NULL))
);
CREATE INDEX token_issuers_issuer ON token_issuers (issuer);
