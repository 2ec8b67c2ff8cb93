// Issuers, feeds and tokens for the tests, which tell of changes as svc-users does, and wrongly where a test wants it to.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal, Verifier } from '../src/index.js';

export const issuer = 'https://id.example.com';
export const audience = 'https://api.example.com';
export const ada = '0199e7a0-0000-7000-8000-0000000000a1';
export const bob = '0199e7a0-0000-7000-8000-0000000000b1';
export const manager = '0199e7a0-0000-7000-8000-00000000c001';
export const user = '0199e7a0-0000-7000-8000-00000000c002';

/** A wait only ends what hangs: it is far longer than anything takes that works, on however busy a machine. */
export const PATIENCE = 600_000;

/** A key with its id; kind is rsa or ec. */
export function newKey(kid, kind = 'ec', bits = 2048) {
  const options = kind === 'rsa' ? { modulusLength: bits } : { namedCurve: 'P-256' };
  const { privateKey, publicKey } = generateKeyPairSync(kind, options);
  const alg = kind === 'rsa' ? 'RS256' : 'ES256';
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg } };
}

export const ours = newKey('key-1');
export const theirs = newKey('key-1');

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A compact JWS. */
export function sign(key, typ, payload, header = {}) {
  const signed = `${encode({ alg: key.alg, typ, kid: key.kid, ...header })}.${encode(payload)}`;
  const signature = signBytes('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const seconds = () => Math.floor(Date.now() / 1000);

/** A token of an account, good but for the changes; undefined removes a claim. */
export function tokenOf(account, changes = {}, key = ours) {
  const now = seconds();
  return sign(key, 'JWT', {
    iss: issuer, aud: audience, sub: account, jti: '0199e7a0-0000-7000-8000-000000000002', iat: now, nbf: now, exp: now + 3600,
    ver: 1, email: 'ada@example.com', roles: ['Manager', 'User'], permissions: ['orders:read', 'orders:write'], ...changes,
  });
}

/** An exchanged token of a person with the role Manager. */
export function exchangedOf(account, changes = {}) {
  const now = seconds();
  return sign(ours, 'at+jwt', {
    iss: issuer, aud: audience, sub: account, client_id: account, jti: '0199e7a0-0000-7000-8000-000000000002', iat: now, nbf: now, exp: now + 600,
    ver: 1, email: 'ada@example.com', role_id: manager, roles: [], permissions: ['orders:read', 'orders:write'], exchanged: true, ...changes,
  });
}

/** Starts a server that ends with the test; answer may be replaced. Counts the requests. */
export async function serve(t, answer) {
  const server = createServer((request, response) => {
    served.asked++;
    served.requests.push(request);
    served.answer(request, response);
  });
  const served = { answer, asked: 0, requests: [], url: '' };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  served.url = `http://127.0.0.1:${server.address().port}/`;
  served.close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  t.after(served.close);
  return served;
}

export const json = (value, status = 200, headers = {}) => (request, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
};

export const status = (code) => (request, response) => response.writeHead(code).end();

export const keysAnswer = (...keys) => json({ keys: keys.map((key) => key.jwk) });

export const silent = { debug() {}, info() {}, warn() {} };

/** A verifier that trusts an issuer with our key, unless options say otherwise. */
export async function newVerifier(t, options = {}) {
  const jwks = options.jwks ?? (await serve(t, keysAnswer(ours))).url;
  return new Verifier({ issuer, audience, logger: silent, ...options, jwks });
}

/** 200, or the status of the refusal. */
export const statusOf = (verifier, token) =>
  verifier.verify(token).then(
    () => 200,
    (error) => (assert.ok(error instanceof Refusal, String(error)), error.status),
  );

/** What a token permits now, or the status of its refusal. */
export const can = (verifier, token) =>
  verifier.verify(token).then(
    ({ roles, permissions }) => `${roles}:${permissions}`,
    (error) => String(error.status),
  );

/** Waits for something that must come true. */
export async function eventually(what, is) {
  for (const until = Date.now() + PATIENCE; !(await is()); await sleep(10)) assert.ok(Date.now() < until, `never: ${what}`);
}

export const becomes = (why, verifier, token, want) =>
  eventually(`${why}: ${want}`, async () => (await can(verifier, token)) === want);

/** An id made of a name. */
export function permissionId(name) {
  const sum = createHash('sha256').update(name).digest('hex');
  return `0199e7a0-${sum.slice(0, 4)}-7000-8000-${sum.slice(4, 16)}`;
}

export const permissionOf = (name) => ({ id: permissionId(name), name });
export const roleOf = (id, name, ...permissions) => [
  ...permissions.map(permissionOf),
  { id, name, parent: null, all: false, continued: false, permissions: permissions.map(permissionId) },
];
export const accountOf = (id, ver, role) => ({ id, ver, role });
export const endedOf = (sid, until = seconds() + 3600) => ({ sid, until });

const kindOf = (one) => ('permissions' in one ? 'roles' : 'ver' in one ? 'accounts' : 'until' in one ? 'sessions' : 'permissions');

/** A change feed. tell adds to what has changed; edit changes each payload; instead answers in its place. */
export class TestFeed {
  changed = [...roleOf(manager, 'Manager', 'orders:write', 'orders:read'), ...roleOf(user, 'User', 'orders:read')];
  epoch = 0;
  piece = 1000;
  key = ours;
  typ = 'changes+jwt';
  token = '';
  asked = [];
  #wake = () => {};
  #woken = new Promise((resolve) => (this.#wake = resolve));

  static async start(t) {
    const feed = new TestFeed();
    feed.server = await serve(t, (request, response) => feed.#answer(request, response));
    feed.url = feed.server.url;
    return feed;
  }

  /** Changes the feed, which tells of it at once. */
  set(change) {
    Object.assign(this, change);
    this.#wake();
    this.#woken = new Promise((resolve) => (this.#wake = resolve));
  }

  tell(...changed) {
    this.set({ changed: [...this.changed, ...changed] });
  }

  async #answer(request, response) {
    const { searchParams } = new URL(request.url, 'http://feed');
    const after = searchParams.get('after') ?? '';
    this.asked.push({ after, wait: searchParams.get('wait_ms'), token: request.headers.authorization });
    if (this.instead) return this.instead(request, response);
    if (this.token && request.headers.authorization !== `Bearer ${this.token}`) return status(401)(request, response);
    for (const until = Date.now() + Number(searchParams.get('wait_ms')); ; ) {
      const woken = this.#woken;
      const body = this.statement(after);
      if (body) return json(body)(request, response);
      if (Date.now() >= until || request.destroyed) return status(304)(request, response);
      await Promise.race([woken, sleep(until - Date.now(), undefined, { ref: false })]);
    }
  }

  /** The answer to a request after a cursor, undefined if nothing is newer. */
  statement(after) {
    const cursor = (at) => `${this.epoch}.${at}`;
    const known = Array.from({ length: this.changed.length + 1 }, (_, at) => cursor(at)).indexOf(after);
    const from = Math.max(known, 0);
    const to = Math.min(from + this.piece, this.changed.length);
    if (known >= 0 && from === to) return undefined;
    const payload = { iss: issuer, aud: audience, iat: seconds(), after, reset: known < 0, cursor: cursor(to), more: to < this.changed.length };
    for (const kind of ['permissions', 'roles', 'accounts', 'sessions']) {
      const told = this.changed.slice(from, to).filter((one) => kindOf(one) === kind);
      payload[kind] = [...new Map(told.map((one) => [one.id ?? one.sid, one])).values()]; // each is there once, as it is now
    }
    if (this.keys) payload.keys = this.keys;
    this.edit?.(payload);
    return { status: 'success', data: { statement: sign(this.key, this.typ, payload), cursor: payload.cursor } };
  }
}

/**
 * A verifier that follows the feed until the test ends. Unless the test is about losing the feed, staleness is long: a busy
 * machine may keep this process from running for a second.
 */
export async function follow(t, feed, { changes, ...options } = {}) {
  const verifier = await newVerifier(t, { ...options, changes: { url: feed.url, token: () => 'the-followers', staleness: 60_000, ...changes } });
  verifier.start();
  t.after(() => verifier.stop());
  return verifier;
}

export const upToDate = (verifier) => eventually('the change feed is up to date', () => !verifier.lost);
