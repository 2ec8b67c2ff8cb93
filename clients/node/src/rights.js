// The permissions of roles: each role has its own and inherits those of its parent.

import { Pieces } from './pieces.js';

/**
 * @typedef {object} Role
 * @property {string} name
 * @property {string | null} parent
 * @property {boolean} all it holds every permission that there is
 * @property {readonly number[]} own numbers of its own permissions
 */

/** How many names are kept in the lists of what roles may do. */
const MAX_WORKED = 1 << 20;

/** A limit is exceeded, or a statement continues a role that was not received. */
export class BadFacts extends Error {}

/** The rights up to one statement. Once shared, nothing of them changes but what was worked out. */
export class Rights {
  /** @type {Pieces<Role>} */
  roles = new Pieces();
  /** The number of each permission, in the order of the first statement that names it. Only following uses them. @type {Map<string, number>} */
  numbers = new Map();
  /** The names of permissions by number; null where there is none of that id. @type {(string | null)[]} */
  names = [];
  /** How many names there are. */
  count = 0;
  /** How many permissions of their own all roles have. */
  assigned = 0;
  #shared = false;

  /** @type {Map<string, readonly string[]>} */
  #worked = new Map();
  #entries = 0;
  /** @type {readonly string[] | undefined} */
  #everyName;
  /** @type {Map<string, string> | undefined} */
  #byName;

  /**
   * The rights after a statement. Parts without other readers are changed in place, the rest is copied. Throws BadFacts.
   *
   * @param {import('./statement.js').Statement} statement
   * @param {{ maxRoles: number, maxPermissions: number, maxAssignments: number }} limits
   * @returns {Rights}
   */
  after(statement, limits) {
    const next = this.#shared ? this.#copy() : this;
    for (const { id, name } of statement.permissions) next.#name(id, name);
    for (const role of statement.roles) next.#take(role);
    if (next.roles.size > limits.maxRoles) throw new BadFacts('there are more roles than changes.maxRoles');
    // Numbers are never given again. Having begun anew, there are as many as there are permissions.
    if (next.count > limits.maxPermissions || next.names.length > 2 * limits.maxPermissions) {
      throw new BadFacts('there are more permissions than changes.maxPermissions');
    }
    if (next.assigned > limits.maxAssignments) throw new BadFacts('roles have more permissions of their own than changes.maxAssignments');
    return next;
  }

  #copy() {
    const copy = new Rights();
    copy.roles = new Pieces(this.roles);
    copy.numbers = this.numbers;
    copy.names = this.names.slice();
    copy.count = this.count;
    copy.assigned = this.assigned;
    return copy;
  }

  /** @param {import('./statement.js').ToldRole} told */
  #take(told) {
    const before = this.roles.get(told.id);
    if (told.continued && before === undefined) throw new BadFacts('the statement continues a role that was not received');
    if (before !== undefined && !told.continued) this.assigned -= before.own.length;
    if (told.name === null) {
      this.roles.delete(told.id);
      return;
    }
    const numbers = told.permissions.map((id) => this.#number(id));
    const own = told.continued && before !== undefined ? before.own.concat(numbers) : numbers;
    this.assigned += numbers.length;
    this.roles.set(told.id, { name: told.name, parent: told.parent, all: told.all, own });
  }

  /** The number of a permission, which may be one that has not been told of yet. @param {string} id */
  #number(id) {
    let number = this.numbers.get(id);
    if (number === undefined) {
      number = this.names.length;
      this.numbers.set(id, number);
      this.names.push(null);
    }
    return number;
  }

  /** @param {string} id @param {string | null} name */
  #name(id, name) {
    const number = this.#number(id);
    if (this.names[number] !== null) this.count--;
    if (name !== null) this.count++;
    this.names[number] = name;
  }

  /** Called before others read the rights. */
  share() {
    this.roles.share();
    this.#shared = true;
  }

  /** The id of the role with a name, or null. @param {string | undefined} name @returns {string | null} */
  named(name) {
    if (name === undefined) return null;
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const [id, role] of this.roles.entries()) this.#byName.set(role.name, id);
    }
    return this.#byName.get(name) ?? null;
  }

  /**
   * The name of a role and the sorted names of all that it may do; undefined where the role is unknown.
   *
   * @param {string | null} id
   * @returns {{ name: string, permissions: readonly string[] } | undefined}
   */
  of(id) {
    const role = id === null ? undefined : this.roles.get(id);
    if (id === null || role === undefined) return undefined;
    let permissions = this.#worked.get(id);
    if (permissions === undefined) {
      permissions = this.#workOut(role);
      this.#entries += permissions.length + 1;
      if (this.#entries > MAX_WORKED) {
        this.#worked.clear();
        this.#entries = permissions.length + 1;
      }
      this.#worked.set(id, permissions);
    }
    return { name: role.name, permissions };
  }

  /** Whether a role is the one that holds every permission. @param {string | null} id */
  isAll(id) {
    return id !== null && this.roles.get(id)?.all === true;
  }

  /**
   * Follows the chain of parents as the service does: it ends at a parent that is unknown, and where it would come to a
   * role for the second time, which only SQL by hand can bring about.
   *
   * @param {Role} from
   * @returns {readonly string[]}
   */
  #workOut(from) {
    /** @type {Set<Role>} */
    const seen = new Set();
    /** @type {Set<number>} */
    const held = new Set();
    for (let role = /** @type {Role | undefined} */ (from); role !== undefined && !seen.has(role); ) {
      if (role.all) return this.#every();
      for (const number of role.own) held.add(number);
      seen.add(role);
      role = role.parent === null ? undefined : this.roles.get(role.parent);
    }
    return sorted([...held].map((number) => this.names[number]));
  }

  #every() {
    this.#everyName ??= sorted(this.names);
    return this.#everyName;
  }
}

/** @param {readonly (string | null | undefined)[]} names */
function sorted(names) {
  return Object.freeze([...new Set(names.filter((name) => typeof name === 'string'))].sort());
}
