import type { Use } from '../../../schemas/rights-rule.ts';
import type { CoarseTerm } from './coarse.ts';

// What the coarse words of other vocabularies are about, read so that no word lets more happen than the engine does
// (docs/decisions/0030). A word names its `uses`; where it is a yes, by its own text or in plain practice, `besides`
// happens too.

/** Training of models that write: all but what only sorts, ranks or scores. */
const GENERATIVE: readonly Use[] = ['train.pretrain', 'train.finetune', 'train.preference', 'train.rl', 'distil'];
/** Input of a model at work. */
const INPUT: readonly Use[] = ['ground', 'evaluate', 'synthesise'];

/** IETF draft-ietf-aipref-vocab-08 (14 September 2026), “A Vocabulary For Expressing AI Usage Preferences”. */
export const AIPREF_TERMS: readonly CoarseTerm[] = [
  {
    term: 'train-ai',
    uses: GENERATIVE,
    besides: [],
    source: '§4.1: to modify a generative model’s learned parameters',
  },
  {
    term: 'ai-use',
    uses: INPUT,
    besides: ['embed'],
    source: '§4.2: as input of a generative model, where the user did not provide it',
  },
  {
    term: 'search',
    uses: ['search'],
    besides: ['embed', 'analyse', 'train', 'distil'],
    source: '§4.3: to select assets and lead users to them; allows any processing inside, the training of models too',
  },
];

/** CAWG Training and Data Mining Assertion 1.1 (6 May 2025). */
export const CAWG_TERMS: readonly CoarseTerm[] = [
  { term: 'cawg.data_mining', uses: ['analyse'], besides: [], source: '§3.1: extraction, to find patterns and trends' },
  { term: 'cawg.ai_inference', uses: INPUT, besides: ['embed'], source: '§3.1: input of a trained model that infers' },
  {
    term: 'cawg.ai_generative_training',
    uses: GENERATIVE,
    besides: [],
    source: '§3.1: training of models that could generate assets',
  },
  {
    term: 'cawg.ai_training',
    uses: ['train.discriminative'],
    besides: [],
    source: '§3.1: training of models that do not generate',
  },
];

export const RSL_USAGES = ['search', 'ai-train', 'ai-input', 'ai-index'] as const;

/** RSL 1.0 (RSL-SPEC-1.0, 10 December 2025), §3.4.1.1. `ai-all` and `all` take in uses that nobody named yet. */
export const RSL_TERMS: readonly CoarseTerm<(typeof RSL_USAGES)[number]>[] = [
  {
    term: 'search',
    uses: ['search'],
    besides: [],
    source: '§3.4.1.1: a search index, and results as links and excerpts',
  },
  { term: 'ai-train', uses: ['train', 'distil'], besides: [], source: '§3.4.1.1: training or fine-tuning' },
  { term: 'ai-input', uses: INPUT, besides: [], source: '§3.4.1.1: input of models: retrieval, grounding, answers' },
  { term: 'ai-index', uses: ['embed'], besides: [], source: '§3.4.1.1: an AI system’s internal index' },
];

/** W3C TDMRep (Final Community Group Report, 10 May 2024); 0, not reserved, is its yes, and 1 its no. */
export const TDMREP_TERMS: readonly CoarseTerm[] = [
  {
    term: 'tdm-reservation',
    uses: ['analyse'],
    besides: ['train', 'distil', 'embed'],
    source: 'text and data mining as in Directive (EU) 2019/790 Art. 2(2), which the training of models is taken to be',
  },
];
