-- oldest program: 2
-- Which sessions and refresh tokens one sign-in has given: they end together. NULL for a token that is alone, as those of older programs are.

ALTER TABLE account_tokens ADD COLUMN IF NOT EXISTS family text COLLATE "C";
