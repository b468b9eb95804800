import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commandIds } from '../../../src/extension/commands/ids.ts';
import { getExtension } from './support.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string }[];
  };
}

describe('what the manifest promises', () => {
  let manifest: Manifest;
  let manifestText: string;
  let sources: string;

  before(async () => {
    const { extensionPath } = getExtension();
    await getExtension().activate();
    manifestText = await readFile(path.join(extensionPath, 'package.json'), 'utf8');
    manifest = JSON.parse(manifestText) as Manifest;
    const folder = path.join(extensionPath, 'src', 'extension');
    const names = await readdir(folder, { recursive: true });
    const texts = names.filter((name) => name.endsWith('.ts')).map((name) => readFile(path.join(folder, name), 'utf8'));
    sources = (await Promise.all(texts)).join('\n');
  });

  it('declares exactly the commands the code has', () => {
    const declared = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual([...declared].sort(), [...commandIds].sort());
  });

  it('has every declared command registered after activation', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.filter(({ command }) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it('names only its own commands and views in menus and welcome views', () => {
    const { menus, views, viewsWelcome } = manifest.contributes;
    const inMenus = Object.values(menus).flatMap((rows) => rows.map(({ command }) => command));
    assert.deepEqual(
      inMenus.filter((command) => !(commandIds as readonly string[]).includes(command)),
      [],
    );
    const ids = Object.values(views).flatMap((rows) => rows.map(({ id }) => id));
    assert.deepEqual(
      viewsWelcome.filter(({ view }) => !ids.includes(view)),
      [],
    );
    const linked = [...sources.matchAll(/'(jottacloud\.(?:files|mounts|transfers))'/g)].map(([, id]) => id ?? '');
    for (const id of ids) assert.ok(linked.includes(id) || id === 'jottacloud.files', `${id} has a provider`);
  });

  it('reads every declared setting, and declares every one it reads', () => {
    const declared = Object.keys(manifest.contributes.configuration.properties);
    const read = new Set<string>();
    for (const [, section, calls] of sources.matchAll(/getConfiguration\('(jottacloud[\w.]*)'\)([\s\S]*?)\n}/g)) {
      for (const [, name] of (calls ?? '').matchAll(/\bget(?:<\w+>)?\(\s*'([\w.]+)'/g)) read.add(`${section}.${name}`);
    }
    assert.deepEqual([...read].sort(), [...declared].sort());
  });

  it('keeps settings that touch this computer out of reach of a workspace', () => {
    const rows = Object.entries(manifest.contributes.configuration.properties) as [string, { scope?: string }][];
    assert.deepEqual(
      rows.filter(([, { scope }]) => scope !== 'machine').map(([name]) => name),
      [],
    );
  });

  it('has a text in both languages for every key of the manifest, and no other', async () => {
    const used = new Set([...manifestText.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key));
    for (const file of ['package.nls.json', 'package.nls.nb.json']) {
      assert.deepEqual(Object.keys(await readJson(file)).sort(), [...used].sort(), file);
    }
  });

  it('has every text of the code in Norwegian, with the same placeholders, and no other', async () => {
    const used = new Set(
      [...sources.matchAll(/l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g)].map(([, text]) =>
        (text ?? '').replaceAll('\\n', '\n').replaceAll("\\'", "'"),
      ),
    );
    const bundle = await readJson('l10n/bundle.l10n.nb.json');
    assert.deepEqual(Object.keys(bundle).sort(), [...used].sort());
    const placeholders = (text: string) => [...new Set(text.match(/\{\d\}|\$\([\w-]+\)/g))].sort();
    for (const [text, translation] of Object.entries(bundle)) {
      assert.deepEqual(placeholders(translation), placeholders(text), text);
    }
  });

  async function readJson(file: string): Promise<Record<string, string>> {
    return JSON.parse(await readFile(path.join(getExtension().extensionPath, file), 'utf8')) as Record<string, string>;
  }
});
