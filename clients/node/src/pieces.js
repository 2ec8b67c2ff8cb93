// A map that is copied in pieces.

const COUNT = 256;

/**
 * A map by id in 256 pieces by the last byte of the id, which is random in a UUID, so that a change copies a piece and
 * not the whole. A copy shares what is the same.
 *
 * @template V
 */
export class Pieces {
  /** @type {(Map<string, V> | undefined)[]} */
  #parts;
  /** The parts without other readers, which are changed in place: a snapshot comes in a thousand statements. */
  #own = new Set();
  size = 0;

  /** @param {Pieces<V>} [from] */
  constructor(from) {
    this.#parts = from === undefined ? new Array(COUNT) : from.#parts.slice();
    if (from !== undefined) {
      this.size = from.size;
      this.#own = new Set(from.#own);
    }
  }

  /** @param {string} id */
  get(id) {
    return this.#parts[pieceOf(id)]?.get(id);
  }

  /** @param {string} id */
  has(id) {
    return this.#parts[pieceOf(id)]?.has(id) ?? false;
  }

  /** @param {string} id @param {V} value */
  set(id, value) {
    if (!this.has(id)) this.size++;
    this.#part(id).set(id, value);
  }

  /** @param {string} id */
  delete(id) {
    if (this.has(id)) {
      this.#part(id).delete(id);
      this.size--;
    }
  }

  /** @returns {Generator<[string, V]>} */
  *entries() {
    for (const part of this.#parts) if (part !== undefined) yield* part;
  }

  /** Called before others read the map. */
  share() {
    this.#own.clear();
  }

  /** The part of an id, to be changed. @param {string} id */
  #part(id) {
    const n = pieceOf(id);
    let part = this.#parts[n];
    if (part === undefined || !this.#own.has(n)) {
      part = new Map(part);
      this.#parts[n] = part;
      this.#own.add(n);
    }
    return part;
  }
}

/** @param {string} id a canonical UUID */
const pieceOf = (id) => parseInt(id.slice(-2), 16);
