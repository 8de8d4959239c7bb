/** Why the server did not do what was asked, in words for the page. */
import { capitalised } from '../format';
import { isFrozen } from '../frozen/frozen';
import { ApiError } from './client';

export const READ_ONLY = isFrozen
  ? 'This page is a snapshot, with everything as it was when it was made. What it was made of can be changed where it is logged.'
  : 'This page may only read. To change runs, open it by the link that `paceline serve` printed at its start, or make a token by `paceline token create --scope admin` and add `?write_token=TOKEN` to the address.';

/** What the server would answer to a change by whoever may only read. */
export const MAY_ONLY_READ = new ApiError(403, 'forbidden', 'this page may only read', '');

/** Whether a token that permits to write would have helped. */
function isReadOnly(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

/** What was refused and what to do, with names in backticks. */
export function refusalText(error: unknown): string {
  if (isReadOnly(error)) return READ_ONLY;
  if (error instanceof ApiError) return `${capitalised(error.message)}.${error.hint === '' ? '' : ` ${capitalised(error.hint)}.`}`;
  return 'The server did not answer; nothing has changed. Try again in a moment.';
}
