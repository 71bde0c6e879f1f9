-- oldest program: 2
-- Somebody's buckets are read in the order of their stamps or names, a page at a time. All of them were read for each page.
-- Writes wait while this is done. On a database that is too large for that, all of it can be done beforehand, statement by
-- statement: the UPDATE for a part of the buckets at a time, the indexes with CONCURRENTLY.

-- The stamp of the bucket's own object, or of its deletion, as clients see it. Who writes it is the database, since programs of
-- before write none.
ALTER TABLE buckets ADD COLUMN IF NOT EXISTS modified bigint NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION set_bucket_modified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE buckets b SET modified = CASE WHEN b.live
        THEN coalesce((SELECT l.rows_modified FROM lists l WHERE l.bucket = b.bucket AND l.role = 1 AND l.name = ''), b.base)
        ELSE b.base END
    WHERE b.bucket = NEW.bucket;
    RETURN NULL;
END
$$;

-- None of them runs for a write of a record.
CREATE OR REPLACE TRIGGER bucket_made AFTER INSERT ON buckets FOR EACH ROW
    WHEN (NEW.live OR NEW.base <> 0) EXECUTE FUNCTION set_bucket_modified();
CREATE OR REPLACE TRIGGER bucket_made_or_deleted AFTER UPDATE OF live, base ON buckets FOR EACH ROW
    WHEN (NEW.live <> OLD.live OR NEW.base <> OLD.base) EXECUTE FUNCTION set_bucket_modified();
CREATE OR REPLACE TRIGGER bucket_written AFTER INSERT OR UPDATE OF rows_modified ON lists FOR EACH ROW
    WHEN (NEW.role = 1) EXECUTE FUNCTION set_bucket_modified();

UPDATE buckets b SET modified = n.modified
FROM (
    SELECT b.bucket, CASE WHEN b.live THEN coalesce(l.rows_modified, b.base) ELSE b.base END AS modified
    FROM buckets b LEFT JOIN lists l ON l.bucket = b.bucket AND l.role = 1 AND l.name = ''
) n
WHERE b.bucket = n.bucket AND b.modified <> n.modified;

-- The id without its name space is what clients see.
CREATE INDEX IF NOT EXISTS buckets_by_stamp ON buckets (author, live, modified, substr(id, 3)) WHERE author IS NOT NULL;
CREATE INDEX IF NOT EXISTS buckets_by_name ON buckets (author, live, substr(id, 3)) WHERE author IS NOT NULL;
DROP INDEX IF EXISTS buckets_author;
