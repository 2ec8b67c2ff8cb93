// The example against a running svc-users: scripts/test-clients.sh says which.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { audience, issuer, login, startService } from '../../tests/clients/service.mjs';
import { ordersServer } from './server.mjs';
import { Refusal, verifier } from './verify.mjs';

/** Starts the example and resolves to what asks it, by raw headers, and what ends it. */
async function start(options, permission) {
  const server = ordersServer(options, permission);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const ask = (...authorization) =>
    new Promise((resolve, reject) => {
      const headers = authorization.flatMap((value) => ['Authorization', value]);
      send({ port, host: '127.0.0.1', path: '/orders', agent: false, headers: ['Host', `127.0.0.1:${port}`, ...headers] }, (response) => {
        response.resume();
        response.on('end', () => resolve([response.statusCode, response.headers['www-authenticate']]));
      })
        .on('error', reject)
        .end();
    });
  return { ask, stop: () => new Promise((resolve) => server.close(resolve)) };
}

describe('the Node example', { timeout: 1_200_000 }, () => {
  let service, token;
  const stops = [];
  const example = async (change = {}, permission) => {
    const started = await start({ jwks: `${service.origin}/.well-known/jwks.json`, issuer, audience, ...change }, permission);
    stops.push(started.stop);
    return started.ask;
  };
  before(async () => {
    service = await startService();
    token = await login(service.origin);
  });
  after(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await service?.stop();
  });

  const INVALID = 'Bearer error="invalid_token"';
  const part = (index, change) => (t) => {
    const parts = t.split('.');
    parts[index] = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(parts[index], 'base64url')), ...change })).toString('base64url');
    return parts.join('.');
  };

  test('lets in who has the permission', async () => {
    assert.deepEqual(await (await example({}, 'accounts:read'))(`Bearer ${token}`), [200, undefined]);
    assert.deepEqual(await (await example({}, 'accounts:read'))(`bearer ${token}`), [200, undefined]);
  });

  test('refuses who has not', async () => {
    assert.deepEqual(await (await example())(`Bearer ${token}`), [403, 'Bearer error="insufficient_scope", scope="orders:read"']);
  });

  test('refuses what is no token of ours', async () => {
    const ask = await example({}, 'accounts:read');
    assert.deepEqual(await ask(), [401, 'Bearer']);
    for (const authorization of [
      'Bearer junk', `Bearer ${part(1, { permissions: ['accounts:read'], sub: 'x' })(token)}`, `Bearer ${part(0, { alg: 'none' })(token)}`,
      `Bearer ${part(0, { alg: 'HS256' })(token)}`, `Bearer ${part(0, { typ: 'at+jwt' })(token)}`, `Bearer ${part(0, { kid: 'other' })(token)}`,
      `Bearer ${token.slice(0, -8)}`, `Basic ${token}`, `Bearer ${'x'.repeat(9000)}`,
    ]) {
      assert.deepEqual(await ask(authorization), [401, INVALID], authorization.slice(0, 40));
    }
    assert.deepEqual(await ask(`Bearer ${token}`, `Bearer ${token}`), [401, INVALID], 'two headers');
  });

  test('refuses tokens of another issuer or for another audience', async () => {
    assert.deepEqual(await (await example({ issuer: 'https://other.test' }, 'accounts:read'))(`Bearer ${token}`), [401, INVALID]);
    assert.deepEqual(await (await example({ audience: 'https://other.test' }, 'accounts:read'))(`Bearer ${token}`), [401, INVALID]);
  });

  test('refuses everybody while it has no keys', async () => {
    for (const jwks of ['http://127.0.0.1:1/keys', `${service.origin}/api/v1/health`]) {
      assert.deepEqual(await (await example({ jwks }, 'accounts:read'))(`Bearer ${token}`), [503, undefined], jwks);
    }
  });
});

describe('the verifier', { timeout: 1_200_000 }, () => {
  let vectors, issuerServer, published, asked;
  before(async () => {
    vectors = JSON.parse(await readFile(new URL('../../authn/testdata/vectors.json', import.meta.url)));
    issuerServer = createServer((request, response) => {
      asked++;
      response.end(JSON.stringify({ keys: published }));
    });
    await new Promise((resolve) => issuerServer.listen(0, '127.0.0.1', resolve));
  });
  after(() => issuerServer.close());

  /** Verifies a token at the time of the vectors; resolves to 200 or to the status of the refusal. */
  const make = () => {
    const verify = verifier({
      jwks: `http://127.0.0.1:${issuerServer.address().port}/`, issuer: vectors.issuer, audience: vectors.audience, now: () => vectors.now * 1000,
    });
    return (token) =>
      verify({ rawHeaders: ['Authorization', ''], headers: { authorization: `Bearer ${token}` } }).then(
        () => 200,
        (error) => (error instanceof Refusal ? error.status : error),
      );
  };

  test('says of every vector of authn what the service says', async () => {
    [published, asked] = [vectors.jwks.keys, 0];
    const status = make();
    const counts = { 200: 0, 401: 0 };
    for (const { name, token = '', base64, good } of vectors.tokens) {
      const sent = base64 ? Buffer.from(base64, 'base64').toString('latin1') : token;
      const got = await status(sent);
      if (sent !== sent.replace(/^ +/, '')) continue; // a space after the scheme is none of the token's
      assert.equal(got, good ? 200 : 401, name);
      counts[got]++;
    }
    assert.ok(counts[200] >= 12 && counts[401] >= 300, JSON.stringify(counts));
    assert.equal(asked, 1, 'made-up keys cause no requests');
  });

  test('takes a token of a new key once the cool-down is over', async (t) => {
    [published, asked] = [vectors.jwks.keys.filter((key) => key.kid === vectors.jwks.keys[0].kid), 0];
    const tokenOf = (kid) =>
      vectors.tokens.find(({ token, good }) => good && JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid === kid).token;
    const [first, second] = vectors.jwks.keys.slice(0, 2).map(({ kid }) => tokenOf(kid));
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const status = make();
    assert.equal(await status(first), 200);
    published = vectors.jwks.keys;
    assert.equal(await status(second), 401);
    t.mock.timers.tick(10_001);
    assert.equal(await status(second), 200);
    assert.equal(asked, 2);
  });
});
