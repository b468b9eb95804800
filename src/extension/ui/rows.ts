import type * as vscode from 'vscode';
import { inert, inertLines } from './inert.ts';

/**
 * A row of a tree as VS Code may show it, whatever names are in it. A Markdown tooltip has been escaped where it was made. A
 * screen reader says what the row shows, unless told otherwise: VS Code would have it say the tooltip instead.
 */
export function toInertRow(item: vscode.TreeItem): vscode.TreeItem {
  const { label, description, tooltip, accessibilityInformation: spoken } = item;
  if (typeof label === 'string') item.label = inert(label);
  if (typeof description === 'string') item.description = inert(description);
  if (typeof tooltip === 'string') item.tooltip = inertLines(tooltip);
  const shown = [label, description].filter((text) => typeof text === 'string' && text !== '').join(', ');
  item.accessibilityInformation = { ...spoken, label: inert(spoken?.label ?? shown) };
  return item;
}
