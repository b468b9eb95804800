import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserContext, FrameLocator, Locator, Page } from 'playwright-core';

/** One VS Code window in a browser, driven as a person does. */
export class Workbench {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a page on `url` (a `RunningCodeServer.url`) and waits until the window is drawn. */
  static async open(context: BrowserContext, url: string): Promise<Workbench> {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    const workbench = new Workbench(page);
    await workbench.#waitUntilDrawn();
    return workbench;
  }

  /** As `Developer: Reload Window`: a new extension host, the old one deactivates meanwhile. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#waitUntilDrawn();
  }

  /** Ends the window's extension host gracefully. */
  async close(): Promise<void> {
    await this.page.close();
  }

  async #waitUntilDrawn(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar .statusbar-item').first().waitFor({ timeout: 60_000 });
  }

  // Commands and quick input

  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }
  get quickInputBox(): Locator {
    return this.quickInput.locator('input.input');
  }
  /** The prompt, or the validation message, of an input box. */
  get quickInputMessage(): Locator {
    return this.quickInput.locator('.quick-input-message');
  }
  quickPickRow(text: string | RegExp): Locator {
    return this.quickInput.locator('.quick-input-list .monaco-list-row', { hasText: text });
  }

  /** Runs a command by its full title, e.g. `Jottacloud: Mount`, waiting until the extension that has it offers it. */
  async runCommand(title: string): Promise<void> {
    const offered = this.quickPickRow(title).first();
    // The palette does not look again for commands that were registered after it opened: it is opened anew, soon at first.
    await retry(12, async (attempt) => {
      await this.page.keyboard.press('F1');
      await this.quickInputBox.fill(`>${title}`);
      await offered.waitFor({ timeout: Math.min(attempt * 500, 3_000) }).catch(async (error) => {
        await this.page.keyboard.press('Escape');
        throw error;
      });
    });
    // What was used lately comes first, and may have a longer title that begins the same.
    const name = this.page.locator('.label-name', { hasText: new RegExp(`^\\s*${escapeRegExp(title)}\\s*$`) });
    const exact = this.quickInput.locator('.quick-input-list .monaco-list-row').filter({ has: name });
    await ((await exact.count()) > 0 ? exact.first() : offered).click();
  }

  /** Picks a row of the quick pick that is open. */
  async pick(text: string | RegExp): Promise<void> {
    await this.quickPickRow(text).first().click();
  }

  /** Answers the input box that is open, or opens within the default timeout with `prompt` in its message. */
  async answer(text: string, prompt?: string | RegExp): Promise<void> {
    if (prompt !== undefined) await this.quickInputMessage.filter({ hasText: prompt }).waitFor();
    await this.quickInputBox.fill(text);
    await this.page.keyboard.press('Enter');
  }

  // Status bar, notifications, dialogs

  /** An item by its text, or by its id (`publisher.name.itemId`) with `#` in front. */
  statusBarItem(textOrId: string | RegExp): Locator {
    if (typeof textOrId === 'string' && textOrId.startsWith('#')) {
      return this.page.locator(`.statusbar-item[id="${textOrId.slice(1)}"]`);
    }
    return this.page.locator('.statusbar-item', { hasText: textOrId });
  }
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast', { hasText: text });
  }
  async pressNotificationButton(text: string | RegExp, button: string): Promise<void> {
    await this.notification(text).getByRole('button', { name: button }).click();
  }
  /** A modal message (`showWarningMessage(…, { modal: true })`). */
  get dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }
  async pressDialogButton(button: string): Promise<void> {
    await this.dialog.getByRole('button', { name: button, exact: true }).click();
  }

  // Views

  /** Shows a view container of the activity bar. */
  async openView(label: string): Promise<void> {
    const labelSelector = `a.action-label[aria-label^="${label}"]`;
    const item = this.page.locator(`.activitybar .action-item:has(${labelSelector})`).first();
    await item.waitFor();
    const shown = this.page.locator(`.activitybar .action-item.checked:has(${labelSelector})`).first();
    // A click on the one that is shown hides the side bar; a window that is still loading may show it just before the click.
    await retry(5, async () => {
      if (!(await shown.isVisible())) await item.locator(labelSelector).click();
      await shown.waitFor({ timeout: 3_000 });
    });
  }
  /** A row of any tree in the side bar, or of one view alone: a file that is sent has a row in Files and in Transfers. */
  treeRow(text: string | RegExp, view?: string): Locator {
    const pane = view === undefined ? '' : `.pane:has(.pane-header[aria-label^="${view} "]) `;
    return this.page.locator(`.sidebar ${pane}.pane-body .monaco-list-row`, { hasText: text });
  }
  /** Opens a folder of a tree; leaves it open when it is. */
  async expand(text: string | RegExp): Promise<void> {
    const row = this.treeRow(text).first();
    await row.waitFor();
    const open = row.and(this.page.locator('[aria-expanded="true"]'));
    // A tree that is being drawn anew loses the click.
    await retry(5, async () => {
      if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
      await open.waitFor({ timeout: 3_000 });
    });
  }
  /** Runs an action of a row's context menu. */
  async runRowAction(text: string | RegExp, action: string): Promise<void> {
    await this.openRowMenu(this.treeRow(text).first());
    const item = this.page.locator('.context-view .action-item', { hasText: action }).first();
    await item.click();
    try {
      await item.waitFor({ state: 'hidden', timeout: 3_000 });
    } catch {
      // A menu that has just opened takes a click for the one that opened it, and stays.
      await item.click();
      await item.waitFor({ state: 'hidden' });
    }
  }

  /** Of this row: the tree may be redrawn in the moment of the click, and another row be under the mouse. */
  async openRowMenu(row: Locator): Promise<void> {
    const focused = row.and(this.page.locator('.focused'));
    for (let attempt = 1; ; attempt += 1) {
      await this.restMouse();
      await row.click({ button: 'right' });
      try {
        await focused.waitFor({ timeout: 2_000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Away from the tree, whose hovers would take the next click. */
  async restMouse(): Promise<void> {
    await this.page.mouse.move(900, 600);
    await this.page.locator('.context-view .hover-contents').waitFor({ state: 'hidden' });
  }

  /** Drops a file of the browser's computer on a folder that is closed: hovers until it opens, then lets go. */
  async dropFile(folder: Locator, name: string, content: string): Promise<void> {
    // As text: the types of a page are not those of this process.
    const file = `new File([${JSON.stringify(content)}], ${JSON.stringify(name)})`;
    const dataTransfer = await this.page.evaluateHandle(
      `(() => { const data = new DataTransfer(); data.items.add(${file}); return data; })()`,
    );
    for (const type of ['dragenter', 'dragover']) await folder.dispatchEvent(type, { dataTransfer });
    await folder.and(this.page.locator('[aria-expanded="true"]')).waitFor();
    for (const type of ['dragover', 'drop']) await folder.dispatchEvent(type, { dataTransfer });
  }
  /** The text of a view that is empty (`viewsWelcome`). */
  welcomeView(text: string | RegExp): Locator {
    return this.page.locator('.welcome-view', { hasText: text });
  }
  explorerRow(text: string | RegExp): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: text });
  }

  // Editors

  tab(name: string | RegExp): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: name });
  }
  /** The visible text of the active editor. Spaces in it are no-break spaces: match with `\s`. */
  get editorText(): Locator {
    return this.page.locator('.editor-group-container.active .view-lines');
  }
  /** Opens a file of the server's machine by its absolute path. */
  async openFile(file: string): Promise<void> {
    await this.runCommand('File: Open File...');
    // The palette's own box looks the same, and the dialog overwrites what is typed before it has listed its folder.
    await this.quickInput.locator('.quick-input-title', { hasText: 'Open File' }).waitFor();
    await this.quickPickRow('..').first().waitFor();
    // While it lists a folder it takes no notice of a name: that is typed again.
    await retry(5, async () => {
      await this.quickInputBox.fill('');
      await this.quickInputBox.fill(file);
      await this.quickPickRow(path.basename(file)).first().waitFor({ timeout: 4_000 });
    });
    await this.page.keyboard.press('Enter');
    await this.tab(path.basename(file)).waitFor();
  }
  /** Clicks into an editor, the active one unless told, until it has the focus: what opens beside it may take it back. */
  async focusEditor(around: Locator = this.page.locator('.editor-group-container.active')): Promise<void> {
    const focused = around.locator('.monaco-editor.focused');
    await retry(5, async () => {
      await around.locator('.view-lines').click();
      await focused.waitFor({ timeout: 6_000 });
    });
  }
  /** Ctrl+S, and waits until the tab is no longer dirty. */
  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tabs-container .tab.active:not(.dirty)').first().waitFor();
  }
  /** The document inside the only webview. */
  get webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview').frameLocator('#active-frame');
  }

  /** Saves what the window shows, after its animations. */
  async screenshot(file: string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    // Toasts fade in over half a second, which no DOM state tells.
    await this.page.waitForTimeout(600);
    await this.page.screenshot({ path: file });
  }
}

/** For what VS Code loses while it is busy: tries again until it took it, and fails as the last try does. */
async function retry(tries: number, act: (attempt: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act(attempt);
    } catch (error) {
      if (attempt === tries) throw error;
    }
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
