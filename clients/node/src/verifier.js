// Verifies tokens and determines the rights of their bearers.

import { readTokens, scopeTokens } from './bearer.js';
import { AccessCheck } from './check.js';
import { checkTimes, limit, readClaims } from './claims.js';
import { accepts } from './facts.js';
import { Follower } from './follower.js';
import { Malformed } from './json.js';
import { MAX_TOKEN, SERVICE_TYPE, TOKEN_TYPE, openJWS } from './jws.js';
import { KeySource, reasonOf } from './keys.js';
import { completeOptions } from './options.js';
import { Principal } from './principal.js';
import { InvalidToken, KeysUnavailable, Refusal, insufficientScope, invalidToken, tokenRequired, unavailable } from './refusal.js';

/**
 * Verifies tokens and determines the rights of their bearers, by the keys of one issuer and, once started, by its change
 * feed.
 *
 *     const verifier = new Verifier({
 *       jwks: 'https://users.example/.well-known/jwks.json',
 *       issuer: 'https://users.example',
 *       audience: 'https://api.example',
 *     });
 *     const principal = await verifier.authorize(token, ['orders:read']);
 */
export class Verifier {
  #options;
  #keys;
  #check;
  #follower;

  /**
   * Sends no request: keys are fetched with the first token, and the change feed is followed by start. Throws a TypeError
   * that names the wrong option.
   *
   * @param {import('./options.js').Options} options
   */
  constructor(options) {
    this.#options = completeOptions(options);
    const { jwks: url, fetch, logger, changes } = this.#options;
    this.#keys = new KeySource({ url, fetch, logger });
    this.#check = new AccessCheck(this.#options);
    /** @param {string} token */
    const verifyToken = async (token) => (await this.#verifyToken(token)).claims;
    this.#follower = changes && new Follower({ options: this.#options, changes, keys: this.#keys, verifyToken });
  }

  /**
   * Follows the change feed until stop is called. Any failure is retried. Without it the feed counts as lost. Throws
   * without options.changes, and while it is followed already.
   */
  start() {
    if (this.#follower === undefined) throw new Error('svc-users-authn: start needs options.changes');
    this.#follower.start();
  }

  /** Ends following; after staleness the feed is lost. Call it after the last request: open requests end the process late. */
  async stop() {
    await this.#follower?.stop();
  }

  /** Whether the options have a change feed and it is lost now. It is, until the first snapshot has been read whole. */
  get lost() {
    return this.#follower?.lost ?? false;
  }

  /**
   * Verifies a token, a compact JWS without the scheme Bearer, and resolves to its account and rights. Rejects with a
   * Refusal: 401 if the token is not valid, 503 if it cannot be verified now.
   *
   * @param {string} token
   * @returns {Promise<Principal>}
   */
  async verify(token) {
    try {
      const { claims, kid } = await this.#verifyToken(token);
      return this.#principal(claims, kid);
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /**
   * The same, and the account has all of these permissions: else it rejects with a Refusal of 403. If the token had no
   * room for its permissions and the change feed does not tell them, svc-users is asked.
   *
   * @param {string} token
   * @param {readonly string[]} [permissions]
   * @returns {Promise<Principal>}
   */
  async authorize(token, permissions = []) {
    const names = [...new Set(scopeTokens(permissions))];
    const principal = await this.verify(token);
    /** @param {Principal} one */
    const lacking = (one) => names.filter((name) => !one.can(name));
    if (lacking(principal).length === 0) return principal;
    const known = principal.permissionsOmitted ? await this.#ask(token, principal, names) : principal;
    const missing = lacking(known);
    if (missing.length > 0) throw this.#refusal(insufficientScope(missing));
    return known;
  }

  /**
   * The same for a request with these Authorization headers, such as `['Bearer eyJ…']`. Two of them are refused, since a
   * proxy may have checked the other one.
   *
   * @param {readonly string[]} authorization
   * @param {readonly string[]} [permissions]
   * @returns {Promise<Principal>}
   */
  async authenticate(authorization, permissions = []) {
    const tokens = readTokens(authorization);
    const [token] = tokens;
    if (token === undefined) throw this.#refusal(tokenRequired());
    if (authorization.length !== 1) throw this.#refusal(new InvalidToken('two Authorization headers'));
    return this.authorize(token, permissions);
  }

  /** @param {string} token @param {Principal} principal @param {readonly string[]} names */
  async #ask(token, principal, names) {
    try {
      return new Principal({ ...principal, permissions: await this.#check.allowed(token, principal.account, names) });
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** Verifies a token without the change feed's accounts, sessions and rights. @param {string} token */
  async #verifyToken(token) {
    if (typeof token !== 'string') throw new InvalidToken('not a text');
    if (token.length > MAX_TOKEN) throw new InvalidToken('too long');
    const { kid, typ, payload } = await openJWS(token, [TOKEN_TYPE, SERVICE_TYPE], (kid) => {
      this.#mustBeListed(kid);
      return this.#keys.get(kid);
    });
    const claims = readClaims(payload, typ, this.#options);
    checkTimes(claims, this.#options.now() / 1000);
    return { claims, kid };
  }

  /** Refuses a key that is not in the last list of the change feed, also while the feed is lost. @param {string} kid */
  #mustBeListed(kid) {
    if (!accepts(this.#follower?.lease?.facts.keys, kid)) throw new InvalidToken('kid is not in the last list of keys');
  }

  /** Checks claims against the change feed and returns the rights. @param {import('./claims.js').Claims} claims @param {string} kid */
  #principal(claims, kid) {
    const { account, service, email, tokenId, session, scope, exchanged, act: actor } = claims;
    const values = { account, service, email, scope, actor, tokenId, session, issuedAt: new Date(claims.issuedAt * 1000), expires: new Date(claims.expires * 1000) };
    const { changes } = this.#options;
    const facts = this.#follower?.lease?.facts;
    const lost = this.lost;
    if (changes !== undefined) {
      this.#mustBeListed(kid); // again: the list may have changed while the signature was verified
      if (lost && changes.whenLost === 'refuse') throw unavailable(new Error('the change feed is lost'));
      if (lost && facts?.deadForGood(claims)) throw new InvalidToken(DEAD);
      if (!lost && facts !== undefined) {
        const role = facts.roleOf(claims);
        if (role === undefined) throw new InvalidToken(DEAD);
        const rights = facts.rights.of(role);
        const [roles, permissions] = rights === undefined ? [[], []] : [scope === undefined && !exchanged ? [rights.name] : [], limit(claims, rights.permissions)];
        return new Principal({ ...values, roles, permissions, live: true, permissionsOmitted: false });
      }
    }
    // Those of a scope are what the account held when the token was issued, also where the list of all was left out.
    const held = limit(claims, scope ?? claims.permissions);
    return new Principal({ ...values, roles: claims.roles, permissions: held, live: false, permissionsOmitted: scope === undefined && claims.permissionsOmitted });
  }

  /** Whatever goes wrong, the request is refused; the cause is for the log alone. @param {unknown} error */
  #refusal(error) {
    let refusal;
    if (error instanceof Refusal) refusal = error;
    else if (error instanceof InvalidToken || error instanceof Malformed) refusal = invalidToken(error);
    else {
      refusal = unavailable(error);
      if (!(error instanceof KeysUnavailable)) this.#options.logger.warn(`svc-users-authn: a token could not be verified: ${reasonOf(error)}`);
    }
    this.#options.logger.debug(`svc-users-authn: refused with ${refusal.status}: ${reasonOf(refusal)}`);
    return refusal;
  }
}

const DEAD = 'no longer valid: the account was disabled or deleted, its older tokens were invalidated, the session or the API key has ended, or an actor may no longer act';
