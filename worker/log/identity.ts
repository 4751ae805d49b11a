import type { Did } from '../../schemas/primitives.ts';
import type { Signer } from '../../protocol/ed25519/signer.ts';
import { signStatement, type Draft } from '../../protocol/statement.ts';
import { timestampOf } from '../../protocol/time.ts';
import { db, type Database } from '../database/port.ts';
import type { Sequencer } from './sequencer.ts';

/** The operator: whoever signed entry 0. Null while the log is empty. */
export async function operatorOf(database: Database): Promise<Did | null> {
  const [row] = await database.all(db.selectFrom('statements').select('issuer').where('log_index', '=', 0).compile());
  return row?.issuer ?? null;
}

/**
 * Logs, where they are missing, entry 0 (the operator names itself) and the accreditation of the status service. Safe to
 * run at every start. Without the operator's key only a log that has both can be served.
 */
export async function ensureIdentity(
  database: Database,
  sequencer: Sequencer,
  keys: { operator: Signer | null; service: Did },
  name: string,
  now: number,
): Promise<Did> {
  const operator = await operatorOf(database);
  if (operator !== null && keys.operator !== null && keys.operator.did !== operator) {
    throw new Error(
      `entry 0 of this log names ${operator} as its operator, but the configured key is ${keys.operator.did}`,
    );
  }
  const [accredited] = await database.all(
    db
      .selectFrom('refs')
      .select('log_index')
      .where('relation', '=', 'accredits')
      .where('target', '=', keys.service)
      .compile(),
  );
  if (operator !== null && accredited !== undefined) return operator;
  if (keys.operator === null)
    throw new Error('the operator’s key is needed to name the operator and its status service');
  const accredit = async (subject: Draft<'Accreditation'>['subject']): Promise<void> => {
    const draft = { kind: 'Accreditation', subject, validFrom: timestampOf(now) } as const;
    const signed = await signStatement(draft, keys.operator as Signer);
    const [outcome] = signed.ok ? await sequencer.append([signed.value]) : [signed];
    if (outcome?.ok !== true) throw new Error(`the registry’s identity could not be logged: ${outcome?.reason.detail}`);
  };
  if (operator === null) await accredit({ id: keys.operator.did, name, roles: [] });
  if (accredited === undefined)
    await accredit({ id: keys.service, name: `${name}: status`, roles: ['status-service'] });
  return keys.operator.did;
}
