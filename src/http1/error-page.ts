/** What a client gets that the proxy answers itself: the page of the application (hooks.ts), or the proxy's own. */

import { type AnswerReason, answerMeaning } from "../exchange/answers.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { HookError } from "../exchange/hooks.ts";
import { checkAnswer } from "../exchange/own-answers.ts";
import { isThenable } from "../exchange/run-hooks.ts";
import { type AnswerContext, answerWith, errorAnswer } from "./answer-text.ts";

/** What an error's page is made of. */
export interface ErrorAsked {
  readonly reason: AnswerReason;
  readonly fault?: string | undefined;
  readonly method: string;
  readonly target: string;
  /** What the request offered to switch to; nothing: undefined. */
  readonly upgrade?: string | undefined;
}

/** The answer to a request that the proxy answers itself: the application's page, or the proxy's own. */
export function errorPage(context: ProxyContext, asked: ErrorAsked, answering: AnswerContext): string {
  const { reason, fault, upgrade } = asked;
  const { onError, onUpgradeError } = context.hooks;
  const isAsked = upgrade === undefined ? onError !== undefined : onUpgradeError !== undefined;
  if (!isAsked) return errorAnswer(reason, answering, fault);
  const { status, text, source, wasSent } = answerMeaning(reason);
  const error: HookError = {
    ...{
      reason,
      source,
      wasSent,
      status,
      text,
      fault,
      method: asked.method,
      target: asked.target,
      accept: answering.accept,
    },
  };
  try {
    const page: unknown = upgrade === undefined ? onError?.(error) : onUpgradeError?.({ ...error, upgrade });
    if (isThenable(page)) page.then(undefined, () => undefined);
    if (page !== undefined) return answerWith(checkAnswer(page, 400), reason, answering);
  } catch (fault) {
    context.observer.hookFailed(upgrade === undefined ? "onError" : "onUpgradeError", fault);
  }
  return errorAnswer(reason, answering, fault);
}
