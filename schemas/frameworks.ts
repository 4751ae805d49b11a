import * as z from 'zod';

/** Identity assurance frameworks, each with its levels from weakest to strongest. */
export const FRAMEWORKS = {
  'nist-800-63-4': ['IAL1', 'IAL2', 'IAL3'],
  eidas: ['low', 'substantial', 'high'],
  'in-person': ['notarised', 'witnessed'],
  oidc: ['self-asserted', 'verified-login'],
} as const satisfies Record<string, readonly string[]>;

export const FrameworkName = z.enum(Object.keys(FRAMEWORKS) as (keyof typeof FRAMEWORKS)[]);
export type FrameworkName = z.infer<typeof FrameworkName>;

export type LevelName = (typeof FRAMEWORKS)[FrameworkName][number];
const levels: readonly LevelName[] = Object.values(FRAMEWORKS).flat();
export const LevelName = z.enum(levels);

export const isLevelOf = (framework: FrameworkName, level: LevelName): boolean => rank(framework, level) >= 0;

/** Whether `level` is at least `floor`. Levels compare only within one framework. */
export const reachesLevel = (framework: FrameworkName, level: LevelName, floor: LevelName): boolean =>
  rank(framework, floor) >= 0 && rank(framework, level) >= rank(framework, floor);

const rank = (framework: FrameworkName, level: LevelName): number =>
  (FRAMEWORKS[framework] as readonly string[]).indexOf(level);
