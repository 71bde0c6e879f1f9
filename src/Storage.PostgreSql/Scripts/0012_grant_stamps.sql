-- oldest program: 2
-- What is new for somebody is found without what is not: rows of the index by which objects name somebody have the objects' stamps. Those of
-- objects that name very many are relation 4, and have none.
UPDATE grants g SET stamp = r.modified FROM records r
WHERE g.relation = 0 AND r.bucket = g.bucket AND r.list = g.list AND r.id = g.id AND g.stamp <> r.modified;
CREATE INDEX IF NOT EXISTS grants_newest ON grants (bucket, list, principal, stamp, id) WHERE relation = 0;
