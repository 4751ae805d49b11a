import { openSqlite } from '../../worker/node/sqlite.ts';
import { fileURLToPath } from 'node:url';
import { describeFlow } from './flow.ts';
import { openIssuerOver, type OpenIssuer } from './harness.ts';
import { describeHostile } from './hostile.ts';
import { describeProviders } from './providers.ts';

const open: OpenIssuer = async (options) => {
  const database = openSqlite(':memory:', fileURLToPath(new URL('../../migrations/issuer', import.meta.url)));
  return openIssuerOver({ database, close: async () => database.close() }, options);
};

describeFlow('better-sqlite3', open);
describeHostile('better-sqlite3', open);
describeProviders('better-sqlite3', open);
