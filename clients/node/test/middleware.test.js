// Express, Fastify and node:http: what a client sees.

import assert from 'node:assert/strict';
import { createServer, request as send } from 'node:http';
import { describe, test } from 'node:test';

import express from 'express';
import fastify from 'fastify';

import * as forExpress from '../src/express.js';
import * as forFastify from '../src/fastify.js';
import { Verifier, principalOf } from '../src/index.js';
import { TestFeed, ada, follow, newVerifier, ours, silent, tokenOf } from './help.js';

const NO_TOKEN = [401, 'Bearer', '{"error":"token_required","error_description":"A bearer token is required."}'];
const INVALID = [401, 'Bearer error="invalid_token"', '{"error":"invalid_token","error_description":"The access token is not valid."}'];
const LACKING = [403, 'Bearer error="insufficient_scope", scope="orders:read orders:pay"', '{"error":"insufficient_scope","error_description":"Missing required permission: orders:pay"}'];

/** Each starts a service with GET /orders, GET /me (any token) and GET /pay, and resolves to its port. */
const services = {
  async Express(t, verifier, options) {
    const app = express();
    const { requires } = forExpress;
    app.use((request, response, next) => (principalOf(request) === undefined ? next() : next(new Error('admitted before it was verified'))));
    app.get('/orders', requires(verifier, ['orders:read'], options), (request, response) => void response.json(principalOf(request).account));
    app.get('/pay', requires(verifier), requires(verifier, ['orders:read', 'orders:pay'], options), (request, response) => void response.json(1));
    app.get('/me', requires(verifier), requires(verifier, ['orders:read']), (request, response) => void response.json(principalOf(request).account));
    const server = createServer(app);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    return server.address().port;
  },
  async Fastify(t, verifier, options) {
    const app = fastify();
    const { requires } = forFastify;
    const body = options?.onRefusal && (({ code }) => ({ mine: code }));
    app.get('/orders', { onRequest: requires(verifier, ['orders:read'], { body }) }, async (request) => JSON.stringify(principalOf(request).account));
    app.get('/pay', { onRequest: [requires(verifier), requires(verifier, ['orders:read', 'orders:pay'], { body })] }, async () => '1');
    app.get('/me', { onRequest: [requires(verifier), requires(verifier, ['orders:read'])] }, async (request) => JSON.stringify(principalOf(request).account));
    await app.listen({ port: 0, host: '127.0.0.1' });
    t.after(() => app.close());
    return app.server.address().port;
  },
};

/** Sends a request with these raw Authorization headers. */
const ask = (port, path, ...authorization) =>
  new Promise((resolve, reject) => {
    const headers = authorization.flatMap((value) => ['Authorization', value]);
    send({ port, host: '127.0.0.1', path, agent: false, headers: ['Host', `127.0.0.1:${port}`, ...headers] }, async (response) => {
      let body = '';
      for await (const part of response) body += part;
      resolve(Object.assign([response.statusCode, response.headers['www-authenticate'], body], { headers: response.headers }));
    }).on('error', reject).end();
  });

const plain = (answer) => [...answer];

