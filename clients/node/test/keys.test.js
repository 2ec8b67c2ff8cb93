// The keys of an issuer: when they are fetched, and which count.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { KeySource, maxAge } from '../src/keys.js';
import { InvalidToken, KeysUnavailable } from '../src/refusal.js';
import { ada, eventually, json, keysAnswer, newKey, newVerifier, ours, serve, silent, status, statusOf, theirs, tokenOf } from './help.js';

const other = newKey('key-2', 'rsa');
const COOL_DOWN = 12_500; // with what is added at random
const [MINUTE, DAY] = [60_000, 24 * 3_600_000];

/** A source of keys whose clock the test moves. */
async function newSource(t, answer) {
  const server = await serve(t, answer);
  const clock = { now: 0 };
  const source = new KeySource({ url: server.url, fetch, logger: silent, clock: () => clock.now });
  const get = (kid) => source.get(kid).then(() => 200, (error) => (error instanceof InvalidToken ? 401 : error instanceof KeysUnavailable ? 503 : error));
  return { server, clock, get, source };
}

test('many at once cause one request', async (t) => {
  const { server, get } = await newSource(t, async (request, response) => {
    await sleep(50);
    keysAnswer(ours)(request, response);
  });
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 50 }, () => get('key-1')))), new Set([200]));
  assert.equal(server.asked, 1);
});

test('what is no token causes no request', async (t) => {
  const server = await serve(t, keysAnswer(ours));
  const verifier = await newVerifier(t, { jwks: server.url });
  for (const token of ['', 'x', 'x.y.z', 'a.b.c.d', 'x'.repeat(9000), tokenOf(ada, {}, { ...ours, alg: 'HS256' }), undefined, null, 7, {}, ['x']]) {
    assert.equal(await statusOf(verifier, token), 401);
  }
  assert.equal(server.asked, 0);
});

test('keys age and are confirmed', async (t) => {
  const { server, clock, get } = await newSource(t, (request, response) => {
    const headers = { ETag: '"one"', 'Cache-Control': 'public, max-age=60' };
    if (request.headers['if-none-match'] === '"one"') return response.writeHead(304, headers).end();
    json({ keys: [ours.jwk] }, 200, headers)(request, response);
  });
  assert.equal(await get('key-1'), 200);
  clock.now += 44_000;
  assert.equal(await get('key-1'), 200);
  assert.equal(server.asked, 1, 'still fresh');
  clock.now += 2_000;
  assert.equal(await get('key-1'), 200);
  await eventually('they are renewed behind the request', () => server.asked === 2);
  await sleep(50);
  clock.now += 44_000;
  assert.equal(await get('key-1'), 200);
  assert.equal(server.asked, 2, 'confirmed');
});

test('a withdrawn key counts until the keys are renewed', async (t) => {
  for (const [after, first] of [[5 * MINUTE + 1000, 200], [10 * MINUTE + 1000, 401]]) {
    const { server, clock, get } = await newSource(t, keysAnswer(ours));
    assert.equal(await get('key-1'), 200);
    server.answer = keysAnswer(other);
    clock.now += after;
    assert.equal(await get('key-1'), first);
    await eventually('it counts no longer', async () => (await get('key-1')) === 401);
  }
});

test('unknown ids cause one request per cool-down', async (t) => {
  const { server, clock, get } = await newSource(t, keysAnswer(ours));
  assert.equal(await get('key-1'), 200);
  for (let i = 0; i < 20; i++) assert.equal(await get(`key-${i + 2}`), 401);
  assert.equal(server.asked, 2);
  server.answer = keysAnswer(ours, other);
  assert.equal(await get('key-2'), 401, 'within the cool-down');
  clock.now += COOL_DOWN;
  assert.equal(await get('key-2'), 200);
  assert.equal(server.asked, 3);
});

