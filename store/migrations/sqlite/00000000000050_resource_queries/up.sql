-- Lists of resources by what identity providers filter and sort by. Each index begins with what every query names, so
-- that it wins over resources_order by one more equality.
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
-- employeeNumber has no letter case (RFC 7643 section 8.7.1): from here on the form that is compared stands here.
UPDATE resources SET employee_number = lower(employee_number) WHERE employee_number IS NOT NULL;
-- SQLite plans by statistics, and a database that nobody has analysed has none: it then takes the first two columns,
-- which all rows of a company share, for nearly unique, and reads every row where an index would name one. So it is
-- told what these tables look like (rows; rows for each further column that is known). ANALYZE replaces it by what is.
ANALYZE resources;
DELETE FROM sqlite_stat1 WHERE tbl IN ('resources', 'resource_emails');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('resources', 'sqlite_autoindex_resources_1', '100000 1'),
    ('resources', 'resources_user_name', '100000 100000 100000 1'),
    ('resources', 'resources_scim_id', '100000 100000 1'),
    ('resources', 'resources_order', '100000 100000 100000 2 1'),
    ('resources', 'resources_external_id', '100000 100000 100000 1'),
    ('resources', 'resources_employee_number', '100000 100000 100000 1'),
    ('resources', 'resources_updated', '100000 100000 100000 2 1 1'),
    ('resources', 'resources_active', '100000 100000 100000 50000 2 1'),
    ('resources', 'resources_tombstones', '10000 10000 2'),
    ('resource_emails', 'sqlite_autoindex_resource_emails_1', '100000 1 1'),
    ('resource_emails', 'resource_emails_email', '100000 100000 1');
ANALYZE sqlite_schema;
