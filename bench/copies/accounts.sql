-- Accounts like the model's, in the home database: :count of them, numbered from :first on.
INSERT INTO accounts (name, password, modified, since)
SELECT 'u' || lpad(n::text, 8, '0'), m.password, m.modified, m.since
FROM accounts m, generate_series(:first, :first + :count - 1) n WHERE m.name = 'scale-model' ORDER BY n;
