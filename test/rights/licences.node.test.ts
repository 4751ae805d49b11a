import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LICENCES_PAGE, licencesPage } from './licences-page.ts';

test('docs/licences.md is the table; npm run licences writes it', () => {
  expect(readFileSync(LICENCES_PAGE, 'utf8')).toBe(licencesPage());
});