for (const [name, start] of Object.entries(services)) {
  describe(name, { timeout: 1_200_000 }, () => {
    test('admits a valid token and refuses everything else', async (t) => {
      const port = await start(t, await newVerifier(t));
      const token = tokenOf(ada);
      assert.deepEqual(plain(await ask(port, '/orders', `Bearer ${token}`)), [200, undefined, JSON.stringify(ada)]);
      assert.deepEqual(plain(await ask(port, '/orders', `bearer   ${token}`)), [200, undefined, JSON.stringify(ada)]);
      assert.deepEqual(plain(await ask(port, '/me', `Bearer ${token}`)), [200, undefined, JSON.stringify(ada)]);
      for (const headers of [[], ['Basic YTpi'], ['Bearer'], [token], ['Basic YTpi', 'Digest x']]) assert.deepEqual(plain(await ask(port, '/orders', ...headers)), NO_TOKEN, headers.join());
      for (const headers of [
        ['Bearer junk'], [`Bearer ${token}x`], [`Bearer ${token} x`], [`Bearer ${token},Bearer ${token}`], [`Bearer ${token}`, `Bearer ${token}`], [`Bearer ${token}`, 'Basic YTpi'],
        ['Basic YTpi', `Bearer ${token}`], [`Bearer ${'x'.repeat(9000)}`], [`Bearer ${tokenOf(ada, { aud: 'https://other.test' })}`], [`Bearer ${tokenOf(ada, { iss: 'https://other.test' })}`],
        [`Bearer ${tokenOf(ada, { exp: 1 })}`],
      ]) {
        const answer = await ask(port, '/orders', ...headers);
        assert.deepEqual(plain(answer), INVALID, headers.join().slice(0, 60));
        assert.equal(answer.headers['cache-control'], 'no-store');
        assert.match(answer.headers['content-type'], /^application\/json/);
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      }
      assert.deepEqual(plain(await ask(port, '/pay', `Bearer ${token}`)), LACKING);
    });

    test('answers 503 while it cannot know, without saying why', async (t) => {
      const down = await start(t, await newVerifier(t, { jwks: 'http://127.0.0.1:1/secret-path' }));
      const unsure = await start(t, await newVerifier(t));
      const omitted = tokenOf(ada, { permissions: [], permissions_omitted: true });
      for (const [port, token, description] of [
        [down, tokenOf(ada), 'The access token cannot be verified at the moment.'], [unsure, omitted, 'The permissions of the account cannot be determined at the moment.'],
      ]) {
        const answer = await ask(port, '/orders', `Bearer ${token}`);
        assert.deepEqual(plain(answer), [503, undefined, JSON.stringify({ error: 'temporarily_unavailable', error_description: description })]);
        assert.equal(answer.headers['retry-after'], '1');
      }
    });

    test('refuses while the change feed is not read', async (t) => {
      const verifier = await newVerifier(t, { changes: { url: 'http://127.0.0.1:1/', token: () => 'x' } });
      assert.equal((await ask(await start(t, verifier), '/orders', `Bearer ${tokenOf(ada)}`))[0], 503);
      const following = await follow(t, await TestFeed.start(t));
      const port = await start(t, following);
      while (following.lost) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal((await ask(port, '/orders', `Bearer ${tokenOf(ada)}`))[0], 200);
    });

    test('fails closed on a defect, and hides it', async (t) => {
      const broken = new Verifier({ jwks: 'https://users.example/', issuer: 'x', audience: 'x', logger: silent });
      broken.authenticate = async () => {
        throw new Error('a secret of the program');
      };
      const answer = await ask(await start(t, broken), '/orders', `Bearer ${tokenOf(ada)}`);
      assert.equal(answer[0], 503);
      assert.doesNotMatch(answer[2], /secret/);
    });

    test('lets the program write the body of a refusal', async (t) => {
      const onRefusal = ({ code }, request, response) => response.end(JSON.stringify({ mine: code }));
      const port = await start(t, await newVerifier(t), { onRefusal });
      assert.deepEqual(plain(await ask(port, '/orders', 'Bearer x')), [401, 'Bearer error="invalid_token"', '{"mine":"invalid_token"}']);
    });
  });
}

test('a request that one verifier admitted is not admitted by another', async (t) => {
  const [first, second] = [await newVerifier(t), await newVerifier(t, { audience: 'https://other.test' })];
  const message = { rawHeaders: ['Authorization', `Bearer ${tokenOf(ada)}`] };
  const reply = () => ({ code(value) { this.status = value; }, headers() {}, send() {} });
  assert.equal(await forFastify.requires(first)({ raw: message }, reply()), undefined);
  assert.equal((await forFastify.requires(second)({ raw: message }, reply())).status, 401);
});

test('a name that is no permission is an error of the program', async (t) => {
  const verifier = await newVerifier(t);
  for (const names of [['a b'], [''], ['a"b'], ['a\\b'], ['ä'], [7], 'orders:read', ['a\n']]) {
    for (const { requires } of [forExpress, forFastify]) assert.throws(() => requires(verifier, names), TypeError);
    await assert.rejects(verifier.authorize(tokenOf(ada), names), TypeError);
  }
});

test('options are checked, and a misspelt one is named', () => {
  const good = { jwks: 'https://users.example/.well-known/jwks.json', issuer: 'i', audience: 'a' };
  const changes = { url: 'https://users.example/api/v1/auth/changes', token: () => 'x' };
  new Verifier({ ...good, changes });
  for (const [options, name] of [
    [undefined, 'jwks'], [{}, 'jwks'], [{ ...good, jwks: 'users.example' }, 'jwks'], [{ ...good, jwks: 'https://a:b@users.example/' }, 'jwks'], [{ ...good, jwks: 'file:///x' }, 'jwks'], [{ ...good, jwks: 'https://a.example/#x' }, 'jwks'],
    [{ ...good, issuer: '' }, 'issuer'], [{ ...good, audience: ['a'] }, 'audience'], [{ ...good, check: 'x' }, 'check'], [{ ...good, check: true }, 'check'], [{ ...good, fetch: 1 }, 'fetch'], [{ ...good, now: 1 }, 'now'],
    [{ ...good, logger: {} }, 'logger'], [{ ...good, algorithms: ['none'] }, 'algorithms'], [{ ...good, changes: null }, 'changes'], [{ ...good, changes: {} }, 'changes.url'],
    [{ ...good, changes: { url: changes.url } }, 'changes.token'], [{ ...good, changes: { ...changes, staleness: 199 } }, 'changes.staleness'], [{ ...good, changes: { ...changes, staleness: NaN } }, 'changes.staleness'],
    [{ ...good, changes: { ...changes, whenLost: 'allow' } }, 'changes.whenLost'], [{ ...good, changes: { ...changes, whenlost: 'refuse' } }, 'whenlost'], [{ ...good, changes: { ...changes, maxRoles: -1 } }, 'changes.maxRoles'],
    [{ ...good, changes: { ...changes, onLost: 1 } }, 'changes.onLost'],
  ]) {
    assert.throws(() => new Verifier(options), (error) => error instanceof TypeError && error.message.includes(name), name);
  }
  assert.equal(ours.kid, 'key-1');
});
