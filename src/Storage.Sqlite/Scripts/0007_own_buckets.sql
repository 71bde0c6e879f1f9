-- oldest program: 1
-- Somebody's buckets are read in the order of their stamps or names, a page at a time. All of them were read for each page.

-- The stamp of the bucket's own object, or of its deletion, as clients see it. Who writes it is the database, since programs of
-- before write none.
ALTER TABLE buckets ADD COLUMN modified INTEGER NOT NULL DEFAULT 0;

-- The id as clients see it.
ALTER TABLE buckets ADD COLUMN name TEXT GENERATED ALWAYS AS (substr(id, 3)) VIRTUAL;

UPDATE buckets SET modified = iif(live,
    coalesce((SELECT rows_modified FROM lists l WHERE l.bucket = buckets.bucket AND l.role = 1 AND l.name = ''), base), base);

-- None of them runs for a write of a record.
CREATE TRIGGER bucket_made AFTER INSERT ON buckets WHEN NEW.base <> 0 BEGIN
    UPDATE buckets SET modified = base WHERE bucket = NEW.bucket;
END;
CREATE TRIGGER bucket_made_or_deleted AFTER UPDATE OF live, base ON buckets WHEN NEW.live <> OLD.live OR NEW.base <> OLD.base BEGIN
    UPDATE buckets SET modified = iif(live,
        coalesce((SELECT rows_modified FROM lists l WHERE l.bucket = buckets.bucket AND l.role = 1 AND l.name = ''), base), base)
    WHERE bucket = NEW.bucket;
END;
CREATE TRIGGER bucket_listed AFTER INSERT ON lists WHEN NEW.role = 1 BEGIN
    UPDATE buckets SET modified = NEW.rows_modified WHERE bucket = NEW.bucket AND live = 1;
END;
CREATE TRIGGER bucket_written AFTER UPDATE OF rows_modified ON lists WHEN NEW.role = 1 BEGIN
    UPDATE buckets SET modified = NEW.rows_modified WHERE bucket = NEW.bucket AND live = 1;
END;

CREATE INDEX buckets_by_stamp ON buckets (author, live, modified, name) WHERE author IS NOT NULL;
CREATE INDEX buckets_by_name ON buckets (author, live, name) WHERE author IS NOT NULL;
DROP INDEX buckets_author;
