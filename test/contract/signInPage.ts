import assert from 'node:assert/strict';

/** Where a link of the emulator's sign-in page sends the browser. */
export async function answerSignInPage(page: string, link: 'sign-in' | 'refuse'): Promise<string> {
  const answer = await fetch(page);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return (new RegExp(`id="${link}" href="([^"]*)"`).exec(text)?.[1] ?? '').replaceAll('&amp;', '&');
}
