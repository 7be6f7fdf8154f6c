-- Whose a report is by Concur's id, as the users were known when it was read: a login may be somebody else's tomorrow.
ALTER TABLE reports ADD COLUMN owner_id TEXT;
CREATE INDEX reports_by_owner ON reports (account_id, owner_id);
