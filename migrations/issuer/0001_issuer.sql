-- What an issuer app remembers. Nothing here says who a person is: no name, no address, no provider's subject.

-- Enrolments under way: minutes old at most, an hour once the credential is there to be fetched; then swept.
CREATE TABLE enrolments (
  id TEXT PRIMARY KEY,
  -- The key that is to be attested.
  did TEXT NOT NULL,
  -- SHA-256 of the token that its beginner polls with.
  poll_hash BLOB NOT NULL CHECK (length(poll_hash) = 32),
  challenge TEXT NOT NULL,
  user_code TEXT NOT NULL,
  -- The only provider to log in at, where its beginner named one.
  provider TEXT,
  -- Whether the key's holder has signed the challenge.
  proven INTEGER NOT NULL DEFAULT 0 CHECK (proven IN (0, 1)),
  -- Wrong codes and signatures, and logins begun.
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Why the latest login was refused, as a code.
  refusal TEXT,
  -- The signed credential, which is public, until it was fetched.
  credential TEXT,
  -- Milliseconds since the epoch.
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolments_by_expiry ON enrolments (expires_at);

-- Logins under way at a provider: one for each enrolment, taken out by the one answer that it gets.
CREATE TABLE logins (
  enrolment TEXT PRIMARY KEY REFERENCES enrolments (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  -- SHA-256 of the state that the provider hands back, and of the cookie of the browser that began it.
  state_hash BLOB NOT NULL CHECK (length(state_hash) = 32),
  browser_hash BLOB NOT NULL CHECK (length(browser_hash) = 32),
  nonce TEXT NOT NULL,
  code_verifier TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was issued to whom: all that is kept.
CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  nullifier TEXT NOT NULL,
  issued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_by_nullifier ON credentials (nullifier, issued_at);
