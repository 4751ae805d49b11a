import type { RightsExport } from '../../../schemas/rights-export.ts';

/** What a format made of a survey. */
export type Written = Pick<RightsExport, 'document' | 'lost'>;
