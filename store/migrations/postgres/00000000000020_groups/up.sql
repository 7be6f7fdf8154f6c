-- Groups are resources; here is what only they have. The same on both databases.

-- Groups that stand for something of Concur: a role code or an entitlement. All other groups are kept for the provider.
CREATE TABLE catalogue_groups (
    resource_id  TEXT PRIMARY KEY NOT NULL REFERENCES resources (resource_id),
    account_id   TEXT NOT NULL,
    code         TEXT NOT NULL
);
CREATE UNIQUE INDEX catalogue_groups_code ON catalogue_groups (account_id, code);

-- Who is in which group. A deleted user's rows stay, so that an undone deletion undoes this too; reading skips them.
CREATE TABLE group_members (
    group_id   TEXT NOT NULL REFERENCES resources (resource_id),
    member_id  TEXT NOT NULL REFERENCES resources (resource_id),
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX group_members_member ON group_members (member_id);

-- Roles that this bridge has asked for and not yet seen gone: only these does it ever take away.
CREATE TABLE granted_roles (
    resource_id  TEXT NOT NULL REFERENCES resources (resource_id),
    role_code    TEXT NOT NULL,
    granted_at   BIGINT NOT NULL,
    PRIMARY KEY (resource_id, role_code)
);
