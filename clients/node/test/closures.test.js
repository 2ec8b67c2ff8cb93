// What roles may do is worked out here as it is by svc-users, in whichever order it is told.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { Facts } from '../src/facts.js';
import { permissionId, user } from './help.js';

const everything = { maxAccounts: 1e9, maxRoles: 1e9, maxPermissions: 1e9, maxAssignments: 1e9 };
const statement = (values) => ({ issued: 1, cursor: 'c', reset: false, more: false, signer: 'key-1', keys: undefined, permissions: [], roles: [], accounts: new Map(), sessions: new Map(), ...values });

/** Applies statements, and shares the facts now and then as if they had readers. */
function apply(...statements) {
  let facts;
  statements.forEach((one, i) => {
    facts = Facts.after(facts, one, everything);
    if (i % 3 === 0) facts.share();
  });
  return facts;
}

test('closures are those of the service', async () => {
  const closures = JSON.parse(await readFile(new URL('../../../authn/testdata/closures.json', import.meta.url), 'utf8'));
  assert.ok(closures.length >= 50);
  closures.forEach((closure, n) => {
    const permissions = Object.entries(closure.permissions).map(([id, name]) => ({ id, name }));
    const roles = Object.entries(closure.roles).map(([id, { parent, all, permissions }]) => ({ id, name: `role ${id}`, parent, all, continued: false, permissions }));
    const pieces = [statement({ reset: true })];
    for (const role of roles) {
      const half = role.permissions.length >> 1;
      pieces.push(statement({ roles: [{ ...role, permissions: role.permissions.slice(0, half) }] }));
      pieces.push(statement({ roles: [{ ...role, permissions: role.permissions.slice(half), continued: true }] }));
    }
    pieces.push(...permissions.map((one) => statement({ permissions: [one] })));
    for (const facts of [apply(statement({ reset: true, permissions, roles })), apply(...pieces)]) {
      for (const [id, want] of Object.entries(closure.effective)) {
        assert.deepEqual(facts.rights.of(id), { name: `role ${id}`, permissions: want }, `closure ${n}, role ${id}`);
        assert.equal(facts.rights.named(`role ${id}`), id);
      }
    }
  });
});

test('rights that are read stay as they are', () => {
  const [one, two] = [permissionId('one'), permissionId('two')];
  const role = (values) => ({ id: user, name: 'R', parent: null, all: false, continued: false, permissions: [], ...values });
  const facts = apply(statement({ reset: true, permissions: [{ id: one, name: 'one' }, { id: two, name: 'two' }], roles: [role({ permissions: [one] })] }));
  const seen = (f) => JSON.stringify([f.rights.of(user), f.rights.assigned, f.rights.count, [...f.rights.names].filter(Boolean)]);
  const before = seen(facts);
  for (const change of [
    { permissions: [{ id: one, name: 'uno' }] }, { permissions: [{ id: one, name: null }] }, { roles: [role({ permissions: [one, two, permissionId('x')] })] },
    { roles: [role({ continued: true, permissions: [two] })] }, { roles: [role({ name: null })] },
  ]) {
    const next = Facts.after(facts, statement(change), everything);
    assert.equal(seen(facts), before);
    assert.notEqual(seen(next), before);
  }
});

test('more than may be kept is refused', () => {
  const told = statement({ reset: true });
  for (let i = 0; i < 10; i++) {
    const id = permissionId(String(i));
    told.permissions.push({ id, name: `p${i}` });
    told.roles.push({ id, name: `r${i}`, parent: null, all: false, continued: false, permissions: [id, user] });
    told.accounts.set(id, { version: 1n, role: null, signed: 1 });
  }
  const limits = { maxAccounts: 10, maxRoles: 10, maxPermissions: 10, maxAssignments: 20 };
  let facts = Facts.after(undefined, told, limits);
  for (const name of Object.keys(limits)) {
    assert.throws(() => Facts.after(undefined, told, { ...limits, [name]: limits[name] - 1 }), new RegExp(`changes.${name}`));
  }
  // Permissions that come and go do not pile up without end either.
  assert.throws(() => {
    for (let i = 0; i < 100; i++) facts = Facts.after(facts, statement({ permissions: [{ id: permissionId(`gone${i}`), name: null }] }), limits);
  }, /maxPermissions/);
});

test('ended sessions are forgotten when no token of them can be valid', () => {
  const start = 1_800_000_000;
  const at = (after, values) => statement({ issued: start + after, ...values });
  let facts = Facts.after(undefined, at(0, { reset: true, sessions: new Map([[user, start + 60], [permissionId('x'), start + 3600]]) }), everything);
  facts.share();
  const before = facts;
  for (const [after, want] of [[30, 2], [120, 1], [7200, 0]]) {
    facts = Facts.after(facts, at(after, {}), everything);
    assert.equal(facts.ended.size, want);
  }
  assert.equal(before.ended.size, 2, 'what others read has changed');
  assert.ok(before.ended.has(user));
});

test('a token that is dead for good stays so', () => {
  const token = (version, issuedAt, session) => ({ account: user, version, issuedAt, session });
  for (const [account, claims, want] of [
    [undefined, token(1n, 1), false],
    [{ version: null, signed: 1000 }, token(9n, 999), true], [{ version: null, signed: 1000 }, token(9n, 1000), true], [{ version: null, signed: 1000 }, token(1n, 1001), false],
    [{ version: 5n, signed: 1000 }, token(4n, 2000), true], [{ version: 5n, signed: 1000 }, token(5n, 1), false], [{ version: 5n, signed: 1000 }, token(6n, 1), false],
    [{ version: 5n, signed: 1000 }, token(5n, 1, permissionId('ended')), true],
  ]) {
    const facts = new Facts();
    if (account) facts.accounts.set(user, account);
    facts.ended.set(permissionId('ended'), 1);
    assert.equal(facts.deadForGood(claims), want, `${account?.version} ${claims.version}`);
  }
});
