-- Lists of resources by what identity providers filter and sort by.
DROP INDEX resources_external_id;
CREATE INDEX resources_external_id ON resources (account_id, resource_type, external_id) WHERE deleted_at IS NULL;
DROP INDEX resources_employee_number;
CREATE INDEX resources_employee_number ON resources (account_id, resource_type, employee_number)
    WHERE deleted_at IS NULL;
-- What has changed since: with all that the list of ids needs.
CREATE INDEX resources_updated ON resources (account_id, resource_type, updated_at, created_at, resource_id)
    WHERE deleted_at IS NULL;
CREATE INDEX resources_active ON resources (account_id, resource_type, active, created_at, resource_id)
    WHERE deleted_at IS NULL;
-- Compared and sorted by code points, as SQLite and the filters in memory do it, whatever the database's own order is.
ALTER TABLE resources
    ALTER COLUMN scim_id TYPE TEXT COLLATE "C",
    ALTER COLUMN user_name_folded TYPE TEXT COLLATE "C",
    ALTER COLUMN external_id TYPE TEXT COLLATE "C",
    ALTER COLUMN employee_number TYPE TEXT COLLATE "C";
ALTER TABLE resource_emails ALTER COLUMN email_folded TYPE TEXT COLLATE "C";
-- employeeNumber has no letter case (RFC 7643 section 8.7.1): from here on the form that is compared stands here.
UPDATE resources SET employee_number = lower(employee_number) WHERE employee_number IS NOT NULL;
