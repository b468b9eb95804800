import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { commandIds } from '../../../src/extension/commands/ids.ts';

/*
 * What the manifest declares and what the code has, held against each other in both directions and in both languages:
 * a command, view, setting, context key or text on one side only is a mistake that nobody would be told of.
 */

const root = path.resolve(import.meta.dirname, '..', '..', '..');

interface MenuRow {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
}
interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly enablement?: string }[];
    readonly menus: Readonly<Record<string, readonly MenuRow[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly when?: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly when?: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
  };
}
interface Setting {
  readonly type: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly scope?: string;
  readonly description?: string;
  readonly markdownDescription?: string;
}
interface Step {
  readonly id: string;
  readonly when?: string;
  readonly media: { readonly svg: string };
  readonly completionEvents: readonly string[];
}

const readText = (file: string) => readFileSync(path.join(root, file), 'utf8');
const readJson = <T>(file: string) => JSON.parse(readText(file)) as T;
const manifestText = readText('package.json');
const { contributes } = JSON.parse(manifestText) as Manifest;
const sources = globSync('src/extension/**/*.ts', { cwd: root }).map(readText).join('\n');
const nlsFiles = ['package.nls.json', 'package.nls.nb.json'];

const sorted = (values: Iterable<string>) => [...new Set(values)].sort();
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? '');
const menuRows = Object.values(contributes.menus).flat();
const whens = [
  ...menuRows.map(({ when }) => when),
  ...contributes.commands.map(({ enablement }) => enablement),
  ...Object.values(contributes.views)
    .flat()
    .map(({ when }) => when),
  ...contributes.viewsWelcome.map(({ when }) => when),
  ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ when }) => when)),
].filter((when) => when !== undefined);
const completions = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap((step) => step.completionEvents));