test('old keys outlive an issuer that is down', async (t) => {
  const { server, clock, get } = await newSource(t, keysAnswer(ours));
  assert.equal(await get('key-1'), 200);
  server.answer = status(500);
  clock.now += 5 * MINUTE + 1000;
  for (let i = 0; i < 10; i++) assert.equal(await get('key-1'), 200);
  await eventually('it is found down', async () => server.asked === 2 && (await get('key-2')) === 503);
  assert.equal(await get('key-1'), 200);
  assert.equal(server.asked, 2);
  clock.now += DAY;
  assert.equal(await get('key-1'), 503, 'down for too long');
  server.answer = keysAnswer(ours);
  assert.equal(await get('key-1'), 503, 'not again at once');
  clock.now += COOL_DOWN;
  assert.equal(await get('key-1'), 200);
});

test('an issuer that is silent holds up no request for long', async (t) => {
  for (const [after, most] of [[4 * MINUTE, 500], [5 * MINUTE + 1000, 500], [DAY - MINUTE, 3_000]]) {
    const { server, clock, get } = await newSource(t, keysAnswer(ours));
    assert.equal(await get('key-1'), 200);
    server.answer = () => {};
    clock.now += after;
    const began = performance.now();
    assert.equal(await get('key-1'), 200);
    assert.ok(performance.now() - began < most, `waited ${performance.now() - began} ms`);
    await eventually('the keys are asked for', () => server.asked === 2);
    await server.close();
  }
});

test('listed keys that are missing are fetched at once, and then less and less often', async (t) => {
  const { server, clock, get, source } = await newSource(t, keysAnswer(ours));
  const expect = async (...kids) => {
    source.expect(kids);
    await get(kids[0]); // waits for a request under way
    await sleep(20);
  };
  assert.equal(await get('key-1'), 200);
  assert.equal(await get('key-9'), 401);
  await expect('key-1');
  assert.equal(server.asked, 2);
  await expect('key-1', 'key-2');
  assert.equal(server.asked, 3, 'whatever unknown ids have caused');
  assert.equal(server.requests[2].headers['cache-control'], 'no-cache');
  const asked = [];
  for (let second = 0; second < 120; second++) {
    clock.now += 1_000;
    await expect('key-1', 'key-2');
    if (server.asked > (asked.at(-1)?.[0] ?? 3)) asked.push([server.asked, second]);
  }
  assert.ok(asked.length >= 4 && asked.length <= 8, JSON.stringify(asked));
  server.answer = keysAnswer(ours, other);
  clock.now += 5 * MINUTE * 1.25;
  await expect('key-1', 'key-2');
  await eventually('it is there', async () => (await get('key-2')) === 200);
});

test('keys since a time are fetched anew, once a second', async (t) => {
  const { server, clock, source } = await newSource(t, keysAnswer(ours));
  const since = (kid, time) => source.getSince(kid, time).then(() => 200, (error) => (error instanceof InvalidToken ? 401 : error instanceof KeysUnavailable ? 503 : error));
  assert.equal(await since('key-1', -1), 200);
  assert.equal(server.asked, 1);
  clock.now += 500;
  assert.equal(await since('key-1', 100), 401, 'so short a time after the last request');
  clock.now += 600;
  server.answer = keysAnswer(other);
  assert.equal(await since('key-1', 100), 401, 'it was withdrawn');
  assert.equal(await since('key-2', 100), 200);
  assert.equal(server.asked, 2);
  clock.now += 2_000;
  server.answer = status(500);
  assert.equal(await since('key-2', 2_000), 503);
});

