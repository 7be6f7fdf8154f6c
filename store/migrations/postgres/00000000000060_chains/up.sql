-- Operations of one person are one chain, whichever resource they belong to: a user who was deleted and created again
-- is one person in Concur (reliability I7). The same on both databases.

-- Resources that go on with the chain of an earlier one; all others have a chain of their own, under their own id.
CREATE TABLE chains (
    resource_id  TEXT PRIMARY KEY NOT NULL REFERENCES resources (resource_id),
    chain_id     TEXT NOT NULL REFERENCES resources (resource_id)
);
CREATE INDEX chains_chain ON chains (chain_id);

-- Who has replaced an operation, and what only the follow-up looks at.
ALTER TABLE operation_details ADD COLUMN superseded_by BIGINT;
ALTER TABLE operation_details ADD COLUMN ever_unknown BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE operation_details ADD COLUMN settle_until BIGINT;
UPDATE operation_details SET
    ever_unknown = (SELECT o.ever_unknown FROM operations o WHERE o.op_id = operation_details.op_id),
    settle_until = (SELECT o.settle_until FROM operations o WHERE o.op_id = operation_details.op_id);
ALTER TABLE operations DROP COLUMN ever_unknown;
ALTER TABLE operations DROP COLUMN settle_until;

ALTER TABLE operations ADD COLUMN chain_id TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
UPDATE operations SET chain_id = resource_id;
DROP INDEX operations_user_seq;
CREATE UNIQUE INDEX operations_chain_seq ON operations (chain_id, user_seq);
CREATE INDEX operations_resource ON operations (resource_id, op_id);
-- At most one operation of a person is on its way, over all replicas (reliability I7); a deactivation that passes one
-- that is stuck has a lane of its own (I17).
DROP INDEX operations_one_in_flight;
CREATE UNIQUE INDEX operations_one_in_flight ON operations (chain_id, lane)
    WHERE state IN ('sending', 'submitted', 'verifying', 'unknown');

-- Whose chain a returning user goes on with.
DROP INDEX resources_tombstones;
CREATE INDEX resources_tombstones ON resources (account_id, user_name_folded, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX resources_tombstones_external_id ON resources (account_id, external_id, deleted_at)
    WHERE deleted_at IS NOT NULL;
