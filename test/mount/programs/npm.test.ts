import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSame, openStage, type Stage } from './support.ts';

describe('npm on the volume', () => {
  let stage: Stage;
  let project: string;
  /** Without the network, and with a cache that only this test has. */
  const npm = (script: string) =>
    stage.sh(script, {
      cwd: project,
      env: {
        npm_config_offline: 'true',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
        npm_config_update_notifier: 'false',
      },
    });

  before(async () => {
    stage = await openStage();
    project = join(stage.mount, 'project');
    await mkdir(join(project, 'packages'), { recursive: true });
  });
  after(() => stage.close());

  /** Packs a package whose program prints `text`, and which has enough files to be a tree. */
  async function pack(name: string, text: string): Promise<void> {
    const dir = join(stage.local, name);
    await mkdir(join(dir, 'lib'), { recursive: true });
    const manifest = { name, version: '1.0.0', bin: { [name]: 'cli.js' }, main: 'lib/0.js' };
    await writeFile(join(dir, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(dir, 'cli.js'), `#!/usr/bin/env node\nrequire('./lib/0.js')(${JSON.stringify(text)});\n`);
    for (let index = 0; index < 50; index += 1) {
      await writeFile(join(dir, 'lib', `${index}.js`), 'module.exports = (text) => console.log(text);\n');
    }
    await stage.sh(`npm pack --silent --pack-destination '${project}/packages' '${dir}'`, { cwd: stage.local });
  }

  it('installs packages with npm ci, their programs linked in .bin, and runs the project’s test', async () => {
    await pack('first-tool', 'first');
    await pack('second-tool', 'second');
    const manifest = {
      name: 'project',
      version: '1.0.0',
      scripts: { test: 'first-tool && second-tool' },
      dependencies: {
        'first-tool': 'file:packages/first-tool-1.0.0.tgz',
        'second-tool': 'file:packages/second-tool-1.0.0.tgz',
      },
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
    await npm('npm install --silent --package-lock-only; npm ci --silent');
    assert.equal(await npm('npm test --silent'), 'first\nsecond\n');
    assert.equal(await npm('readlink node_modules/.bin/first-tool'), '../first-tool/cli.js\n');
    await assertSame(stage);
  });

  it('finds the links and programs again after a remount, and can install anew', async () => {
    await stage.remount();
    assert.equal(await npm('npm test --silent'), 'first\nsecond\n');
    assert.equal(await npm('npm ls --parseable | wc -l; npm ci --silent; npm test --silent'), '3\nfirst\nsecond\n');
    await stage.finish();
  });
});
