-- oldest program: 1
-- Indexes on fields of a list's records that its collection declares.

-- Which there are. One is in step with its list while that has the stamp of the last write that was written to it too: older programs write to the list
-- alone.
CREATE TABLE field_indexes (
    bucket   INTEGER NOT NULL,
    field    INTEGER NOT NULL,  -- key of its rows, of the same numbers as lists.list
    list     INTEGER NOT NULL,  -- key of the list
    touched  INTEGER NOT NULL,  -- lists.touched
    whole    INTEGER NOT NULL,  -- 1: all records are in it
    built    INTEGER NOT NULL,  -- records that were put into it while it was built
    built_to TEXT    NOT NULL,  -- the last of these, in the order of ids
    path     TEXT,              -- of the field; NULL: its rows are still to be removed
    PRIMARY KEY (bucket, field)
) WITHOUT ROWID;
CREATE INDEX field_indexes_dropped ON field_indexes (bucket, field) WHERE path IS NULL;

-- One row for each live record in each of them.
CREATE TABLE field_keys (
    bucket   INTEGER NOT NULL,
    field    INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    modified INTEGER NOT NULL,
    key      BLOB    NOT NULL,  -- the value in the order of all values, 256 bytes at most
    PRIMARY KEY (bucket, field, id)
) WITHOUT ROWID;
CREATE INDEX field_keys_order ON field_keys (bucket, field, key, modified, id);
