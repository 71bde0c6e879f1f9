-- oldest program: 2
-- Names and passwords with which users of accounts sign in to one protocol, apart from the account's own password. In the home database.

CREATE TABLE account_logins (
    account       bigint NOT NULL PRIMARY KEY,      -- number in accounts
    reset_expires bigint NOT NULL DEFAULT 0,        -- ms
    revision      bigint NOT NULL DEFAULT 0,        -- rises with each change
    quota         bigint,                           -- bytes; 0: no limit; NULL: what the settings say
    name          text COLLATE "C" NOT NULL UNIQUE, -- not the account's
    password      text COLLATE "C" NOT NULL,        -- hash
    email         text COLLATE "C" NOT NULL,
    reset         text COLLATE "C"                  -- digest of a code that stands in for the password once
);
