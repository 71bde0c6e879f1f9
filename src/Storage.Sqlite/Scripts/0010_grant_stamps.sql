-- oldest program: 1
-- What is new for somebody is found without what is not: rows of the index by which objects name somebody have the objects' stamps. Those of
-- objects that name very many are relation 4, and have none.
UPDATE grants SET stamp = coalesce((SELECT modified FROM records r WHERE r.bucket = grants.bucket AND r.list = grants.list AND r.id = grants.id), stamp)
WHERE relation = 0;
CREATE INDEX grants_newest ON grants (bucket, list, principal, stamp, id) WHERE relation = 0;
