// The package against a running svc-users: scripts/test-clients.sh says which.

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { audience, issuer, login, startService } from '../../../../tests/clients/service.mjs';
import { Refusal, Verifier } from '../../src/index.js';
import { becomes, can, eventually, silent, upToDate } from '../help.js';

/** A TCP proxy that can be cut, so that one verifier loses the service and no other does. */
async function proxyTo(port) {
  const sockets = new Set();
  const server = createServer((client) => {
    if (proxy.isCut) return client.destroy();
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy()).pipe(to);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = { isCut: false, port: server.address().port };
  proxy.cut = () => {
    proxy.isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  proxy.close = () => {
    proxy.cut();
    server.close();
  };
  return proxy;
}

describe('a running svc-users', { timeout: 1_200_000 }, () => {
  let service, admin, api, read, write, clerk, proxy;
  const verifiers = [];

  const follow = (changes = {}, options = {}) => {
    const verifier = new Verifier({
      jwks: `${service.origin}/.well-known/jwks.json`, issuer, audience, logger: silent, ...options,
      changes: { url: `${service.origin}/api/v1/auth/changes`, token: () => login(service.origin, { email: 'follower@example.com', password: 'quiet-lantern-7' }), ...changes },
    });
    verifier.start();
    verifiers.push(verifier);
    return verifier;
  };

  before(async () => {
    service = await startService();
    admin = await login(service.origin);
    api = async (method, path, body, token = admin) => {
      const response = await fetch(`${service.origin}/api/v1/${path}`, {
        method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text).data;
    };
    [read, write] = await Promise.all(['orders:read', 'orders:write'].map((name) => api('POST', 'permissions', { name })));
    const permissions = await api('GET', 'permissions?page_size=100');
    const changes = permissions.find(({ name }) => name === 'changes:read');
    const follower = await api('POST', 'roles', { name: 'Follower', permission_ids: [changes.id] });
    await api('POST', 'accounts', { email: 'follower@example.com', password: 'quiet-lantern-7', role_id: follower.id });
    clerk = await api('POST', 'roles', { name: 'Clerk', permission_ids: [read.id] });
    proxy = await proxyTo(Number(new URL(service.origin).port));
  });
  after(async () => {
    await Promise.all(verifiers.map((verifier) => verifier.stop()));
    proxy?.close();
    await service?.stop();
  });

  const newAccount = async (email, session) => {
    const account = await api('POST', 'accounts', { email, password: 'quiet-lantern-7', role_id: clerk.id });
    const token = await login(service.origin, { email, password: 'quiet-lantern-7', ...(session && { session: true }) });
    return { account, token };
  };

  test('changes of rights are obeyed within a second, by two verifiers at once', async () => {
    const both = [follow(), follow()];
    await Promise.all(both.map(upToDate));
    const { token } = await newAccount('one@example.com');
    await Promise.all(both.map((verifier) => becomes('at first', verifier, token, 'Clerk:orders:read')));
    const took = [];
    for (let round = 0; round < 3; round++) {
      for (const [method, path, body, want] of [
        ['POST', `roles/${clerk.id}/permissions`, { permission_ids: [write.id] }, 'Clerk:orders:read,orders:write'], ['DELETE', `roles/${clerk.id}/permissions/${write.id}`, undefined, 'Clerk:orders:read'],
      ]) {
        await api(method, path, body);
        const began = performance.now();
        await Promise.all(both.map((verifier) => becomes('the role changes', verifier, token, want)));
        took.push(performance.now() - began);
      }
    }
    assert.ok(Math.min(...took) < 1000, `took ${took} ms`);
  });

  test('a session that ends and an account that is disabled are refused', async () => {
    const verifier = follow();
    await upToDate(verifier);
    const { account, token } = await newAccount('two@example.com', true);
    const other = await login(service.origin, { email: 'two@example.com', password: 'quiet-lantern-7' });
    await becomes('at first', verifier, token, 'Clerk:orders:read');
    const { session } = await verifier.verify(token);
    await api('DELETE', `auth/sessions/${session}`, undefined, token);
    await becomes('the session has ended', verifier, token, '401');
    assert.equal(await can(verifier, other), 'Clerk:orders:read');
    await api('PATCH', `accounts/${account.id}`, { is_active: false });
    await becomes('disabled', verifier, other, '401');
    await api('PATCH', `accounts/${account.id}`, { is_active: true });
    const fresh = await login(service.origin, { email: 'two@example.com', password: 'quiet-lantern-7' });
    await becomes('enabled, and logged in again', verifier, fresh, 'Clerk:orders:read');
    assert.equal(await can(verifier, other), '401');
    await api('DELETE', `accounts/${account.id}`);
    await becomes('deleted', verifier, fresh, '401');
  });

  test('a verifier that is cut off refuses everything, and recovers', async () => {
    const url = `http://127.0.0.1:${proxy.port}/api/v1/auth/changes`;
    const [refusing, relying] = [follow({ url }), follow({ url, whenLost: 'tokens-alone' })];
    await Promise.all([upToDate(refusing), upToDate(relying)]);
    const { account, token } = await newAccount('three@example.com');
    const { account: gone, token: ofGone } = await newAccount('four@example.com');
    await api('PATCH', `accounts/${gone.id}`, { is_active: false });
    await becomes('disabled before', relying, ofGone, '401');
    proxy.cut();
    const began = performance.now();
    for (let asked = began; !refusing.lost; asked = performance.now()) {
      assert.ok(asked - began < 1000 + 250, 'the loss is not noticed');
      await sleep(2);
    }
    assert.equal(await can(refusing, token), '503');
    await eventually('the other loses it too', () => relying.lost);
    assert.equal(await can(relying, ofGone), '401');
    await api('PATCH', `accounts/${account.id}`, { is_active: false });
    assert.equal(await can(relying, token), 'Clerk:orders:read', 'by the token alone');
    proxy.isCut = false;
    await becomes('found again', refusing, token, '401');
    await becomes('found again', relying, token, '401');
  });

  test('a token of a revoked signing key is refused at once where the feed lists the keys', async () => {
    const verifier = follow();
    await upToDate(verifier);
    const { token } = await newAccount('six@example.com');
    await becomes('at first', verifier, token, 'Clerk:orders:read');
    const part = (jws, index) => JSON.parse(Buffer.from(jws.split('.')[index], 'base64url'));
    const { keys } = part((await api('GET', 'auth/changes')).statement, 1);
    await api('POST', 'keys/rotate', { at_once: true });
    admin = await login(service.origin);
    const fresh = await login(service.origin, { email: 'six@example.com', password: 'quiet-lantern-7' });
    assert.notEqual(part(fresh, 0).kid, part(token, 0).kid);
    await becomes('a token of the next key', verifier, fresh, 'Clerk:orders:read');
    await api('DELETE', `keys/${part(token, 0).kid}`);
    if (keys !== undefined) await becomes('revoked', verifier, token, '401');
    await becomes('the next key', verifier, fresh, 'Clerk:orders:read');
    // A service without lists has the key refused once the JWK set is read again, which is not so soon.
    assert.equal(await can(verifier, token), keys === undefined ? 'Clerk:orders:read' : '401');
  });

  test('a follower without the right to follow is lost', async () => {
    const { token } = await newAccount('five@example.com');
    const verifier = follow({ token: () => token });
    await sleep(300);
    assert.equal(verifier.lost, true);
    await assert.rejects(verifier.verify(token), (error) => error instanceof Refusal && error.status === 503);
  });
});

test('a token that had no room for its permissions is answered by the access check', { timeout: 1_200_000 }, async (t) => {
  const service = await startService();
  t.after(() => service.stop());
  const admin = await login(service.origin);
  const post = async (path, body) => {
    const response = await fetch(`${service.origin}/api/v1/${path}`, { method: 'POST', headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    assert.ok(response.ok, `${response.status} ${await response.clone().text()}`);
    return (await response.json()).data;
  };
  const permissions = Array.from({ length: 120 }, (_, i) => ({ name: `orders:${'x'.repeat(80)}${i}` }));
  await post('declarations/apply', { service: 'orders', permissions, roles: [{ name: 'Much', permissions: permissions.map(({ name }) => name) }] });
  const roles = await fetch(`${service.origin}/api/v1/roles?q=Much`, { headers: { Authorization: `Bearer ${admin}` } }).then((response) => response.json());
  await post('accounts', { email: 'much@example.com', password: 'quiet-lantern-7', role_id: roles.data[0].id });
  const token = await login(service.origin, { email: 'much@example.com', password: 'quiet-lantern-7' });
  const verifier = new Verifier({ jwks: `${service.origin}/.well-known/jwks.json`, issuer, audience, logger: silent });
  assert.equal((await verifier.verify(token)).permissionsOmitted, true);
  const names = [permissions[0].name, permissions[119].name];
  assert.deepEqual((await verifier.authorize(token, names)).permissions, names.toSorted());
  await assert.rejects(verifier.authorize(token, [names[0], 'accounts:read']), { status: 403, missing: ['accounts:read'] });
});
