/** Opens a dialog over the page for as long as its part of the page is there. */

/**
 * An attachment for a `dialog`; `focus` selects what has the focus at first, else the first thing that can. `onclosed` is
 * told when the reader closes it, not when its part of the page goes: a dialog that has come in its place would be closed
 * by that.
 */
export function modal(onclosed: () => void, focus?: string): (dialog: HTMLDialogElement) => () => void {
  return (dialog) => {
    dialog.addEventListener('close', onclosed);
    dialog.showModal();
    if (focus !== undefined) dialog.querySelector<HTMLElement>(focus)?.focus();
    return () => {
      dialog.removeEventListener('close', onclosed);
      dialog.close();
    };
  };
}
