import type { Use } from '../../../schemas/rights-rule.ts';

/**
 * What a word of another vocabulary covers of ours. A yes permits only what the word surely covers, whatever else is meant
 * by it; a no prohibits all that it may cover.
 */
export interface CoarseTerm {
  surely: Use[];
  perhaps: Use[];
}

/** Labels of draft-ietf-aipref-vocab-08 §4 and §6.1. */
export const AIPREF_TERMS: Readonly<Record<string, CoarseTerm>> = {
  // Generative models only, where models that rank or score (rewards, too) are none; in earlier drafts, all models.
  'train-ai': { surely: ['train.pretrain', 'train.finetune'], perhaps: ['train', 'distil'] },
  // As input to a generative model, not by its user.
  'ai-use': { surely: ['ground'], perhaps: ['ground', 'evaluate', 'synthesise', 'distil'] },
  // An application that leads to where the data is; it may be built on vectors.
  search: { surely: ['search'], perhaps: ['search', 'embed'] },
};

/** Entries of the CAWG training and data mining assertion 1.1 §2.1. */
export const CAWG_TERMS: Readonly<Record<string, CoarseTerm>> = {
  'cawg.data_mining': { surely: ['analyse'], perhaps: ['analyse', 'embed', 'search'] },
  'cawg.ai_inference': {
    surely: ['ground', 'evaluate'],
    perhaps: ['ground', 'evaluate', 'embed', 'synthesise', 'distil'],
  },
  // A model that could generate; models of rewards are none, but are trained on preferences, too.
  'cawg.ai_generative_training': {
    surely: ['train.pretrain', 'train.finetune'],
    perhaps: ['train.pretrain', 'train.finetune', 'train.preference', 'train.rl', 'distil'],
  },
  'cawg.ai_training': {
    surely: ['train.discriminative'],
    perhaps: ['train.discriminative', 'train.preference', 'train.rl'],
  },
};
