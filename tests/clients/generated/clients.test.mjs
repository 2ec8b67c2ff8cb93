// Generates clients from the document of the running service, compiles them, and uses the service through each: a login,
// a dry run, a create, one that is refused, a list by cursor, a check, a deletion, an introspection. Lints the document
// too. scripts/generated-clients.sh installs the generators into TOOLS and runs this.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startService } from '../service.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const tools = process.env.TOOLS;
const python = process.env.PYTHON ?? 'python3';

// It only ends what hangs, on however busy a machine.
const LIMIT_MS = 600_000;

describe('generated clients', { timeout: 3 * LIMIT_MS }, () => {
  let service;
  let folder;
  let jars;

  /** Runs a program in the folder of what is generated; fails with all that it has printed. */
  async function run(program, args, env = {}) {
    try {
      return await promisify(execFile)(program, args, {
        cwd: folder, timeout: LIMIT_MS, maxBuffer: 64 << 20, env: { ...process.env, ORIGIN: service.origin, ...env },
      });
    } catch (error) {
      assert.fail(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`);
    }
  }

  const npmTool = (name) => join(here, 'node_modules', '.bin', name);

  before(async () => {
    assert.ok(tools, 'TOOLS must name the folder of the generators (scripts/generated-clients.sh sets it)');
    service = await startService();
    folder = await mkdtemp(join(tmpdir(), 'svc-users-generated-'));
    const document = await fetch(`${service.origin}/openapi.json`);
    await writeFile(join(folder, 'openapi.json'), await document.text());
    jars = (await readdir(join(tools, 'java'))).map((name) => join(tools, 'java', name));
    await symlink(join(here, 'node_modules'), join(folder, 'node_modules'));
    await generate();
  });
  after(async () => {
    await service?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Lets openapi-generator make all its clients in one go: it takes longer to start than to generate. */
  async function generate() {
    const configs = [];
    await cp(here, join(folder, 'go'), { recursive: true, filter: (source) => !source.includes('node_modules') });
    for (const [generatorName, outputDir] of Object.entries({
      python: 'python', java: 'java', go: 'go/openapigenerator/client', 'typescript-fetch': 'typescript/typescript-fetch',
    })) {
      const config = join(folder, `${generatorName}.json`);
      const globalProperties = { apiTests: 'false', modelTests: 'false', apiDocs: 'false', modelDocs: 'false' };
      await writeFile(config, JSON.stringify({ generatorName, inputSpec: join(folder, 'openapi.json'), outputDir: join(folder, outputDir), globalProperties }));
      configs.push(config);
    }
    const generator = jars.find((jar) => jar.includes('openapi-generator-cli'));
    await run('java', ['-XX:TieredStopAtLevel=1', '-jar', generator, 'batch', '--fail-fast', ...configs]);
  }

  test('Redocly and Spectral find nothing in the document', async () => {
    const lint = await run(npmTool('redocly'), ['lint', '--config', join(here, 'redocly.yaml'), '--format', 'json', 'openapi.json'],
      { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' });
    assert.deepEqual(JSON.parse(lint.stdout).problems, []);
    await run(npmTool('spectral'), ['lint', '--ruleset', join(here, 'spectral.yaml'), '--fail-severity', 'hint', 'openapi.json']);
  });

  test('TypeScript: openapi-typescript with openapi-fetch, and openapi-generator typescript-fetch', async () => {
    for (const program of ['openapi-fetch.ts', 'typescript-fetch.ts']) await cp(join(here, program), join(folder, 'typescript', program));
    await run(npmTool('openapi-typescript'), ['openapi.json', '--output', 'typescript/openapi-typescript.ts']);
    await run(npmTool('tsc'), ['--strict', '--target', 'es2022', '--module', 'node16', '--types', 'node', '--outDir', 'javascript',
      'typescript/openapi-fetch.ts', 'typescript/typescript-fetch.ts']);
    await run('node', ['javascript/openapi-fetch.js']);
    await run('node', ['javascript/typescript-fetch.js']);
  });

  test('Python: openapi-generator python, and openapi-python-client', async () => {
    const env = { PYTHONPATH: [join(folder, 'python'), join(tools, 'python')].join(delimiter) };
    await writeFile(join(folder, 'openapi-python-client.json'), JSON.stringify({ post_hooks: [] }));
    await run(python, ['-m', 'openapi_python_client', 'generate', '--path', 'openapi.json', '--meta', 'none', '--fail-on-warning',
      '--output-path', 'python/svc_users_client', '--config', 'openapi-python-client.json'], env);
    await run(python, ['-m', 'compileall', '-q', 'python'], env);
    await run(python, [join(here, 'openapi_generator.py')], env);
    await run(python, [join(here, 'openapi_python_client.py')], env);
  });

  test('Python: decern, which is not generated, asks over AuthZEN', async () => {
    await run(python, [join(here, 'authzen.py')], { PYTHONPATH: join(tools, 'python') });
  });

  test('Java: openapi-generator java', async () => {
    const sources = (await readdir(join(folder, 'java/src/main/java'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    await writeFile(join(folder, 'sources'), [...sources, join(here, 'Main.java')].map((path) => `"${path}"`).join('\n'));
    await mkdir(join(folder, 'classes'));
    const classpath = jars.filter((jar) => !jar.includes('openapi-generator-cli')).join(delimiter);
    await run('javac', ['-nowarn', '-proc:none', '-encoding', 'UTF-8', '-cp', classpath, '-d', 'classes', '@sources']);
    await run('java', ['-XX:TieredStopAtLevel=1', '-cp', ['classes', classpath].join(delimiter), 'Main']);
  });

  test('Go: openapi-generator go, and oapi-codegen', async () => {
    // A client is a package of this module, where openapi-generator makes a module of its own.
    for (const name of ['go.mod', 'go.sum']) await rm(join(folder, 'go/openapigenerator/client', name));
    await mkdir(join(folder, 'go/oapicodegen/client'));
    await run('go', ['-C', 'go', 'tool', 'oapi-codegen', '-generate', 'types,client', '-package', 'client',
      '-o', 'oapicodegen/client/client.gen.go', '../openapi.json']);
    await run('go', ['-C', 'go', 'build', '-o', '../go-bin/', './openapigenerator', './oapicodegen']);
    await run(join(folder, 'go-bin/openapigenerator'), []);
    await run(join(folder, 'go-bin/oapicodegen'), []);
  });
});
