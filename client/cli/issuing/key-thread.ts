import { parentPort, workerData } from 'node:worker_threads';
import type { Did } from '../../../schemas/primitives.ts';
import { unusableHere } from './usable-keys.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(await unusableHere(workerData as Did[]));
