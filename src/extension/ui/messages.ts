import * as vscode from 'vscode';
import { inert, inertLines } from './inert.ts';

// Everything that VS Code reads links in goes through here: messages, prompts, validation, progress. None of our own texts
// there has a link, so that the whole text may be made inert, whatever name or path it holds (`tools/rawTexts.ts` sees to it).

type Rest = string[] | [vscode.MessageOptions, ...string[]];

/** As vscode.window.showInformationMessage. */
export function showInformation(text: string, ...rest: Rest): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(inert(text), ...toOptions(rest));
}

/** As vscode.window.showWarningMessage. */
export function showWarning(text: string, ...rest: Rest): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(inert(text), ...toOptions(rest));
}

/** As vscode.window.showErrorMessage. */
export function showError(text: string, ...rest: Rest): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(inert(text), ...toOptions(rest));
}

/** Typed as the buttons alone, which VS Code tells from options by itself. */
function toOptions(rest: Rest): string[] {
  const [first, ...buttons] = rest;
  if (typeof first !== 'object' || first.detail === undefined) return rest as string[];
  return [{ ...first, detail: inertLines(first.detail) }, ...buttons] as unknown as string[];
}

interface TextQuestion extends vscode.InputBoxOptions {
  /** What is wrong with the text; undefined when nothing is. */
  readonly validateInput?: (text: string) => string | undefined;
}

/** As vscode.window.showInputBox. */
export function askText(question: TextQuestion): Thenable<string | undefined> {
  const { title, prompt, placeHolder, validateInput } = question;
  const validate = (text: string) => {
    const complaint = validateInput?.(text);
    return complaint === undefined ? undefined : inert(complaint);
  };
  return vscode.window.showInputBox({
    ...question,
    ...(title === undefined ? {} : { title: inert(title) }),
    ...(prompt === undefined ? {} : { prompt: inert(prompt) }),
    ...(placeHolder === undefined ? {} : { placeHolder: inert(placeHolder) }),
    ...(validateInput === undefined ? {} : { validateInput: validate }),
  });
}

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** As vscode.window.withProgress. */
export function withProgress<T>(
  options: vscode.ProgressOptions,
  task: (progress: Progress, token: vscode.CancellationToken) => Thenable<T>,
): Thenable<T> {
  const title = options.title === undefined ? {} : { title: inert(options.title) };
  return vscode.window.withProgress({ ...options, ...title }, (progress, token) => {
    const report: Progress['report'] = ({ message, ...rest }) =>
      progress.report(message === undefined ? rest : { ...rest, message: inert(message) });
    return task({ report }, token);
  });
}
