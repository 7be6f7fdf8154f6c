-- Going through all lines of an account by id, page by page, without sorting the account for each page.
CREATE INDEX lines_by_id ON lines (account_id, line_id);
