import { fromBase64, toBase64 } from '../bytes.ts';
import { nodeHash, type Hash } from './merkle.ts';

/**
 * Verifies inclusion proofs that lead to one root, hashing each node of the tree once, however many proofs share it. Its
 * verdicts are those of `verifyInclusion`: whatever lies on a path to the root is what the root commits to, so a
 * later path that reaches such a node need only go on as the earlier one did.
 *
 * Nodes are by level and place: node `fn` of level `l` covers leaves `[fn·2^l, (fn+1)·2^l)`, as far as there are any.
 * Hashes are canonical base64, as certificates carry them, which compare as text.
 */
export class InclusionVerifier {
  readonly #size: number;
  readonly #root: string;
  readonly #known: Map<number, string>[] = [];

  constructor(size: number, root: Hash) {
    this.#size = size;
    this.#root = toBase64(root);
  }

  /** Whether `proof` shows that the leaf is at `index`. All of it may be hostile. */
  verify(index: number, leaf: Hash, proof: readonly string[]): boolean {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size || proof.length > 53) return false;
    const at = new Place(index, this.#size);
    const met: { level: number; fn: number; hash: string }[] = [];
    let bytes = leaf;
    let hash = toBase64(leaf);
    for (const sibling of proof) {
      if (at.isRoot) return false;
      at.rise();
      const { level, fn } = at;
      const known = this.#known[level]?.get(fn);
      if (known !== undefined) {
        return known === hash && this.#goesOn(at, proof, met.length / 2) && this.#remember(met);
      }
      const other = fromBase64(sibling);
      if (other?.length !== 32) return false;
      bytes = fn % 2 === 1 ? nodeHash(other, bytes) : nodeHash(bytes, other);
      met.push({ level, fn, hash }, { level, fn: at.sibling, hash: sibling });
      hash = toBase64(bytes);
      at.climb();
    }
    return at.isRoot && hash === this.#root && this.#remember(met);
  }

  /** Whether the proof's hashes from `from` on are those of the path that is known from here to the root. */
  #goesOn(at: Place, proof: readonly string[], from: number): boolean {
    for (let i = from; i < proof.length; i++) {
      if (at.isRoot) return false;
      at.rise();
      if (this.#known[at.level]?.get(at.sibling) !== proof[i]) return false;
      at.climb();
    }
    return at.isRoot;
  }

  #remember(met: readonly { level: number; fn: number; hash: string }[]): true {
    for (const { level, fn, hash } of met) (this.#known[level] ??= new Map()).set(fn, hash);
    return true;
  }
}

/** Where a path is on its way up (RFC 9162 §2.1.3.2): a node, and the last one of its level. */
class Place {
  level = 0;
  fn: number;
  #sn: number;

  constructor(index: number, size: number) {
    this.fn = index;
    this.#sn = size - 1;
  }

  get isRoot(): boolean {
    return this.#sn === 0;
  }

  /** The node that this one is hashed with. */
  get sibling(): number {
    return this.fn % 2 === 1 ? this.fn - 1 : this.fn + 1;
  }

  /** The last node of a level has no sibling while it is a left one: it is the same node one level up. */
  rise(): void {
    while (this.fn === this.#sn && this.fn % 2 === 0) this.climb();
  }

  climb(): void {
    this.fn = Math.floor(this.fn / 2);
    this.#sn = Math.floor(this.#sn / 2);
    this.level++;
  }
}