test('keys that are none of ours', async (t) => {
  const rsa = newKey('key-1', 'rsa');
  const weak = newKey('key-1', 'rsa', 1024);
  const padded = Buffer.concat([Buffer.of(0), Buffer.from(rsa.jwk.n, 'base64url')]).toString('base64url');
  const cases = [
    ['good', [rsa.jwk], 200],
    ['of a curve', [ours.jwk], 200, ours],
    ['without use and alg', [{ ...rsa.jwk, use: undefined, alg: undefined }], 200],
    ['beside one of a curve', [{ kty: 'EC', kid: 'key-1', crv: 'P-256', x: 'AA', y: 'AA' }, rsa.jwk], 200],
    ['key_ops verify', [{ ...rsa.jwk, key_ops: ['verify'] }], 200],
    ['key_ops encrypt', [{ ...rsa.jwk, key_ops: ['encrypt'] }], 503],
    ['key_ops a text', [{ ...rsa.jwk, key_ops: 'verify' }], 503],
    ['for encryption', [{ ...rsa.jwk, use: 'enc' }], 503],
    ['use null', [{ ...rsa.jwk, use: null }], 503],
    ['for RS512', [{ ...rsa.jwk, alg: 'RS512' }], 503],
    ['symmetric', [{ ...rsa.jwk, kty: 'oct' }], 503],
    ['of 1024 bits', [weak.jwk], 503],
    ['exponent 3', [{ ...rsa.jwk, e: 'Aw' }], 503],
    ['exponent even', [{ ...rsa.jwk, e: 'AQAC' }], 503],
    ['exponent of 5 bytes', [{ ...rsa.jwk, e: 'AQAAAAE' }], 503],
    ['modulus padded', [{ ...rsa.jwk, n: padded }], 503],
    ['modulus a number', [{ ...rsa.jwk, n: 5 }], 503],
    ['a point not on the curve', [{ ...ours.jwk, y: ours.jwk.x }], 503],
    ['a coordinate too short', [{ ...ours.jwk, y: 'AA' }], 503],
    ['another curve', [{ ...ours.jwk, crv: 'P-384' }], 503],
    ['no kid', [{ ...rsa.jwk, kid: undefined }], 503],
    ['another kid', [{ ...rsa.jwk, kid: 'key-9' }], 401],
    ['one kid twice', [rsa.jwk, newKey('key-1', 'rsa').jwk], 503],
    ['none', [], 503],
    ['no array', rsa.jwk, 503],
    ['another key, ours by name', [theirs.jwk], 401, ours],
    ['of another algorithm, ours by name', [ours.jwk], 401],
  ];
  for (const [name, keys, want, signer = rsa] of cases) {
    const server = await serve(t, json({ keys }));
    assert.equal(await statusOf(await newVerifier(t, { jwks: server.url }), tokenOf(ada, {}, signer)), want, name);
  }
  for (const [name, document] of Object.entries({
    'in capitals': { Keys: [rsa.jwk] }, 'no object': [rsa.jwk], 'too long': { keys: [rsa.jwk], x: 'x'.repeat(1 << 20) },
  })) {
    const server = await serve(t, json(document));
    assert.equal(await statusOf(await newVerifier(t, { jwks: server.url }), tokenOf(ada, {}, rsa)), 503, name);
  }
  const envelope = await serve(t, json({ status: 'success', data: { keys: [rsa.jwk] }, keys: [{ ...rsa.jwk, publicKey: 'x' }] }));
  assert.equal(await statusOf(await newVerifier(t, { jwks: envelope.url }), tokenOf(ada, {}, rsa)), 200);
});

test('redirects stay at their origin', async (t) => {
  const evil = await serve(t, keysAnswer(ours));
  const to = (place) => (request, response) => response.writeHead(302, { Location: place }).end();
  const away = await serve(t, to(evil.url));
  assert.equal(await statusOf(await newVerifier(t, { jwks: away.url }), tokenOf(ada)), 503);
  assert.equal(evil.asked, 0);
  const home = await serve(t, (request, response) => (request.url === '/old' ? to('/new') : request.url === '/new' ? keysAnswer(ours) : to('/round'))(request, response));
  assert.equal(await statusOf(await newVerifier(t, { jwks: `${home.url}old` }), tokenOf(ada)), 200);
  assert.equal(await statusOf(await newVerifier(t, { jwks: `${home.url}round` }), tokenOf(ada)), 503);
});

test('maxAge', () => {
  for (const [header, want] of [
    ['', 300], ['public', 300], ['max-age=60', 60], ['public, MAX-AGE=60', 60], ['max-age="60"', 60], ['max-age=0', 10], ['max-age=-1', 300], ['max-age=x', 300],
    ['no-store', 10], ['max-age=60, no-cache', 10], ['max-age=2000000000', 86400], ['max-age=99999999999999999999', 300],
  ]) {
    assert.equal(maxAge(header), want * 1000, header);
  }
});
