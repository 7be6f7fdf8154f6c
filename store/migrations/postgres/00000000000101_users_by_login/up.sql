-- Whether a login is one that Concur has now: asked for each report that is read by its id. The same on both databases.
CREATE INDEX users_login ON users (account_id, lower(user_name));
