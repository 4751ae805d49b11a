-- What was revoked is held against nobody: `exclusive` is 0 from then on.
UPDATE grants SET exclusive = 0 WHERE exclusive = 1 AND log_index IN (SELECT target_index FROM revocations);
