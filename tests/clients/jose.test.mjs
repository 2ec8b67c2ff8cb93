// Our tokens and key documents as the library `jose` sees them, which shares no code with us.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { calculateJwkThumbprint, createRemoteJWKSet, errors, importSPKI, jwtVerify } from 'jose';

import { admin, audience, issuer, login, startService } from './service.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const WEEK = 7 * 24 * 60 * 60;

// The members of a JWK, by the algorithm of the key.
const MEMBERS = { RS256: ['alg', 'e', 'kid', 'kty', 'n', 'use'], ES256: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'] };

/** The token with one part replaced by what edit makes of it. */
function tampered(token, part, edit) {
  const parts = token.split('.');
  parts[part] = edit(Buffer.from(parts[part], 'base64url')).toString('base64url');
  return parts.join('.');
}

const json = (change) => (bytes) => Buffer.from(JSON.stringify({ ...JSON.parse(bytes), ...change }));
const flipBit = (bytes) => Buffer.from(bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)));

for (const algorithm of Object.keys(MEMBERS)) {
  describe(`tokens of ${algorithm}, verified by jose`, { timeout: 1_200_000 }, () => {
    const expected = { issuer, audience, algorithms: [algorithm], typ: 'JWT' };
    let service;
    let token;
    before(async () => {
      service = await startService({ JWT_ALGORITHM: algorithm });
      token = await login(service.origin);
    });
    after(() => service?.stop());

    for (const path of ['/.well-known/jwks.json', '/api/v1/auth/jwks']) {
      describe(`with the keys of ${path}`, () => {
        let keys;
        before(() => {
          keys = createRemoteJWKSet(new URL(path, service.origin));
        });

        test('a token verifies and says what the contract promises', async () => {
          const { payload, protectedHeader } = await jwtVerify(token, keys, expected);
          assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
          assert.equal(protectedHeader.alg, algorithm);
          assert.equal(protectedHeader.typ, 'JWT');
          assert.equal(payload.iss, issuer);
          assert.deepEqual([payload.aud].flat(), [audience]);
          assert.match(payload.sub, UUID);
          assert.match(payload.jti, UUID_V7);
          assert.equal(payload.exp - payload.iat, WEEK);
          assert.equal(payload.nbf, payload.iat);
          assert.ok(Math.abs(payload.iat - Date.now() / 1000) < 60, 'issued now');
          assert.equal(payload.ver, 1);
          assert.equal(payload.email, admin.email);
          assert.deepEqual(payload.roles, ['Admin', 'Manager', 'User']);
          assert.deepEqual(payload.permissions, [...payload.permissions].sort());
          assert.ok(payload.permissions.includes('accounts:read'));
          assert.ok(!('permissions_omitted' in payload));
        });

        const forgeries = {
          'a changed claim': (t) => tampered(t, 1, json({ email: 'mallory@example.com' })),
          'one bit of the signature': (t) => tampered(t, 2, flipBit),
          'no signature': (t) => `${t.split('.').slice(0, 2).join('.')}.`,
          'alg none': (t) => `${tampered(t, 0, json({ alg: 'none' })).split('.').slice(0, 2).join('.')}.`,
          'another algorithm': (t) => tampered(t, 0, json({ alg: algorithm === 'RS256' ? 'ES256' : 'RS256' })),
          'another kid': (t) => tampered(t, 0, json({ kid: 'unknown' })),
        };
        for (const [name, forge] of Object.entries(forgeries)) {
          test(`${name} is refused, here and by the service`, async () => {
            const forged = forge(token);
            assert.notEqual(forged, token);
            await assert.rejects(jwtVerify(forged, keys, expected), errors.JOSEError);
            const response = await fetch(`${service.origin}/api/v1/auth/me`, { headers: { Authorization: `Bearer ${forged}` } });
            assert.equal(response.status, 401);
          });
        }

        test('another issuer or audience is refused', async () => {
          await assert.rejects(jwtVerify(token, keys, { ...expected, issuer: 'https://other.test' }), errors.JWTClaimValidationFailed);
          await assert.rejects(jwtVerify(token, keys, { ...expected, audience: 'https://other.test' }), errors.JWTClaimValidationFailed);
        });

        test('an expired token is refused', async () => {
          const currentDate = new Date(Date.now() + (WEEK + 60) * 1000);
          await assert.rejects(jwtVerify(token, keys, { ...expected, currentDate }), errors.JWTExpired);
        });
      });
    }

    test('the service takes the token that jose takes', async () => {
      const response = await fetch(`${service.origin}/api/v1/auth/me`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal(response.status, 200);
      assert.equal((await response.json()).data.email, admin.email);
    });

    test('both documents hold the same public keys, named by their thumbprint', async () => {
      const get = async (path) => (await fetch(service.origin + path)).json();
      const bare = await get('/.well-known/jwks.json');
      const envelope = await get('/api/v1/auth/jwks');
      assert.deepEqual(Object.keys(bare), ['keys']);
      assert.equal(bare.keys.length, 2, 'the key that signs, and the next one');
      assert.deepEqual(envelope.data.keys, envelope.keys);
      assert.deepEqual(envelope.keys.map(({ publicKey, ...jwk }) => jwk), bare.keys);
      for (const key of bare.keys) {
        assert.deepEqual(Object.keys(key).sort(), MEMBERS[algorithm], 'nothing of the private key');
        assert.equal(await calculateJwkThumbprint(key), key.kid);
      }
    });

    test('the PEM beside each key verifies too', async () => {
      const { keys } = await (await fetch(`${service.origin}/api/v1/auth/jwks`)).json();
      const key = await importSPKI(Buffer.from(keys[0].publicKey, 'base64').toString(), algorithm);
      const { payload } = await jwtVerify(token, key, expected);
      assert.equal(payload.email, admin.email);
    });
  });
}
