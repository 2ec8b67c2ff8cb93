// A program that uses the package as TypeScript sees it; `npm run check` compiles it and never runs it.

import { createServer } from 'node:http';

import express from 'express';
import fastify from 'fastify';
import { type Changes, type Options, type Principal, Refusal, type RefusalCode, Verifier, authorizationOf, describeRefusal, principalOf } from 'svc-users-authn';
import { requires } from 'svc-users-authn/express';
import { requires as requiresHook } from 'svc-users-authn/fastify';

const changes: Changes = { url: 'https://users.example/api/v1/auth/changes', token: async (signal: AbortSignal) => String(signal.aborted), whenLost: 'tokens-alone' };
const options: Options = { jwks: 'https://users.example/.well-known/jwks.json', issuer: 'i', audience: 'a', changes };
const verifier = new Verifier(options);
verifier.start();

// @ts-expect-error an option that does not exist
new Verifier({ ...options, algorithms: ['none'] });
// @ts-expect-error a way that does not exist
new Verifier({ ...options, changes: { ...changes, whenLost: 'allow' } });
// @ts-expect-error audience is missing
new Verifier({ jwks: 'x', issuer: 'y' });

const app = express();
app.use(requires(verifier));
app.get('/orders', requires(verifier, ['orders:read'], { onRefusal: (refusal, request, response) => void response.end(refusal.description + request.url) }), (request, response) => {
  const principal: Principal | undefined = principalOf(request);
  response.json(principal?.permissions.includes('x'));
});

const server = fastify();
server.get('/orders', { onRequest: requiresHook(verifier, ['orders:read'], { body: (refusal) => ({ mine: refusal.code }) }) }, async (request) => principalOf(request)?.account);
server.get('/both', { preHandler: [requiresHook(verifier), requiresHook(verifier, ['orders:read'])] }, async () => null);

createServer(async (request, response) => {
  try {
    const { account, session, expires, live } = await verifier.authenticate(authorizationOf(request.rawHeaders), ['orders:read']);
    const texts: [string, string | undefined, Date, boolean] = [account, session, expires, live];
    response.end(JSON.stringify(texts));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const code: RefusalCode = error.code;
    const { status, headers, body } = describeRefusal(error, ['orders:read']);
    response.writeHead(status, headers).end(body + code + error.missing.length);
  }
});

export const lost: boolean = verifier.lost;
export const principal: Promise<Principal> = verifier.authorize('token', ['orders:read']);
