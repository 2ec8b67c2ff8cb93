// Strict JSON (RFC 7493), as svc-users itself reads it: valid UTF-8, no duplicate member at any depth, no half of a
// surrogate pair. A text with two readings is refused.

/** The text is not strict JSON, or a member is missing or of another type. The message names members, never their values. */
export class Malformed extends Error {}

/** A number as it is written, because 1, 1.0 and 1e0 are the same value to JSON.parse. */
class NumberText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @typedef {Map<string, unknown>} Members the members of a JSON object; objects in it are Maps too, numbers are NumberTexts */

// In a text that JSON.parse accepts these are all tokens there are.
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;
const SURROGATE = /\p{Surrogate}/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON object, and refuses everything else.
 *
 * @param {Uint8Array} raw
 * @returns {Members}
 */
export function parseObject(raw) {
  let text;
  try {
    text = utf8.decode(raw);
    JSON.parse(text);
  } catch {
    throw new Malformed('not strict JSON');
  }
  const whole = build(text);
  if (!(whole instanceof Map)) throw new Malformed('not a JSON object');
  return whole;
}

/**
 * Builds the value of a text that JSON.parse accepts, without recursion: how deep it goes does not matter.
 *
 * @param {string} text
 */
function build(text) {
  /** @type {unknown} */
  let whole;
  /** @type {{ value: Members | unknown[], name: string | undefined }[]} */
  const open = [];
  /** @param {unknown} value */
  const add = (value) => {
    const at = open.at(-1);
    if (at === undefined) whole = value;
    else if (Array.isArray(at.value)) at.value.push(value);
    else {
      at.value.set(/** @type {string} */ (at.name), value);
      at.name = undefined;
    }
  };
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':' || token === ',') continue;
    if (token === '{' || token === '[') {
      const value = token === '{' ? new Map() : [];
      add(value);
      open.push({ value, name: undefined });
    } else if (token === '}' || token === ']') open.pop();
    else if (token[0] === '"') {
      const string = JSON.parse(token);
      if (SURROGATE.test(string)) throw new Malformed('half of a surrogate pair');
      const at = open.at(-1);
      if (at === undefined || Array.isArray(at.value) || at.name !== undefined) add(string);
      else if (at.value.has(string)) throw new Malformed('duplicate member');
      else at.name = string;
    } else add(token === 'true' ? true : token === 'false' ? false : token === 'null' ? null : new NumberText(token));
  }
  return whole;
}

/** The all-zero UUID is no id. */
const ID = /^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The last second of the year 9999, past which RFC 3339 cannot write a time. */
const MAX_TIME = 253402300799n;

/**
 * Whether a value is the canonical spelling of a UUID: 36 characters in lower case. Any other spelling is no id, because
 * one account must not have two names.
 *
 * @param {unknown} value
 * @returns {value is string}
 */
export const isId = (value) => typeof value === 'string' && ID.test(value);

/**
 * @param {unknown} value
 * @returns {value is string[]}
 */
export const isTexts = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Reads members of an object and their types. Each method throws Malformed for a member that is not as it must be. */
export class Reader {
  /** @param {Members} members */
  constructor(members) {
    this.members = members;
  }

  /** @param {string} name */
  has(name) {
    return this.members.has(name);
  }

  /** @param {string} name @returns {string} */
  text(name) {
    const value = this.members.get(name);
    return typeof value === 'string' ? value : wrong(name, 'string');
  }

  /** A text that is not empty, or null. @param {string} name @returns {string | null} */
  optionalText(name) {
    const value = this.members.get(name);
    return value === null || (typeof value === 'string' && value !== '') ? value : wrong(name, 'text or null');
  }

  /** @param {string} name @returns {string[]} */
  texts(name) {
    const value = this.members.get(name);
    return isTexts(value) ? value : wrong(name, 'array of strings');
  }

  /** A canonical UUID. @param {string} name @returns {string} */
  id(name) {
    const value = this.members.get(name);
    return isId(value) ? value : wrong(name, 'canonical UUID');
  }

  /** A canonical UUID or null; it must be there. @param {string} name @returns {string | null} */
  optionalId(name) {
    return this.members.get(name) === null ? null : this.id(name);
  }

  /** An array of canonical UUIDs. @param {string} name @returns {string[]} */
  ids(name) {
    const value = this.members.get(name);
    return Array.isArray(value) && value.every(isId) ? value : wrong(name, 'array of canonical UUIDs');
  }

  /** An integer within 64 bits, without fraction and exponent. @param {string} name @returns {bigint} */
  integer(name) {
    const value = this.members.get(name);
    if (!(value instanceof NumberText) || !/^-?\d{1,19}$/.test(value.text)) return wrong(name, 'integer');
    const integer = BigInt(value.text);
    return BigInt.asIntN(64, integer) === integer ? integer : wrong(name, 'integer');
  }

  /** Seconds since 1970, from 1 to the end of the year 9999. @param {string} name @returns {number} */
  time(name) {
    const seconds = this.integer(name);
    return seconds >= 1n && seconds <= MAX_TIME ? Number(seconds) : wrong(name, 'time');
  }

  /** A boolean, false where it is absent. @param {string} name @returns {boolean} */
  flag(name) {
    const value = this.members.get(name);
    return value === undefined || typeof value === 'boolean' ? (value ?? false) : wrong(name, 'boolean');
  }

  /** The objects of an array, one Reader each. @param {string} name @returns {Reader[]} */
  objects(name) {
    const value = this.members.get(name);
    if (!Array.isArray(value) || !value.every((item) => item instanceof Map)) return wrong(name, 'array of objects');
    return value.map((item) => new Reader(item));
  }
}

/** @param {string} name @param {string} kind @returns {never} */
function wrong(name, kind) {
  throw new Malformed(`${name} is missing or no ${kind}`);
}
