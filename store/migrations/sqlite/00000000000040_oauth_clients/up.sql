-- Tokens of one client: the second one is made when the first is to be replaced. Empty: the token's own id, as the
-- version before this one writes it.
ALTER TABLE tokens ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
UPDATE tokens SET client_id = token_id;
