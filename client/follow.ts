import type { Change } from '../schemas/api.ts';
import { limits } from '../schemas/limits.ts';
import { equalBytes } from '../protocol/bytes.ts';
import type { TreeHead } from '../protocol/log/checkpoint.ts';
import { entryLeafHash } from '../protocol/log/entry.ts';
import { CompactRange } from '../protocol/log/merkle.ts';
import { rangeFromTiles } from '../protocol/log/proof.ts';
import { UntrustedError } from './errors.ts';
import type { RegistryClient } from './registry-client.ts';

/** Pages asked for at once while there is much to read. */
const PARALLEL = 4;

type Feed = Pick<RegistryClient, 'changes' | 'tiles'>;

export interface AdvanceOptions {
  /** Which changes to answer; all unless given. */
  keep?: (change: Change) => boolean;
  /** Other heads that are trusted; those on the way must be heads of the same history. */
  marks?: readonly TreeHead[];
}

/**
 * Reads a log's changes from one trusted head to the next and proves them: their leaves, added to the tree of the first,
 * must make the root of the second. So nothing can be left out, added, altered or reordered, and a log that forked or was
 * rewritten in between is found out.
 *
 * @example
 * const follower = await Follower.at(client, head);
 * const changes = await follower.advance(await client.checkpoint());
 */
export class Follower {
  readonly #feed: Feed;
  #range: CompactRange;

  private constructor(feed: Feed, range: CompactRange) {
    this.#feed = feed;
    this.#range = range;
  }

  /** Takes up at `head`, which is trusted: everything in its tree counts as read. */
  static async at(feed: Feed, head: TreeHead): Promise<Follower> {
    const range = head.size === 0 ? new CompactRange() : await rangeFromTiles(head.size, feed.tiles);
    if (!equalBytes(range.root(), head.root)) throw new UntrustedError(forked(head));
    return new Follower(feed, range);
  }

  /** Entries read so far. */
  get size(): number {
    return this.#range.size;
  }

  /**
   * Reads on to `head`, whose signatures the caller has checked. Answers the changes once all of them are proven; `issuer`
   * and `targets` of each are the registry's word still. Throws UntrustedError where they do not add up, and stays where
   * it was whenever it throws.
   */
  async advance(head: TreeHead, { keep = () => true, marks = [] }: AdvanceOptions = {}): Promise<Change[]> {
    if (head.size < this.size) throw new UntrustedError(`the log went back from size ${this.size} to ${head.size}`);
    const expected = [...marks, head].toSorted((a, b) => a.size - b.size).filter(({ size }) => size >= this.size);
    const range = this.#range.copy();
    const kept: Change[] = [];
    const compare = (): void => {
      for (let next = expected[0]; next?.size === range.size; next = expected[0]) {
        if (!equalBytes(range.root(), next.root)) throw new UntrustedError(forked(next));
        expected.shift();
      }
    };
    compare();
    while (range.size < head.size) {
      const starts = Array.from({ length: PARALLEL }, (_, i) => range.size + i * limits.page);
      const pages = starts
        .filter((start) => start < head.size)
        .map((start) => this.#read(start, Math.min(start + limits.page, head.size)));
      for (const change of (await Promise.all(pages)).flat()) {
        range.append(entryLeafHash(change));
        if (keep(change)) kept.push(change);
        compare();
      }
    }
    this.#range = range;
    return kept;
  }

  /** The changes `[start, end)`, which the log has. */
  async #read(start: number, end: number): Promise<Change[]> {
    const changes: Change[] = [];
    while (start < end) {
      const page = await this.#feed.changes(start, { limit: end - start });
      if (page.changes.length === 0) {
        throw new UntrustedError(`the changes end before entry ${start}, though the log has signed that it is there`);
      }
      changes.push(...page.changes);
      start = page.next;
    }
    return changes;
  }
}

const forked = ({ size }: TreeHead): string =>
  `what the registry serves does not make the root of the checkpoint of size ${size}: the log has forked, or entries were altered`;
