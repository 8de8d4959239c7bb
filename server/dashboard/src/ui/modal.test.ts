/** A dialog tells of being closed by the reader only. */
import { describe, expect, it, vi } from 'vitest';
import { modal } from './modal';

/** As in a browser, `close` is told after the call that closes. */
class FakeDialog extends EventTarget {
  open = false;
  showModal(): void {
    this.open = true;
  }
  close(): void {
    if (!this.open) return;
    this.open = false;
    queueMicrotask(() => this.dispatchEvent(new Event('close')));
  }
}

describe('a modal dialog', () => {
  const show = () => {
    const dialog = new FakeDialog();
    const onclosed = vi.fn();
    return { dialog, onclosed, end: modal(onclosed)(dialog as unknown as HTMLDialogElement) };
  };

  it('tells when the reader closes it', async () => {
    const { dialog, onclosed } = show();
    dialog.close();
    await Promise.resolve();
    expect(onclosed).toHaveBeenCalledTimes(1);
  });

  it('tells nothing when its part of the page goes', async () => {
    const { dialog, onclosed, end } = show();
    end();
    await Promise.resolve();
    expect(dialog.open).toBe(false);
    expect(onclosed).not.toHaveBeenCalled();
  });
});
