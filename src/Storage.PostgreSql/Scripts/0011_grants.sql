-- oldest program: 2
-- Who may do what with the objects of others.

-- What the list's object says: the bucket's in its list of itself, a collection's in that of its records. It counts while the list is the
-- one that it was written for: older programs write neither, and what they delete and make anew says nothing.
ALTER TABLE lists ADD COLUMN IF NOT EXISTS acl bytea;
ALTER TABLE lists ADD COLUMN IF NOT EXISTS acl_list integer;

-- Principals, to find objects by; what these say decides.
CREATE TABLE IF NOT EXISTS grants (
    bucket    bigint   NOT NULL,
    stamp     bigint   NOT NULL,
    list      integer  NOT NULL,            -- 0: all of the bucket
    relation  smallint NOT NULL,            -- 0 an object names it, 1 a group has it as a member, 2 its standing changed
    principal text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,    -- of the object, '' for a list
    PRIMARY KEY (bucket, list, relation, principal, id)
);
CREATE INDEX IF NOT EXISTS grants_principal ON grants (principal, relation, bucket, list, id);
