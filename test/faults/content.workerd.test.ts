import { describe } from 'vitest';
import { contentFaults } from './content-faults.ts';
import { workerdShell } from './workerd-shell.ts';

describe('uploads to D1 and R2', () => {
  contentFaults(workerdShell);
});
