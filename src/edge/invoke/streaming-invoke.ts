import { AwsError } from '../../model/index.ts';
import { EventStreamAnswer } from './event-stream-answer.ts';
import { type InvokeExchange, type InvokeNeeds, performInvoke } from './invoke-handler.ts';

/**
 * Runs an InvokeWithResponseStream and passes the function's answer on as it comes. Rejects like `performInvoke`, as long as
 * nothing was answered; after that a failure of the platform is told in the last event.
 */
export async function performStreamingInvoke(
  needs: InvokeNeeds,
  exchange: Omit<InvokeExchange, 'answer'>,
  stallMs: number,
): Promise<void> {
  const { response, call } = exchange;
  const answer = new EventStreamAnswer(response, { requestId: call.requestId, stallMs });
  try {
    await performInvoke(needs, { ...exchange, answer });
  } catch (error) {
    if (!answer.opened || !(error instanceof AwsError)) throw error;
    answer.fail(error.code, error.message);
  }
}
