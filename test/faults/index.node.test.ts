import { describe } from 'vitest';
import { indexFaults } from './index-faults.ts';
import { nodeShell } from './node-shell.ts';

describe('indexing on better-sqlite3 and files', () => {
  indexFaults(nodeShell);
});
