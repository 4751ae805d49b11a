import { describe } from 'vitest';
import { indexFaults } from './index-faults.ts';
import { workerdShell } from './workerd-shell.ts';

describe('indexing on D1 and R2', () => {
  indexFaults(workerdShell);
});
