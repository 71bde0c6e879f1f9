-- oldest program: 1
-- Who may do what with the objects of others.

-- What the list's object says: the bucket's in its list of itself, a collection's in that of its records. It counts while the list is the
-- one that it was written for: older programs write neither, and what they delete and make anew says nothing.
ALTER TABLE lists ADD COLUMN acl BLOB;
ALTER TABLE lists ADD COLUMN acl_list INTEGER;

-- Principals, to find objects by; what these say decides.
CREATE TABLE grants (
    bucket    INTEGER NOT NULL,
    list      INTEGER NOT NULL,  -- 0: all of the bucket
    relation  INTEGER NOT NULL,  -- 0 an object names it, 1 a group has it as a member, 2 its standing changed
    principal TEXT    NOT NULL,
    id        TEXT    NOT NULL,  -- of the object, '' for a list
    stamp     INTEGER NOT NULL,
    PRIMARY KEY (bucket, list, relation, principal, id)
) WITHOUT ROWID;
CREATE INDEX grants_principal ON grants (principal, relation, bucket, list, id, stamp);
