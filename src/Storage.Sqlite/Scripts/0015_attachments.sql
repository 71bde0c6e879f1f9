-- oldest program: 1
-- Files of records. Whether a record names one is said by the rows of its bucket, and not here.

CREATE TABLE attachments (
    id         TEXT    NOT NULL PRIMARY KEY,
    bucket     TEXT    NOT NULL,  -- the stored id
    collection TEXT    NOT NULL,
    record     TEXT    NOT NULL,
    file_name  TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    hash       TEXT    NOT NULL,  -- SHA-256 in hexadecimal digits; empty while size is NULL
    size       INTEGER,           -- bytes; NULL: not all of the content is there
    created    INTEGER NOT NULL,  -- ms
    looked_at  INTEGER NOT NULL   -- ms; when its bucket was asked last, or when it came
) WITHOUT ROWID;
CREATE INDEX attachments_looked_at ON attachments (looked_at);

-- What is in them, where that lies in the database: pieces of 262,144 bytes, the last one shorter.
CREATE TABLE attachment_pieces (
    attachment TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    content    BLOB    NOT NULL,
    PRIMARY KEY (attachment, number)
);
