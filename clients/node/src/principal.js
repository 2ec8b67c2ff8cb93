// The account that sent a request, with its rights.

/**
 * An account that acts for the account of a token.
 *
 * @typedef {object} Actor
 * @property {string} account id of the account that acts: a UUID
 * @property {boolean} impersonator whether it took the other account's place, as an administrator may; else it is that of a
 *   service which that account has called
 * @property {Actor | undefined} prior the actor before this one: a service that was called by a service
 */

/**
 * @typedef {object} PrincipalValues
 * @property {string} account
 * @property {boolean} service
 * @property {string | undefined} email
 * @property {readonly string[] | undefined} scope
 * @property {readonly string[]} roles
 * @property {readonly string[]} permissions
 * @property {boolean} permissionsOmitted
 * @property {boolean} live
 * @property {Actor | undefined} actor
 * @property {string} tokenId
 * @property {string | undefined} session
 * @property {Date} issuedAt
 * @property {Date} expires
 */

/** The account that sent a request, with its rights. It does not change. */
export class Principal {
  /** @param {PrincipalValues} values */
  constructor({ account, service, email, scope, roles, permissions, permissionsOmitted, live, actor, tokenId, session, issuedAt, expires }) {
    /** Id of the account: a UUID, the same for as long as the account exists. */
    this.account = account;
    /** Whether the account is a service account, that of a program. */
    this.service = service;
    /**
     * The account's address when the token was issued; undefined for a service account. It is for display; store `account` to
     * record an owner.
     */
    this.email = email;
    /** What the token is restricted to, sorted names of permissions; undefined if it is not. Such a token has no roles. */
    this.scope = scope === undefined ? undefined : Object.freeze([...scope]);
    /**
     * Role names. If `live` is true, the account's own current role alone; else the own role when the token was issued,
     * followed by the roles it inherits from, nearest first. Empty if there is a scope, and for an exchanged token.
     */
    this.roles = Object.freeze([...roles]);
    /**
     * The names of all permissions of the account, sorted: the current ones if `live` is true, else those when the token
     * was issued. Of a token for a declared audience those with its prefix. If `permissionsOmitted` is true, those of the
     * required ones that svc-users has just confirmed.
     */
    this.permissions = Object.isFrozen(permissions) ? permissions : Object.freeze([...permissions].sort());
    /** Whether the list did not fit into the token and the change feed does not tell it. Never true if `live` is. */
    this.permissionsOmitted = permissionsOmitted;
    /** Whether the change feed is up to date, so that `permissions` and `roles` are the current ones. */
    this.live = live;
    /**
     * The account that acts for this one by the token, such as an administrator who impersonates it; undefined if the
     * account acts by itself. Write it into the log beside `account`.
     */
    this.actor = shownActor(actor);
    /** Id of this token, a UUID. */
    this.tokenId = tokenId;
    /** Id of the session that the token belongs to, a UUID; undefined for a token without a session. */
    this.session = session;
    this.issuedAt = issuedAt;
    this.expires = expires;
    Object.freeze(this);
  }

  /** Whether the account is known to have a permission. @param {string} permission */
  can(permission) {
    return this.permissions.includes(permission);
  }
}

/** @param {Actor | undefined} actor @returns {Actor | undefined} */
function shownActor(actor) {
  return actor && Object.freeze({ account: actor.account, impersonator: actor.impersonator, prior: shownActor(actor.prior) });
}
