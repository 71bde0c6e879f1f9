-- The data model whole. Scripts are immutable once released; later changes are new scripts.

-- Facts about this database: cluster id, secret for derived ids.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One row a bucket, never removed: clock and version outlive deletion.
CREATE TABLE buckets (
    bucket   INTEGER NOT NULL PRIMARY KEY,
    id       TEXT    NOT NULL UNIQUE,  -- with its name space, which gives the kind
    kind     INTEGER NOT NULL,         -- 1 Kinto, 2 Sync
    version  INTEGER NOT NULL,         -- compared and advanced by each commit
    nonce    BLOB    NOT NULL,         -- of the commit that made this version
    clock    INTEGER NOT NULL,         -- last stamp issued, ms
    live     INTEGER NOT NULL,         -- 0: deleted
    base     INTEGER NOT NULL,         -- stamp of the last deletion, 0 for none
    next_key INTEGER NOT NULL,         -- for lists; only rises
    author   TEXT
);
CREATE INDEX buckets_author ON buckets (author, bucket) WHERE author IS NOT NULL;

-- A bucket's lists: its own object, its collections, its groups, the records of each collection.
CREATE TABLE lists (
    bucket        INTEGER NOT NULL,
    role          INTEGER NOT NULL,    -- 0 records, 1 self, 2 collections, 3 groups
    name          TEXT    NOT NULL,    -- the collection's id, else ''
    list          INTEGER NOT NULL,    -- key of its rows, 0: deleted
    rows_modified INTEGER NOT NULL,    -- the list's ETag
    touched       INTEGER NOT NULL,    -- Sync's collection timestamp
    count         INTEGER NOT NULL,    -- live records
    bytes         INTEGER NOT NULL,    -- of their bodies
    horizon       INTEGER NOT NULL,    -- history before it is gone
    next_expiry   INTEGER,             -- first instant a record expires
    PRIMARY KEY (bucket, role, name)
) WITHOUT ROWID;

CREATE TABLE records (
    bucket    INTEGER NOT NULL,
    list      INTEGER NOT NULL,
    id        TEXT    NOT NULL,
    modified  INTEGER NOT NULL,
    deleted   INTEGER NOT NULL,        -- 1: tombstone
    body      BLOB    NOT NULL,
    author    TEXT,
    acl       BLOB,
    sortindex INTEGER,
    expiry    INTEGER,
    PRIMARY KEY (bucket, list, id)
);
CREATE INDEX records_modified ON records (bucket, list, modified);
CREATE INDEX records_expiry ON records (expiry) WHERE expiry IS NOT NULL;

-- Lists that are gone and whose rows are still to be removed.
CREATE TABLE orphans (
    bucket INTEGER NOT NULL,
    list   INTEGER NOT NULL,
    PRIMARY KEY (bucket, list)
) WITHOUT ROWID;

CREATE TABLE accounts (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    name     TEXT    NOT NULL UNIQUE,
    password TEXT    NOT NULL,                   -- hash
    modified INTEGER NOT NULL,
    deleting INTEGER NOT NULL DEFAULT 0
);
