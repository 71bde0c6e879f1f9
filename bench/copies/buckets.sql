-- In each database: buckets like the model's, in the virtual shards from :first to :last.
INSERT INTO buckets (id, kind, live, next_key, version, clock, base, author, author_number, author_base)
SELECT c.id, m.kind, m.live, m.next_key, m.version, m.clock, m.base, 'account:' || c.name, c.number, m.author_base
FROM copied c, model_buckets m WHERE c.name <> 'scale-model' AND c.shard BETWEEN :first AND :last ORDER BY c.name;
ANALYZE copied, buckets;
INSERT INTO lists (bucket, rows_modified, touched, count, bytes, horizon, next_expiry, list, role, name, acl, acl_list)
SELECT b.bucket, m.rows_modified, m.touched, m.count, m.bytes, m.horizon, m.next_expiry, m.list, m.role, m.name, m.acl, m.acl_list
FROM buckets b JOIN copied c ON c.id = b.id, model_lists m WHERE c.name <> 'scale-model' ORDER BY b.bucket;
INSERT INTO records (bucket, modified, expiry, list, sortindex, deleted, id, author, acl, body)
SELECT b.bucket, m.modified, m.expiry, m.list, m.sortindex, m.deleted, m.id, b.author, m.acl, m.body
FROM buckets b JOIN copied c ON c.id = b.id, model_records m WHERE c.name <> 'scale-model' ORDER BY b.bucket;
DROP TABLE copied, model_buckets, model_lists, model_records;
