-- oldest program: 2
-- Files of records, in the home database. Whether a record names one is said by the rows of its bucket, and not here.

CREATE TABLE attachments (
    size       bigint,                                  -- bytes; NULL: not all of the content is there
    created    bigint NOT NULL,                         -- ms
    looked_at  bigint NOT NULL,                         -- ms; when its bucket was asked last, or when it came
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    bucket     text COLLATE "C" NOT NULL,               -- the stored id
    collection text COLLATE "C" NOT NULL,
    record     text COLLATE "C" NOT NULL,
    file_name  text NOT NULL,
    media_type text NOT NULL,
    hash       text NOT NULL                            -- SHA-256 in hexadecimal digits; empty while size is NULL
);
CREATE INDEX attachments_looked_at ON attachments (looked_at);

-- What is in them, where that lies in the database: pieces of 262,144 bytes, the last one shorter. Most files are compressed already.
CREATE TABLE attachment_pieces (
    number     integer NOT NULL,
    attachment text COLLATE "C" NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
    content    bytea NOT NULL,
    PRIMARY KEY (attachment, number)
);
ALTER TABLE attachment_pieces ALTER COLUMN content SET STORAGE EXTERNAL;
