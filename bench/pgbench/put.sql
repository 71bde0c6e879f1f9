-- A PUT as a server does it that runs a transaction for each: the user's row first, which keeps their other writers waiting.
\set bucket random(1, 10000)
\set number random(0, 9)
BEGIN;
UPDATE buckets SET version = version + 1, clock = greatest(clock + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
WHERE bucket = :bucket RETURNING clock, author \gset
INSERT INTO records (bucket, modified, list, deleted, id, author, body)
VALUES (:bucket, :clock, 3, false, 'r0000000' || :number::text, :author, :body)
ON CONFLICT (bucket, list, id) DO UPDATE SET modified = excluded.modified, deleted = excluded.deleted, author = excluded.author, body = excluded.body;
UPDATE lists SET rows_modified = :clock, touched = :clock WHERE bucket = :bucket AND role = 0 AND name = 'put';
COMMIT;
