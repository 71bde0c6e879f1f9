-- oldest program: 2
-- Indexes on fields of a list's records that its collection declares.

-- Which there are. One is in step with its list while that has the stamp of the last write that was written to it too: older programs write to the list
-- alone.
CREATE TABLE field_indexes (
    bucket   bigint  NOT NULL,
    touched  bigint  NOT NULL,            -- lists.touched
    built    bigint  NOT NULL,            -- records that were put into it while it was built
    field    integer NOT NULL,            -- key of its rows, of the same numbers as lists.list
    list     integer NOT NULL,            -- key of the list
    whole    boolean NOT NULL,            -- all records are in it
    built_to text COLLATE "C" NOT NULL,   -- the last of these, in the order of ids
    path     text COLLATE "C",            -- of the field; NULL: its rows are still to be removed
    PRIMARY KEY (bucket, field)
) WITH (fillfactor = 70);
CREATE INDEX field_indexes_dropped ON field_indexes (bucket, field) WHERE path IS NULL;

-- One row for each live record in each of them.
CREATE TABLE field_keys (
    bucket   bigint  NOT NULL,
    modified bigint  NOT NULL,
    field    integer NOT NULL,
    id       text COLLATE "C" NOT NULL,
    key      bytea   NOT NULL,            -- the value in the order of all values, 256 bytes at most
    PRIMARY KEY (bucket, field, id)
);
CREATE INDEX field_keys_order ON field_keys (bucket, field, key, modified, id);
