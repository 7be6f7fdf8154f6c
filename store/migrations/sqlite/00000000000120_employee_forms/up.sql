-- What each company's employee form asks of a spend profile, as it was last read: rules to check with before sending.
CREATE TABLE employee_forms (
    account_id  TEXT NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    fields      TEXT NOT NULL,
    read_at     BIGINT NOT NULL
);
