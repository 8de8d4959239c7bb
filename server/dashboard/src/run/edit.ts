/** Changes of a run by the reader. */
import { changeRun, type RunDetail, type RunEdit } from '../api/client';
import { refusalText } from '../api/refusal';

/** Changes a run; the answer is what is wrong, or null once `done` was told of the run as it is now. */
export async function change(project: string, run: string, edit: Partial<RunEdit>, done: (detail: RunDetail) => void): Promise<string | null> {
  try {
    done(await changeRun(project, run, edit));
    return null;
  } catch (reason) {
    return refusalText(reason);
  }
}
