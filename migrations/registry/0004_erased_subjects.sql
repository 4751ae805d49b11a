-- Whose an erased credential was goes with its body.
DELETE FROM refs WHERE relation = 'attests'
  AND log_index IN (SELECT log_index FROM statements WHERE body IS NULL AND kind = 'HumanCredential');
