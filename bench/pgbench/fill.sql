-- 10,000 users with a collection of 10 records of 1 KB each, in the server's own tables.
INSERT INTO buckets (id, kind, live, next_key, version, clock, author)
SELECT 'u:' || gen_random_uuid(), 1, true, 4, 1, 1700000000000, 'account:user' || n FROM generate_series(1, 10000) n;

INSERT INTO lists (bucket, rows_modified, touched, count, bytes, horizon, list, role, name)
SELECT bucket, clock, clock, 10, 10240, 0, 3, 0, 'put' FROM buckets;

INSERT INTO records (bucket, modified, list, deleted, id, author, body)
SELECT bucket, clock, 3, false, 'r' || lpad(n::text, 8, '0'), author, convert_to('{"text":"' || repeat('x', 1013) || '"}', 'UTF8')
FROM buckets, generate_series(0, 9) n;

VACUUM ANALYZE;
