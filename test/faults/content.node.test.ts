import { describe } from 'vitest';
import { contentFaults } from './content-faults.ts';
import { nodeShell } from './node-shell.ts';

describe('uploads to better-sqlite3 and files', () => {
  contentFaults(nodeShell);
});
