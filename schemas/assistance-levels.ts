/** How much of the work a model did, the least first. Apart from its schema, so that a command line needs no zod for it. */
export const ASSISTANCE_LEVELS = ['none', 'editing', 'assisted', 'generated', 'synthetic'] as const;
