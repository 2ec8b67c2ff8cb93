// Verifies tokens with jose and its default caches: reads one a line, and answers each with a line, ok or why not.
//
//   node verifier.mjs JWKS-URL ISSUER AUDIENCE SPEED
//
// SPEED is how much faster time goes by for the caches, which Date.now tells it; claims are judged by the real time.

import { createInterface } from 'node:readline';

import { createRemoteJWKSet, jwtVerify } from 'jose';

const [url, issuer, audience, speed] = process.argv.slice(2);
const realNow = Date.now;
const start = realNow();
Date.now = () => start + (realNow() - start) * Number(speed);

const keys = createRemoteJWKSet(new URL(url));
for await (const token of createInterface({ input: process.stdin })) {
  const options = { issuer, audience, algorithms: ['RS256', 'ES256'], typ: 'JWT', currentDate: new Date(realNow()) };
  const answer = await jwtVerify(token, keys, options).then(() => 'ok', (error) => `${error.code}: ${error.message}`);
  process.stdout.write(`${answer.replaceAll('\n', ' ')}\n`);
}
