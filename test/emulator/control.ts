import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expireTokens, newLoginToken, revokeTokens } from './auth.ts';
import { type BrandName, brands } from './brands.ts';
import { certificateKinds } from './certificates.ts';
import type { Context } from './context.ts';
import { parseFaultPlan } from './faultPlan.ts';
import type { Shape } from './shape.ts';
import { listTree } from './treeReport.ts';
import { expireUploadUrls } from './uploads.ts';

/** `answered` resolves when the answer to the control request is on its way. */
type Controller = (context: Context, body: Record<string, unknown>, answered: Promise<void>) => unknown;

/** What a test or a person may do to the emulator itself. None of it is counted, delayed or hit by faults. */
const controllers: Record<string, Controller> = {
  'GET tree': ({ account }) => listTree(account),
  'GET stats': ({ stats }) => stats.report(),
  'POST reset-stats': ({ stats, requestLog }) => {
    stats.reset();
    requestLog.clear();
  },
  'POST login-token': (context, { brand = 'jottacloud' }) => {
    if (!Object.hasOwn(brands, String(brand))) throw new Error(`brand is one of ${Object.keys(brands).join(', ')}`);
    return { loginToken: newLoginToken(context, context.origin, brand as BrandName) };
  },
  'POST revoke': (context, { all, access }) => revokeTokens(context, { all: all === true, access: access === true }),
  'POST expire': (context, { all }) => expireTokens(context, { all: all === true }),
  'POST shape': ({ shape }, body) => Object.assign(shape, parseShape(body)),
  'POST quota': (context, body) => {
    const { capacity = null, writeLocked = false } = body ?? {};
    context.account.capacity = typeof capacity === 'number' ? capacity : -1;
    context.account.writeLocked = writeLocked === true;
    context.changed();
  },
  'POST cut-events': ({ events }) => events.cut(),
  'POST send-event-text': ({ events }, { text: sent }) => events.sendRaw(String(sent)),
  'POST lock': (context, { write, read }) => {
    Object.assign(context.account, { writeLocked: write === true, readLocked: read === true });
    context.changed();
  },
  'POST expire-upload-urls': (context) => expireUploadUrls(context),
  'POST outage': ({ outage }, { ms }, answered) => {
    // Over HTTP nobody could end it.
    if (!Number.isSafeInteger(ms) || Number(ms) < 1) throw new Error('ms wants a whole number from 1');
    void answered.then(() => outage.begin(Number(ms)));
  },
  'POST certificate': async ({ certificate }, { kind }) => {
    if (!certificate) throw new Error('the emulator was started without TLS');
    const known = certificateKinds.find((one) => one === kind);
    if (!known) throw new Error(`kind is one of ${certificateKinds.join(', ')}`);
    await certificate.use(known);
  },
  'GET faults': ({ faults }) => faults.report(),
  'POST faults': ({ faults }, plan) => faults.replace(parseFaultPlan(plan)),
};

export async function handleControl(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = (request.url ?? '').slice('/_emulator/'.length).replace(/\?.*$/, '');
  const controller = controllers[`${request.method} ${name}`];
  if (!controller) return answer(response, 404, { error: `no such control: ${request.method} ${name}` });
  try {
    const sent = await text(request);
    const answered = new Promise<void>((resolve) => response.once('finish', resolve));
    const result = await controller(context, sent.trim() === '' ? {} : JSON.parse(sent), answered);
    answer(response, 200, result ?? { ok: true });
  } catch (error) {
    answer(response, 400, { error: String(error) });
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function parseShape({ latency, bandwidth }: Record<string, unknown>): Partial<Shape> {
  const shape: Partial<Shape> = {};
  if (latency !== undefined) shape.latency = Number(latency) || 0;
  if (bandwidth !== undefined) shape.bandwidth = Number(bandwidth) > 0 ? Number(bandwidth) : undefined;
  return shape;
}
