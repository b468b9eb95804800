import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { openBrowser } from '../../test/vscode/harness/openBrowser.ts';
import { Workbench } from '../../test/vscode/harness/workbench.ts';
import { mountPoint, waitUntilMounted } from './mount.ts';
import { showcaseSample } from './samples.ts';

/** Opens the demo in a headless browser, as a person would use it, and saves what it looks like. */
export async function takeScreenshot(url: string, file: string): Promise<void> {
  const browser = await openBrowser({ size: { width: 1360, height: 850 }, scale: 2 });
  const workbench = await Workbench.open(browser.context, url);
  try {
    await waitUntilMounted(60_000);
    await workbench.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();

    const sample = await findSample();
    await workbench.openFile(sample);
    await workbench.editorText.filter({ hasText: 'Sourdough' }).waitFor();

    await workbench.openView('Jottacloud');
    for (const folder of path.relative(mountPoint, path.dirname(sample)).split(path.sep))
      await workbench.expand(folder);
    await workbench.treeRow(path.basename(sample)).first().waitFor();
    await workbench.screenshot(file);
    await workbench.close();
  } catch (error) {
    const evidence = `${file}.failed.png`;
    await workbench.screenshot(evidence);
    throw new Error(`the demo did not come up; what it showed is in ${evidence}`, { cause: error });
  } finally {
    await browser.close();
  }
}

/** The seeded folder is somewhere below the mount: how far depends on what of the account is mounted. */
async function findSample(): Promise<string> {
  const folders = [mountPoint];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const names = await readdir(folder);
    const [first = ''] = showcaseSample.split('/');
    if (names.includes(first)) return path.join(folder, showcaseSample);
    if (path.relative(mountPoint, folder).split(path.sep).length < 3)
      folders.push(...names.map((name) => path.join(folder as string, name)));
  }
  throw new Error(`no ${showcaseSample} below ${mountPoint}`);
}
