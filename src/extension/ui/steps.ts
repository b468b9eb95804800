import * as vscode from 'vscode';
import { inert } from './inert.ts';

/** The person went one step back. */
export const back = Symbol('back');
export type Back = typeof back;

export interface StepFrame {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
  readonly canGoBack?: boolean;
}

export interface ChoiceItem<T> extends vscode.QuickPickItem {
  readonly value: T;
}

export interface ChoiceStep<T> extends StepFrame {
  readonly placeholder: string;
  readonly items: readonly ChoiceItem<T>[];
  /** Index of the row that Enter takes; the first one without it. */
  readonly active?: number;
  /** Makes a choice of what was typed, shown as the first row; undefined when the text is none. */
  fromText?(text: string): ChoiceItem<T> | undefined;
}

/** One question of a dialog. Resolves with the choice, `back`, or undefined when the dialog was left. */
export function askChoice<T>(options: ChoiceStep<T>): Promise<T | Back | undefined> {
  const pick = vscode.window.createQuickPick<ChoiceItem<T>>();
  applyFrame(pick, options);
  pick.placeholder = inert(options.placeholder);
  pick.matchOnDescription = true;
  pick.items = options.items;
  const active = options.items[options.active ?? 0];
  if (active !== undefined) pick.activeItems = [active];
  return new Promise((resolve) => {
    pick.onDidChangeValue((text) => {
      const typed = text.trim() === '' ? undefined : options.fromText?.(text.trim());
      pick.items = typed === undefined ? options.items : [{ ...typed, alwaysShow: true }, ...options.items];
    });
    pick.onDidTriggerButton(() => finish(back));
    pick.onDidAccept(() => pick.selectedItems[0] !== undefined && finish(pick.selectedItems[0].value));
    pick.onDidHide(() => finish(undefined));
    pick.show();
    function finish(result: T | Back | undefined): void {
      resolve(result);
      pick.dispose();
    }
  });
}

export function applyFrame(
  input: vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[] },
  frame: StepFrame,
) {
  input.title = inert(frame.title);
  input.step = frame.step;
  input.totalSteps = frame.totalSteps;
  input.ignoreFocusOut = true;
  input.buttons = frame.canGoBack ? [vscode.QuickInputButtons.Back] : [];
}