describe('what the manifest declares and what the code has', () => {
  it('are the same commands', () => {
    assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(commandIds));
  });

  it('are the same commands in every menu, link and completion event', () => {
    const named = [
      ...menuRows.map(({ command }) => command ?? ''),
      ...nlsFiles.flatMap((file) => matches(readText(file), /\(command:(jottacloud\.\w+)/g)),
      ...matches(completions.join('\n'), /^onCommand:(.*)$/gm),
      ...matches(sources, /executeCommand\(\s*'(jottacloud\.\w+)'/g),
    ].filter((command) => command !== '');
    assert.deepEqual(
      sorted(named).filter((command) => !(commandIds as readonly string[]).includes(command)),
      [],
    );
  });

  it('name a submenu once in a menu: VS Code ignores a second row of it, whatever its condition', () => {
    for (const [menu, rows] of Object.entries(contributes.menus)) {
      const submenus = rows.flatMap(({ submenu }) => submenu ?? []);
      assert.deepEqual(submenus, [...new Set(submenus)], menu);
    }
  });

  it('are the same views', () => {
    const declared = Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id));
    assert.deepEqual(sorted(matches(sources, /createTreeView(?:<[^(]*>)?\(\s*'([\w.]+)'/g)), sorted(declared));
    const named = [
      ...contributes.viewsWelcome.map(({ view }) => view),
      ...matches(whens.join('\n'), /\bview == ([\w.]+)/g),
      ...matches(sources, /'([\w.]+)\.focus'/g),
      ...matches(sources, /viewId: '([\w.]+)'/g),
    ];
    assert.deepEqual(
      sorted(named).filter((view) => !declared.includes(view)),
      [],
    );
  });

  it('are the same settings', () => {
    const read = new Set<string>();
    for (const [, section, calls] of sources.matchAll(/getConfiguration\('([\w.]+)'\)([\s\S]*?)\n}/g)) {
      const named = /(?:\bget(?:<\w+>)?\(|\bread\(settings,|\breadNumber\(|^,)\s*'([\w.]+)'/g;
      for (const name of matches(calls ?? '', named)) read.add(`${section}.${name}`);
    }
    const own = [...read].filter((name) => name.startsWith('jottacloud.'));
    assert.deepEqual(sorted(own), sorted(Object.keys(contributes.configuration.properties)));
  });

  it('are the same context keys', () => {
    const events = matches(completions.join('\n'), /^onContext:(.*)$/gm);
    const used = matches(
      [...whens, ...events].join('\n'),
      /\b(jottacloud\.(?!files\b|details\b|mounts\b|transfers\b)\w+)/g,
    );
    const set = [
      ...matches(sources, /'setContext',\s*'(jottacloud\.\w+)'/g),
      ...matches(sources, /\bset\('(jottacloud\.\w+)'/g),
    ];
    assert.deepEqual(sorted(used), sorted(set));
  });

  it('are the same values of the state key', () => {
    const compared = matches(whens.join('\n'), /jottacloud\.state [!=]= (\w+)/g);
    const [, union = ''] = /type StateKey = ([^;]*);/.exec(sources) ?? [];
    const known = matches(union, /'(\w+)'/g);
    assert.ok(known.length > 0);
    assert.deepEqual(
      sorted(compared).filter((value) => !known.includes(value)),
      [],
    );
  });
});

/** What people find in the palette, in menus and in what others write about it. */
const titles = [
  ...['Connect to Jottacloud…', 'Disconnect from Jottacloud', 'Mount Jottacloud', 'Mount Jottacloud Folder…'],
  ...['Unmount Jottacloud', 'Open Mounted Folder', 'Open Mounted Folder in New Window', 'Reveal in Finder'],
  ...['Reveal in File Manager', 'Pause Transfers', 'Resume Transfers', 'Show Transfers', 'Refresh', 'Free Up Space'],
  ...['Show Log', 'Report Diagnostics', 'Open', 'New Folder…', 'Upload Files…', 'Download…', 'Rename…', 'Delete'],
  ...['Keep Offline', 'Remove Offline Copy', 'Copy Public Link', 'Open on the Web', 'Version History…', 'Copy Path'],
];

describe('the commands', () => {
  it('have the titles that people know', () => {
    const english = readJson<Record<string, string>>('package.nls.json');
    const shown = contributes.commands.map(({ title }) => english[title.slice(1, -1)]);
    assert.deepEqual(
      titles.filter((title) => !shown.includes(title)),
      [],
    );
  });

  it('are all in the palette, but those that need their row', () => {
    const hidden = (contributes.menus.commandPalette ?? []).filter(({ when }) => when === 'false');
    assert.deepEqual(
      hidden.map(({ command }) => command),
      ['jottacloud.retryFolder', 'jottacloud.retryTransfer'],
    );
  });
});

describe('the texts', () => {
  it('of the manifest are there in both languages, with the same links and no other', () => {
    const used = matches(manifestText, /"%([\w.]+)%"/g);
    const [english = {}, norwegian = {}] = nlsFiles.map((file) => readJson<Record<string, string>>(file));
    assert.deepEqual(sorted(Object.keys(english)), sorted(used));
    assert.deepEqual(sorted(Object.keys(norwegian)), sorted(used));
    const links = (text = '') => matches(text, /\]\(([^)]*)\)/g).sort();
    for (const key of used) {
      assert.deepEqual(links(norwegian[key]), links(english[key]), key);
      assert.notEqual(norwegian[key], '', key);
    }
  });

  it('of the code are there in Norwegian, with the same placeholders and icons, and no other', () => {
    const used = matches(sources, /l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g).map((text) =>
      text.replaceAll('\\n', '\n').replaceAll("\\'", "'"),
    );
    const bundle = readJson<Record<string, string>>('l10n/bundle.l10n.nb.json');
    assert.deepEqual(sorted(Object.keys(bundle)), sorted(used));
    const placeholders = (text: string) => sorted(text.match(/\{\d\}|\$\([\w~-]+\)/g) ?? []);
    for (const [text, translation] of Object.entries(bundle)) {
      assert.deepEqual(placeholders(translation), placeholders(text), text);
    }
  });

  it('of the code are never put together by a template, which could not be translated', () => {
    assert.deepEqual(matches(sources, /l10n\.t\(\s*(`[^`]*`)/g), []);
  });
});

describe('the settings', () => {
  const settings = Object.entries(contributes.configuration.properties);

  it('have a default and a description; numbers have bounds, and the default lies within them', () => {
    for (const [name, setting] of settings) {
      assert.notEqual(setting.default, undefined, name);
      assert.ok(setting.description ?? setting.markdownDescription, name);
      if (setting.type !== 'number' && setting.type !== 'integer') continue;
      const { minimum, maximum, default: value } = setting;
      assert.ok(minimum !== undefined && maximum !== undefined, name);
      assert.ok(Number(value) >= minimum && Number(value) <= maximum, name);
    }
  });

  it('are out of reach of a workspace', () => {
    assert.deepEqual(
      settings.filter(([, { scope }]) => scope !== 'machine').map(([name]) => name),
      [],
    );
  });
});

describe('the walkthrough', () => {
  const [walkthrough] = contributes.walkthroughs;
  const steps = walkthrough?.steps ?? [];

  it('has four steps on every system that can mount, and two on Windows', () => {
    const getSteps = (when?: string) => steps.filter((step) => step.when === when).map(({ id }) => id);
    assert.deepEqual(getSteps(), ['token', 'connect']);
    assert.deepEqual(getSteps('jottacloud.onMac'), ['fuseMac']);
    assert.deepEqual(getSteps('!jottacloud.onMac && !jottacloud.onWindows'), ['fuseLinux']);
    assert.deepEqual(getSteps('!jottacloud.onWindows'), ['mount']);
    assert.equal(steps.length, 5);
  });

  it('has a picture for each step, and a way to be done with it', () => {
    for (const { id, media, completionEvents } of steps) {
      assert.ok(existsSync(path.join(root, media.svg)), id);
      assert.ok(completionEvents.length > 0, id);
      for (const event of completionEvents) assert.match(event, /^on(Context|Link|Command):/, id);
    }
  });

  it('has links that complete the step they stand in', () => {
    const english = readJson<Record<string, string>>('package.nls.json');
    const linked = matches(completions.join('\n'), /^onLink:(.*)$/gm);
    for (const link of linked)
      assert.ok(
        Object.values(english).some((text) => text.includes(`(${link})`)),
        link,
      );
  });
});
