-- Anyone may name a manifest in a record that it does not fit. What a record says of it is in the key, so that whoever
-- looks for those that it fits goes past all the others.
CREATE TABLE names (
  digest TEXT NOT NULL,
  max_bytes INTEGER NOT NULL,
  -- What the record says of its manifest (contentKey in protocol/manifest.ts); empty where the blob is none.
  content TEXT NOT NULL DEFAULT '',
  log_index INTEGER NOT NULL REFERENCES statements (log_index),
  PRIMARY KEY (digest, max_bytes, content, log_index)
) STRICT, WITHOUT ROWID;

INSERT INTO names (digest, max_bytes, content, log_index)
  SELECT digest, max_bytes, iif(manifest IS NOT digest, '',
      (SELECT said ->> '$.root' || ' ' || (said ->> '$.files') || ' ' || coalesce(said ->> '$.rows', '') || ' ' || (said ->> '$.bytes')
       FROM (SELECT body -> '$.credentialSubject.content' AS said FROM statements WHERE log_index = blob_refs.log_index))), log_index
  FROM blob_refs LEFT JOIN datasets USING (log_index);

DROP TABLE blob_refs;
ALTER TABLE names RENAME TO blob_refs;
